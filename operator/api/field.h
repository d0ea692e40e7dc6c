// What one field of a custom resource is: its name, its bounds, what it means. Each type says it once, in describe();
// the reader, the writer and the schema of the CRD are visitors of that one description, so they can't disagree.
// Pure values without a thread or an owner.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace milena::api {

// What a text must look like. Each has a pattern for the schema and a check that says the same.
enum class Format : uint8_t { any, dns_label, dns_name, topic_name, version, quantity, time, minute_of_day };

std::string_view pattern_of(Format format);  // empty: anything
bool matches(Format format, std::string_view text);
std::string_view words_for(Format format);  // for people: "a Kubernetes quantity such as 10Gi"

// A rule that the API server checks, in CEL.
struct Rule {
    std::string cel;
    std::string message;
};

struct Field {
    const char* name;
    const char* doc;
    bool is_required = false;
    bool is_immutable = false;
    bool is_output = false;  // of a status: it has no default
    Format format = Format::any;
    std::optional<int64_t> min{};  // of a number
    std::optional<int64_t> max{};
    int64_t length_max = 253;  // of a text, also of those in a list or a map
    int64_t items_max = 16;    // of a list or a map
    int64_t items_min = 0;
    const char* key = nullptr;              // of a list whose entries have names: the field that is the name
    bool is_set = false;                    // a list of texts, each of them once
    std::vector<std::string_view> words{};  // the only ones allowed
    std::vector<Rule> rules{};
};

class Visitor;

// A list of structs, as a visitor sees it.
class List {
  public:
    virtual ~List() = default;
    virtual size_t size() const = 0;
    virtual void resize(size_t count) = 0;
    virtual void describe_item(size_t index, Visitor& visitor) = 0;
};

// A struct that may be absent.
class Part {
  public:
    virtual ~Part() = default;
    virtual bool is_present() const = 0;
    virtual void make_present() = 0;
    virtual void describe_it(Visitor& visitor) = 0;
};

// Texts, lists and maps that are empty are absent.
class Visitor {
  public:
    virtual ~Visitor() = default;

    virtual void rules(std::vector<Rule>) {}
    virtual void on_text(const Field& field, std::string& value) = 0;
    virtual void on_integer(const Field& field, std::optional<int64_t>& value) = 0;
    virtual void on_flag(const Field& field, std::optional<bool>& value) = 0;
    virtual void on_texts(const Field& field, std::vector<std::string>& value) = 0;
    virtual void on_map(const Field& field, std::map<std::string, std::string>& value) = 0;
    virtual void on_open(const Field& field, nlohmann::json& value, bool is_list) = 0;  // Kubernetes' own types
    virtual void on_part(const Field& field, Part& value) = 0;
    virtual void on_list(const Field& field, List& value) = 0;

    void operator()(const Field& field, std::string& value) { on_text(field, value); }
    void operator()(const Field& field, std::optional<int64_t>& value) { on_integer(field, value); }
    void operator()(const Field& field, std::optional<bool>& value) { on_flag(field, value); }
    void operator()(const Field& field, std::vector<std::string>& value) { on_texts(field, value); }
    void operator()(const Field& field, std::map<std::string, std::string>& value) { on_map(field, value); }
    void operator()(const Field& field, nlohmann::json& value, bool is_list) { on_open(field, value, is_list); }
    void operator()(const Field& field, int64_t& value) {
        std::optional<int64_t> held = value;
        on_integer(field, held);
        value = held.value_or(value);
    }
    void operator()(const Field& field, bool& value) {
        std::optional<bool> held = value;
        on_flag(field, held);
        value = held.value_or(value);
    }
    // An enum has words_of(E): the words of its values in order.
    template <class E>
        requires std::is_enum_v<E>
    void operator()(Field field, E& value) {
        const auto words = words_of(value);
        field.words.assign(words.begin(), words.end());
        std::string text(words[static_cast<size_t>(value)]);
        on_text(field, text);
        for (size_t i = 0; i < words.size(); ++i)
            if (words[i] == text) value = static_cast<E>(i);
    }
    template <class T>
        requires requires(Visitor& v, T& t) { describe(v, t); }
    void operator()(const Field& field, T& value) {
        struct Whole final : Part {
            explicit Whole(T& of) : it(of) {}
            bool is_present() const override { return true; }
            void make_present() override {}
            void describe_it(Visitor& visitor) override { describe(visitor, it); }
            T& it;
        } whole(value);
        on_part(field, whole);
    }
    template <class T>
        requires requires(Visitor& v, T& t) { describe(v, t); }
    void operator()(const Field& field, std::optional<T>& value) {
        struct Maybe final : Part {
            explicit Maybe(std::optional<T>& of) : it(of) {}
            bool is_present() const override { return it.has_value(); }
            void make_present() override { it.emplace(); }
            void describe_it(Visitor& visitor) override { describe(visitor, *it); }
            std::optional<T>& it;
        } maybe(value);
        on_part(field, maybe);
    }
    template <class T>
        requires requires(Visitor& v, T& t) { describe(v, t); }
    void operator()(const Field& field, std::vector<T>& value) {
        struct Several final : List {
            explicit Several(std::vector<T>& of) : it(of) {}
            size_t size() const override { return it.size(); }
            void resize(size_t count) override { it.resize(count); }
            void describe_item(size_t index, Visitor& visitor) override { describe(visitor, it[index]); }
            std::vector<T>& it;
        } several(value);
        on_list(field, several);
    }
};

}  // namespace milena::api
