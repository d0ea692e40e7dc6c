// Our own kinds ⇄ JSON, by their descriptions. Reading takes hostile input: whatever is refused is named by the path of
// its field. Fields that nobody describes are left alone, so that a newer resource can be read.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/field.h"
#include "base/result.h"

namespace milena::api {

struct FieldError {
    std::string path;  // spec.brokers.replicas
    std::string reason;

    std::string text() const { return path + ": " + reason; }
    bool operator==(const FieldError&) const = default;
};
using FieldErrors = std::vector<FieldError>;

// `path` is where `from` stands; `part` is filled as far as it can be.
FieldErrors read(const nlohmann::json& from, const std::string& path, Part& part);
nlohmann::json write(Part& part);

template <class T>
struct PartOf final : Part {
    explicit PartOf(T& of) : it(of) {}
    bool is_present() const override { return true; }
    void make_present() override {}
    void describe_it(Visitor& visitor) override { describe(visitor, it); }
    T& it;
};

template <class T>
Result<T, FieldErrors> read_as(const nlohmann::json& from, const std::string& path) {
    T value;
    PartOf<T> part(value);
    FieldErrors errors = read(from, path, part);
    if (!errors.empty()) return unexpected(std::move(errors));
    return value;
}

template <class T>
nlohmann::json written(T value) {
    PartOf<T> part(value);
    return write(part);
}

// All errors in one sentence for a condition.
std::string text_of(const FieldErrors& errors);

}  // namespace milena::api
