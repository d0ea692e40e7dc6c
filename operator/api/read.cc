#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/json.h"

namespace milena::api {

namespace {

using Json = nlohmann::json;

class Reader final : public Visitor {
  public:
    Reader(const Json& from, std::string path, FieldErrors& errors)
        : from_(from), path_(std::move(path)), errors_(errors) {}

    void on_text(const Field& field, std::string& value) override {
        if (const Json* found = member(field)) read_text(field, *found, path_of(field), value);
    }

    void on_integer(const Field& field, std::optional<int64_t>& value) override {
        const Json* found = member(field);
        if (found == nullptr) return;
        const bool fits = found->is_number_integer() &&
                          (!found->is_number_unsigned() || found->get<uint64_t>() <= uint64_t{INT64_MAX});
        if (!fits) return refuse(path_of(field), "must be a whole number");
        const int64_t number = found->get<int64_t>();
        if (field.min && number < *field.min) return refuse(path_of(field), "must be at least " + text(*field.min));
        if (field.max && number > *field.max) return refuse(path_of(field), "must be at most " + text(*field.max));
        value = number;
    }

    void on_flag(const Field& field, std::optional<bool>& value) override {
        const Json* found = member(field);
        if (found == nullptr) return;
        if (!found->is_boolean()) return refuse(path_of(field), "must be true or false");
        value = found->get<bool>();
    }

    void on_texts(const Field& field, std::vector<std::string>& value) override {
        const Json* found = list(field);
        if (found == nullptr) return;
        for (size_t i = 0; i < found->size(); ++i) {
            std::string entry;
            const std::string at = path_of(field) + "[" + std::to_string(i) + "]";
            read_text(field, (*found)[i], at, entry);
            if (field.is_set && std::ranges::find(value, entry) != value.end()) refuse(at, "is there twice");
            value.push_back(std::move(entry));
        }
    }

    void on_map(const Field& field, std::map<std::string, std::string>& value) override {
        const Json* found = member(field);
        if (found == nullptr) return;
        if (!found->is_object()) return refuse(path_of(field), "must be an object");
        if (found->size() > static_cast<size_t>(field.items_max))
            return refuse(path_of(field), "has more than " + text(field.items_max) + " entries");
        for (const auto& [key, item] : found->items()) {
            if (key.empty() || key.size() > 253) {
                refuse(path_of(field), "its names have 1 to 253 characters");
                continue;
            }
            std::string entry;
            read_text(field, item, path_of(field) + "." + key, entry);
            value.emplace(key, std::move(entry));
        }
    }

    void on_open(const Field& field, Json& value, bool is_list) override {
        const Json* found = is_list ? list(field) : member(field);
        if (found == nullptr) return;
        if (!is_list && !found->is_object()) return refuse(path_of(field), "must be an object");
        value = *found;
    }

    void on_part(const Field& field, Part& value) override {
        const Json* found = member(field);
        if (found == nullptr) return;
        value.make_present();
        for (FieldError& error : read(*found, path_of(field), value)) errors_.push_back(std::move(error));
    }

    void on_list(const Field& field, List& value) override {
        const Json* found = list(field);
        if (found == nullptr) return;
        value.resize(found->size());
        std::vector<Json> keys;
        for (size_t i = 0; i < found->size(); ++i) {
            const std::string at = path_of(field) + "[" + std::to_string(i) + "]";
            if (!(*found)[i].is_object()) {
                refuse(at, "must be an object");
                continue;
            }
            Reader reader((*found)[i], at, errors_);
            value.describe_item(i, reader);
            if (field.key == nullptr) continue;
            const auto key = (*found)[i].find(field.key);
            if (key == (*found)[i].end()) continue;
            if (std::ranges::find(keys, *key) != keys.end()) refuse(at + "." + field.key, "another entry has it, too");
            keys.push_back(*key);
        }
    }

  private:
    static std::string text(int64_t number) { return std::to_string(number); }
    std::string path_of(const Field& field) const { return path_ + "." + field.name; }
    void refuse(std::string path, std::string reason) { errors_.push_back({std::move(path), std::move(reason)}); }

    // The value of the field; nullptr: there is none, which may be refused. null counts as absent.
    const Json* member(const Field& field) {
        const auto found = from_.find(field.name);
        if (found != from_.end() && !found->is_null()) return &*found;
        if (field.is_required) refuse(path_of(field), "must be given");
        return nullptr;
    }

    const Json* list(const Field& field) {
        const Json* found = member(field);
        if (found == nullptr) return nullptr;
        const auto count = static_cast<int64_t>(found->size());
        if (!found->is_array()) {
            refuse(path_of(field), "must be a list");
        } else if (count > field.items_max) {
            refuse(path_of(field), "has more than " + text(field.items_max) + " entries");
        } else if (count < field.items_min) {
            refuse(path_of(field), "needs at least " + text(field.items_min) + " entries");
        } else {
            return found;
        }
        return nullptr;
    }

    void read_text(const Field& field, const Json& found, const std::string& path, std::string& value) {
        std::string read;
        if (found.is_string()) {
            read = found.get<std::string>();
        } else if (field.format == Format::quantity && found.is_number()) {
            read = found.dump();
        } else {
            return refuse(path, "must be a text");
        }
        if (static_cast<int64_t>(read.size()) > field.length_max)
            return refuse(path, "has more than " + text(field.length_max) + " characters");
        if (read.empty() && field.is_required && field.items_min == 0) return refuse(path, "must not be empty");
        if (!field.words.empty() && std::ranges::find(field.words, read) == field.words.end()) {
            std::string words;
            for (const std::string_view word : field.words) words += (words.empty() ? "" : ", ") + std::string(word);
            return refuse(path, "must be one of " + words);
        }
        if (!read.empty() && !matches(field.format, read))
            return refuse(path, "must be " + std::string(words_for(field.format)));
        value = std::move(read);
    }

    const Json& from_;
    const std::string path_;
    FieldErrors& errors_;
};

}  // namespace

FieldErrors read(const Json& from, const std::string& path, Part& part) {
    FieldErrors errors;
    if (!from.is_object()) return {{path, "must be an object"}};
    Reader reader(from, path, errors);
    part.describe_it(reader);
    return errors;
}

std::string text_of(const FieldErrors& errors) {
    std::string text;
    for (const FieldError& error : errors) text += (text.empty() ? "" : "; ") + error.text();
    return text;
}

}  // namespace milena::api
