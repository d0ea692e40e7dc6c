#include "kube/store.h"

#include <nlohmann/json.hpp>

namespace milena::kube {

using nlohmann::json;

struct Store::Entry {
    std::string uid;
    std::string resource_version;
    std::vector<uint8_t> cbor;
    std::vector<std::pair<std::string, std::string>> values;  // (index, value)

    json decoded() const { return json::from_cbor(cbor, true, false); }
};

Store::Store(std::map<std::string, Index> indices) : indices_(std::move(indices)) {}
Store::~Store() = default;

std::optional<json> Store::find(const ObjectKey& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return found->second.decoded();
}

std::vector<json> Store::find_by(const std::string& index, const std::string& value) const {
    const std::lock_guard lock(mutex_);
    std::vector<json> objects;
    const auto found = by_value_.find({index, value});
    if (found == by_value_.end()) return objects;
    for (const ObjectKey& key : found->second) objects.push_back(entries_.at(key).decoded());
    return objects;
}

std::vector<ObjectKey> Store::keys() const {
    const std::lock_guard lock(mutex_);
    std::vector<ObjectKey> keys;
    for (const auto& [key, entry] : entries_) keys.push_back(key);
    return keys;
}

std::vector<ObjectKey> Store::keys_by(const std::string& index, const std::string& value) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_value_.find({index, value});
    if (found == by_value_.end()) return {};
    return {found->second.begin(), found->second.end()};
}

std::map<std::string, size_t> Store::counts_by(const std::string& index) const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, size_t> counts;
    for (auto at = by_value_.lower_bound({index, ""}); at != by_value_.end() && at->first.first == index; ++at)
        counts[at->first.second] = at->second.size();
    return counts;
}

size_t Store::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

size_t Store::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

std::string Store::resource_version() const {
    const std::lock_guard lock(mutex_);
    return resource_version_;
}

void Store::stage(const json& object) { staged_.insert_or_assign(key_of(object), entry_of(object)); }

void Store::discard_staged() { staged_.clear(); }

void Store::swap_staged(const std::string& resource_version) {
    std::vector<ObjectKey> put;
    std::vector<std::pair<ObjectKey, Entry>> removed;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, entry] : staged_) {
            const auto old = entries_.find(key);
            const bool is_same = old != entries_.end() && old->second.uid == entry.uid &&
                                 old->second.resource_version == entry.resource_version;
            if (!is_same) put.push_back(key);
        }
        for (auto& [key, entry] : entries_)
            if (!staged_.contains(key)) removed.emplace_back(key, std::move(entry));
        entries_ = std::exchange(staged_, {});
        by_value_.clear();
        bytes_ = 0;
        for (const auto& [key, entry] : entries_) index(key, entry);
        resource_version_ = resource_version;
    }
    for (const auto& [key, entry] : removed) tell({Change::Kind::removed, key, entry.decoded()});
    for (const ObjectKey& key : put)
        if (const auto object = find(key)) tell({Change::Kind::put, key, *object});
}

void Store::put(const json& object) {
    const ObjectKey key = key_of(object);
    Entry entry = entry_of(object);
    {
        const std::lock_guard lock(mutex_);
        const auto old = entries_.find(key);
        if (old != entries_.end()) {
            const bool is_late = old->second.resource_version == entry.resource_version ||
                                 is_older(entry.resource_version, old->second.resource_version);
            if (is_late) return;
            unindex(key, old->second);
        } else if (is_older(entry.resource_version, resource_version_)) {
            return;  // it is removed by now
        }
        index(key, entry);
        if (is_older(resource_version_, entry.resource_version)) resource_version_ = entry.resource_version;
        entries_.insert_or_assign(key, std::move(entry));
    }
    tell({Change::Kind::put, key, object});
}

void Store::remove(const json& object) {
    const ObjectKey key = key_of(object);
    const std::string resource_version = resource_version_of(object);
    {
        const std::lock_guard lock(mutex_);
        if (is_older(resource_version_, resource_version)) resource_version_ = resource_version;
        const auto old = entries_.find(key);
        // One of the same name that came after it stays.
        if (old == entries_.end() || is_older(resource_version, old->second.resource_version)) return;
        unindex(key, old->second);
        entries_.erase(old);
    }
    tell({Change::Kind::removed, key, object});
}

void Store::observe(const std::string& resource_version) {
    const std::lock_guard lock(mutex_);
    if (is_older(resource_version_, resource_version)) resource_version_ = resource_version;
}

Store::Entry Store::entry_of(const json& object) const {
    Entry entry{uid_of(object), resource_version_of(object), json::to_cbor(object), {}};
    entry.cbor.shrink_to_fit();
    for (const auto& [name, values] : indices_)
        for (std::string& value : values(object)) entry.values.emplace_back(name, std::move(value));
    return entry;
}

void Store::index(const ObjectKey& key, const Entry& entry) {
    for (const auto& value : entry.values) by_value_[value].insert(key);
    bytes_ += entry.cbor.size();
}

void Store::unindex(const ObjectKey& key, const Entry& entry) {
    bytes_ -= entry.cbor.size();
    for (const auto& value : entry.values) {
        const auto found = by_value_.find(value);
        found->second.erase(key);
        if (found->second.empty()) by_value_.erase(found);
    }
}

void Store::tell(const Change& change) const {
    for (const Listener& listener : listeners_) listener(change);
}

}  // namespace milena::kube
