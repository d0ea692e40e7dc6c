// What a reflector has seen of one kind: each object as CBOR, decoded when it is asked for, since 10,000 of them lie
// here and one is looked at. Readers on any thread see a state that was true at one resource version; one writer.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "kube/object.h"

namespace milena::kube {

struct Change {
    enum class Kind : uint8_t { put, removed };
    Kind kind;
    ObjectKey key;
    const nlohmann::json& object;  // as it is; or as it was
};

class Store {
  public:
    // The values under which an object is found: an index's name → what of the object.
    using Index = std::function<std::vector<std::string>(const nlohmann::json&)>;
    using Listener = std::function<void(const Change&)>;

    explicit Store(std::map<std::string, Index> indices = {});
    ~Store();

    // Told on the writer's thread, after the change can be seen. Before the first change.
    void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

    std::optional<nlohmann::json> find(const ObjectKey& key) const;
    std::vector<nlohmann::json> find_by(const std::string& index, const std::string& value) const;
    std::vector<ObjectKey> keys() const;
    std::vector<ObjectKey> keys_by(const std::string& index, const std::string& value) const;
    // How many objects have each value of an index.
    std::map<std::string, size_t> counts_by(const std::string& index) const;
    size_t size() const;
    size_t bytes() const;  // of CBOR
    // Everything up to it has been seen; empty: nothing was listed yet.
    std::string resource_version() const;
    bool is_synced() const { return !resource_version().empty(); }

    // A list page by page, and then in place of all that was: readers see the old state until then, and listeners are
    // told of differences only.
    void stage(const nlohmann::json& object);
    void discard_staged();
    void swap_staged(const std::string& resource_version);

    // One event. What is older than what is there was delivered late, or twice, and changes nothing.
    void put(const nlohmann::json& object);
    void remove(const nlohmann::json& object);
    void observe(const std::string& resource_version);

  private:
    struct Entry;
    using Entries = std::map<ObjectKey, Entry>;

    Entry entry_of(const nlohmann::json& object) const;
    void index(const ObjectKey& key, const Entry& entry);
    void unindex(const ObjectKey& key, const Entry& entry);
    void tell(const Change& change) const;

    const std::map<std::string, Index> indices_;
    std::vector<Listener> listeners_;
    mutable std::mutex mutex_;
    Entries entries_;
    Entries staged_;                                                               // of the writer alone
    std::map<std::pair<std::string, std::string>, std::set<ObjectKey>> by_value_;  // (index, value)
    std::string resource_version_;
    size_t bytes_ = 0;
};

}  // namespace milena::kube
