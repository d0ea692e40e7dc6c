#include "api/schema.h"

#include <nlohmann/json.hpp>

namespace milena::api {

namespace {

using Json = nlohmann::json;

Json rule_json(const Rule& rule) { return {{"rule", rule.cel}, {"message", rule.message}}; }

class SchemaBuilder final : public Visitor {
  public:
    explicit SchemaBuilder(Json& to) : to_(to) {
        to_["type"] = "object";
        to_["properties"] = Json::object();
    }

    void rules(std::vector<Rule> rules) override {
        for (const Rule& rule : rules) to_["x-kubernetes-validations"].push_back(rule_json(rule));
    }

    void on_text(const Field& field, std::string& value) override {
        Json& schema = add(field);
        schema.update(text_schema(field));
        if (field.is_required && field.words.empty() && field.format != Format::time) schema["minLength"] = 1;
        if (!value.empty() && !field.is_required) schema["default"] = value;
    }

    void on_integer(const Field& field, std::optional<int64_t>& value) override {
        Json& schema = add(field);
        schema["type"] = "integer";
        schema["format"] = "int64";
        if (field.min) schema["minimum"] = *field.min;
        if (field.max) schema["maximum"] = *field.max;
        if (value && !field.is_required && !field.is_output) schema["default"] = *value;
    }

    void on_flag(const Field& field, std::optional<bool>& value) override {
        Json& schema = add(field);
        schema["type"] = "boolean";
        if (value && !field.is_output) schema["default"] = *value;
    }

    void on_texts(const Field& field, std::vector<std::string>&) override {
        Json& schema = add_list(field);
        schema["items"] = text_schema(field);
        schema["x-kubernetes-list-type"] = field.is_set ? "set" : "atomic";
    }

    void on_map(const Field& field, std::map<std::string, std::string>&) override {
        Json& schema = add(field);
        schema["type"] = "object";
        // Whoever takes its last key away by server-side apply leaves null behind.
        schema["nullable"] = true;
        schema["maxProperties"] = field.items_max;
        if (field.format == Format::quantity) {
            schema["additionalProperties"] = {{"anyOf", {{{"type", "integer"}}, {{"type", "string"}}}},
                                              {"x-kubernetes-int-or-string", true},
                                              {"pattern", pattern_of(field.format)},
                                              {"maxLength", field.length_max}};
        } else {
            schema["additionalProperties"] = text_schema(field);
        }
    }

    void on_open(const Field& field, Json&, bool is_list) override {
        Json& schema = is_list ? add_list(field) : add(field);
        const Json open{{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
        if (is_list) {
            schema["items"] = open;
            schema["x-kubernetes-list-type"] = "atomic";
        } else {
            schema.update(open);
        }
    }

    void on_part(const Field& field, Part& value) override {
        value.make_present();
        Json schema = schema_of(value);
        Json& added = add(field);
        for (Json& rule : added["x-kubernetes-validations"]) schema["x-kubernetes-validations"].push_back(rule);
        added.erase("x-kubernetes-validations");
        added.update(schema);
    }

    void on_list(const Field& field, List& value) override {
        struct Item final : Part {
            explicit Item(List& of) : list(of) {}
            bool is_present() const override { return true; }
            void make_present() override {}
            void describe_it(Visitor& visitor) override { list.describe_item(0, visitor); }
            List& list;
        } item(value);
        value.resize(1);
        Json& schema = add_list(field);
        schema["items"] = schema_of(item);
        schema["x-kubernetes-list-type"] = field.key == nullptr ? "atomic" : "map";
        if (field.key != nullptr) schema["x-kubernetes-list-map-keys"] = {field.key};
    }

  private:
    Json& add(const Field& field) {
        if (field.is_required) to_["required"].push_back(field.name);
        Json& schema = to_["properties"][field.name];
        schema["description"] = field.doc;
        for (const Rule& rule : field.rules) schema["x-kubernetes-validations"].push_back(rule_json(rule));
        if (field.is_immutable)
            schema["x-kubernetes-validations"].push_back(
                rule_json({"self == oldSelf", std::string(field.name) + " cannot be changed"}));
        return schema;
    }

    Json& add_list(const Field& field) {
        Json& schema = add(field);
        schema["type"] = "array";
        schema["maxItems"] = field.items_max;
        if (field.items_min > 0) schema["minItems"] = field.items_min;
        return schema;
    }

    static Json text_schema(const Field& field) {
        Json schema{{"type", "string"}};
        if (field.format == Format::time) {
            schema["format"] = "date-time";
        } else if (field.words.empty()) {
            schema["maxLength"] = field.length_max;
            if (field.format != Format::any) schema["pattern"] = pattern_of(field.format);
        } else {
            schema["enum"] = field.words;
        }
        return schema;
    }

    Json& to_;
};

}  // namespace

Json schema_of(Part& part) {
    Json schema = Json::object();
    SchemaBuilder builder(schema);
    part.describe_it(builder);
    return schema;
}

}  // namespace milena::api
