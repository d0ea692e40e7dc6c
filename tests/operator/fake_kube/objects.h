// What an API server keeps and how it changes it: resource versions, generations, uids, server-side apply,
// preconditions, finalizers, the status subresource, and the garbage collector, which here has always just run. Pure;
// one thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace milena::fake {

using nlohmann::json;

// Where an object is: "apis/apps/v1/statefulsets", its namespace, its name.
struct Place {
    std::string resource;
    std::string space;
    std::string name;
    std::string subresource{};

    auto operator<=>(const Place&) const = default;
    Place main() const { return {resource, space, name}; }
};

struct Answer {
    int status = 200;
    json body;
};

struct Happened {
    uint64_t version;
    std::string type;  // ADDED, MODIFIED, DELETED
    Place place;
    json object;
};

Answer failure(int status, const std::string& reason, const std::string& message);

class Objects {
  public:
    Answer read(const Place& place) const;
    Answer create(const Place& place, json object);
    Answer apply(const Place& place, const json& object, const std::string& manager);
    Answer replace(const Place& place, const json& object);
    Answer merge_patch(const Place& place, const json& patch);
    Answer remove(const Place& place, const json& options);

    std::vector<json> list(const std::string& resource, const std::string& space, const std::string& selector) const;
    const std::vector<Happened>& history() const { return history_; }
    uint64_t version() const { return version_; }
    // History up to now is forgotten: who watches from before is told that it is gone.
    void compact() { oldest_ = version_; }
    uint64_t oldest() const { return oldest_; }
    void skip_versions(uint64_t count) { version_ += count; }
    // As if another store had taken this one's place, which lags behind.
    void turn_back(uint64_t count) { version_ -= count; }

    static bool matches(const json& object, const std::string& selector);

  private:
    Answer store(const Place& place, const json& before, json after);
    void erase(const Place& place, const std::string& propagation);
    void collect(const std::string& owner_uid);
    json* find(const Place& place);

    std::map<Place, json> objects_;
    std::map<std::pair<Place, std::string>, json> applied_;  // what a manager has said last
    std::vector<Happened> history_;
    uint64_t version_ = 100;
    uint64_t oldest_ = 0;
    uint64_t uids_ = 0;
};

}  // namespace milena::fake
