#include <nlohmann/json.hpp>

#include "api/json.h"

namespace milena::api {

namespace {

using Json = nlohmann::json;

class Writer final : public Visitor {
  public:
    explicit Writer(Json& to) : to_(to) {}

    void on_text(const Field& field, std::string& value) override {
        if (!value.empty()) to_[field.name] = value;
    }
    void on_integer(const Field& field, std::optional<int64_t>& value) override {
        if (value) to_[field.name] = *value;
    }
    void on_flag(const Field& field, std::optional<bool>& value) override {
        if (value) to_[field.name] = *value;
    }
    void on_texts(const Field& field, std::vector<std::string>& value) override {
        if (!value.empty()) to_[field.name] = value;
    }
    void on_map(const Field& field, std::map<std::string, std::string>& value) override {
        if (!value.empty()) to_[field.name] = value;
    }
    void on_open(const Field& field, Json& value, bool) override {
        if (!value.is_null()) to_[field.name] = value;
    }
    void on_part(const Field& field, Part& value) override {
        if (value.is_present()) to_[field.name] = write(value);
    }
    void on_list(const Field& field, List& value) override {
        if (value.size() == 0) return;
        Json& items = to_[field.name] = Json::array();
        for (size_t i = 0; i < value.size(); ++i) {
            Json& item = items.emplace_back(Json::object());
            Writer writer(item);
            value.describe_item(i, writer);
        }
    }

  private:
    Json& to_;
};

}  // namespace

Json write(Part& part) {
    Json to = Json::object();
    Writer writer(to);
    part.describe_it(writer);
    return to;
}

}  // namespace milena::api
