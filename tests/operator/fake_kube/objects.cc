#include "operator/fake_kube/objects.h"

#include <algorithm>

namespace milena::fake {
namespace {

// Lists whose entries have an identity, and what it is; all others are replaced as a whole.
const std::map<std::string, std::vector<std::string>> list_keys = {
    {"containers", {"name"}}, {"initContainers", {"name"}},    {"env", {"name"}},
    {"volumes", {"name"}},    {"volumeMounts", {"mountPath"}}, {"ports", {"containerPort", "port"}},
    {"conditions", {"type"}}, {"ownerReferences", {"uid"}},
};

std::string identity(const json& entry, const std::vector<std::string>& keys) {
    for (const std::string& key : keys)
        if (entry.is_object() && entry.contains(key)) return key + "=" + entry[key].dump();
    return entry.dump();
}

json* entry_of(json& list, const std::string& wanted, const std::vector<std::string>& keys) {
    for (json& entry : list)
        if (identity(entry, keys) == wanted) return &entry;
    return nullptr;
}

void merge(json& into, const json& from) {
    for (const auto& [key, value] : from.items()) {
        const auto keys = list_keys.find(key);
        if (value.is_object() && into.contains(key) && into[key].is_object()) {
            merge(into[key], value);
        } else if (value.is_array() && keys != list_keys.end() && into.contains(key) && into[key].is_array()) {
            for (const json& entry : value) {
                if (json* own = entry_of(into[key], identity(entry, keys->second), keys->second))
                    merge(*own, entry);
                else
                    into[key].push_back(entry);
            }
        } else if (key == "finalizers" && into.contains(key)) {
            for (const json& entry : value)
                if (std::find(into[key].begin(), into[key].end(), entry) == into[key].end()) into[key].push_back(entry);
        } else {
            into[key] = value;
        }
    }
}

// What the manager said before and doesn't say any more goes.
void drop(json& from, const json& before, const json& now) {
    for (const auto& [key, value] : before.items()) {
        if (!from.contains(key)) continue;
        const auto keys = list_keys.find(key);
        if (!now.contains(key)) {
            from.erase(key);
        } else if (value.is_object() && now[key].is_object() && from[key].is_object()) {
            drop(from[key], value, now[key]);
        } else if (value.is_array() && from[key].is_array() && (keys != list_keys.end() || key == "finalizers")) {
            const std::vector<std::string> none;
            const auto& names = keys == list_keys.end() ? none : keys->second;
            json kept = json::array();
            for (json& entry : from[key]) {
                const std::string own = identity(entry, names);
                json said = now[key];
                json old = value;
                json* was = entry_of(old, own, names);
                json* is = entry_of(said, own, names);
                if (was != nullptr && is == nullptr) continue;
                if (was != nullptr && is->is_object()) drop(entry, *was, *is);
                kept.push_back(entry);
            }
            from[key] = std::move(kept);
        }
    }
}

json without(json object, std::initializer_list<const char*> keys) {
    for (const char* key : keys) object.erase(key);
    return object;
}

bool is_ending(const json& object) { return object["metadata"].contains("deletionTimestamp"); }

// As Kubernetes validates an update by way of events.k8s.io/v1: only the note and the series may change. The message of
// a refusal; empty: it may be.
std::string wrong_in_event(const json& before, const json& after) {
    for (const char* key :
         {"eventTime", "reportingController", "reportingInstance", "action", "reason", "regarding", "related", "type"})
        if (before.value(key, json()) != after.value(key, json())) return std::string(key) + ": field is immutable";
    const json series = after.value("series", json::object());
    return series.empty() || series.value("count", 0) >= 2 ? "" : "series.count: should be at least 2";
}

bool has_finalizers(const json& object) {
    const auto finalizers = object["metadata"].find("finalizers");
    return finalizers != object["metadata"].end() && !finalizers->empty();
}

}  // namespace

Answer failure(int status, const std::string& reason, const std::string& message) {
    return {status,
            {{"kind", "Status"},
             {"apiVersion", "v1"},
             {"status", "Failure"},
             {"reason", reason},
             {"message", message},
             {"code", status}}};
}

json* Objects::find(const Place& place) {
    const auto found = objects_.find(place.main());
    return found == objects_.end() ? nullptr : &found->second;
}

Answer Objects::read(const Place& place) const {
    const auto found = objects_.find(place.main());
    if (found == objects_.end()) return failure(404, "NotFound", place.name + " not found");
    return {200, found->second};
}

Answer Objects::create(const Place& place, json object) {
    Place at = place;
    at.name = object["metadata"].value("name", "");
    if (find(at) != nullptr) return failure(409, "AlreadyExists", at.name + " already exists");
    auto& metadata = object["metadata"];
    if (!at.space.empty()) metadata["namespace"] = at.space;
    metadata["uid"] = "uid-" + std::to_string(++uids_);
    metadata["generation"] = 1;
    metadata.emplace("creationTimestamp", "2026-11-30T00:00:00Z");  // but for a test that says when
    metadata["resourceVersion"] = std::to_string(++version_);
    history_.push_back({version_, "ADDED", at, object});
    objects_[at] = object;
    return {201, object};
}

// Everything that changes an object comes by here: `after` was made of `before`.
Answer Objects::store(const Place& place, const json& before, json after) {
    for (const char* fixed : {"uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp"})
        if (before["metadata"].contains(fixed))
            after["metadata"][fixed] = before["metadata"][fixed];
        else
            after["metadata"].erase(fixed);
    if (place.subresource == "status") {
        json only_status = before;
        if (after.contains("status"))
            only_status["status"] = after["status"];
        else
            only_status.erase("status");
        after = std::move(only_status);
    } else if (before.contains("status")) {
        after["status"] = before["status"];
    } else {
        after.erase("status");
    }
    if (after == before) return {200, before};
    if (place.resource.ends_with("/events"))
        if (const std::string wrong = wrong_in_event(before, after); !wrong.empty())
            return failure(422, "Invalid", wrong);
    if (without(after, {"metadata", "status"}) != without(before, {"metadata", "status"}))
        after["metadata"]["generation"] = before["metadata"].value("generation", 0) + 1;
    if (is_ending(after) && !has_finalizers(after)) {
        objects_[place.main()] = after;
        erase(place.main(), "Background");
        return {200, after};
    }
    after["metadata"]["resourceVersion"] = std::to_string(++version_);
    objects_[place.main()] = after;
    history_.push_back({version_, "MODIFIED", place.main(), after});
    return {200, after};
}

Answer Objects::apply(const Place& place, const json& object, const std::string& manager) {
    const auto key = std::pair(place.main(), manager + "/" + place.subresource);
    json* own = find(place);
    const std::string uid = object["metadata"].value("uid", "");
    if (own == nullptr) {
        if (!uid.empty()) return failure(409, "Conflict", "Precondition failed: UID");
        if (!place.subresource.empty()) return failure(404, "NotFound", place.name + " not found");
        Answer made = create(place, without(object, {"status"}));
        if (made.status == 201) applied_[key] = object;
        return made;
    }
    const json before = *own;
    if (!uid.empty() && uid != before["metadata"].value("uid", ""))
        return failure(409, "Conflict", "Precondition failed: UID");
    json after = before;
    if (const auto said = applied_.find(key); said != applied_.end()) drop(after, said->second, object);
    merge(after, object);
    Answer stored = store(place, before, std::move(after));
    if (stored.status == 200) applied_[key] = object;
    return stored;
}

Answer Objects::replace(const Place& place, const json& object) {
    json* own = find(place);
    if (own == nullptr) return failure(404, "NotFound", place.name + " not found");
    const std::string version = object["metadata"].value("resourceVersion", "");
    if (!version.empty() && version != (*own)["metadata"].value("resourceVersion", ""))
        return failure(409, "Conflict", "the object has been modified");
    return store(place, json(*own), object);
}

Answer Objects::merge_patch(const Place& place, const json& patch) {
    json* own = find(place);
    if (own == nullptr) return failure(404, "NotFound", place.name + " not found");
    const json metadata = patch.value("metadata", json::object());
    const std::string version = metadata.value("resourceVersion", "");
    if (metadata.contains("uid") && metadata["uid"] != (*own)["metadata"]["uid"])
        return failure(409, "Conflict", "Precondition failed: UID");
    if (!version.empty() && version != (*own)["metadata"].value("resourceVersion", ""))
        return failure(409, "Conflict", "the object has been modified");
    const json before = *own;
    json after = before;
    after.merge_patch(patch);
    return store(place.subresource == "scale" ? place.main() : place, before, std::move(after));
}

Answer Objects::remove(const Place& place, const json& options) {
    json* own = find(place);
    if (own == nullptr) return failure(404, "NotFound", place.name + " not found");
    const json wanted = options.value("preconditions", json::object());
    for (const char* key : {"uid", "resourceVersion"})
        if (wanted.contains(key) && wanted[key] != (*own)["metadata"][key])
            return failure(409, "Conflict", std::string("Precondition failed: ") + key);
    if (has_finalizers(*own)) {
        if (!is_ending(*own)) {
            (*own)["metadata"]["deletionTimestamp"] = "2026-11-30T00:00:00Z";
            (*own)["metadata"]["resourceVersion"] = std::to_string(++version_);
            history_.push_back({version_, "MODIFIED", place.main(), *own});
        }
        return {200, *own};
    }
    const json last = *own;
    erase(place.main(), options.value("propagationPolicy", "Background"));
    return {200, last};
}

void Objects::erase(const Place& place, const std::string& propagation) {
    json last = objects_.at(place);
    objects_.erase(place);
    std::erase_if(applied_, [&](const auto& entry) { return entry.first.first == place; });
    last["metadata"]["resourceVersion"] = std::to_string(++version_);
    history_.push_back({version_, "DELETED", place, last});
    const std::string uid = last["metadata"]["uid"];
    if (propagation != "Orphan") return collect(uid);
    for (auto& [at, object] : objects_) {
        auto& metadata = object["metadata"];
        if (!metadata.contains("ownerReferences")) continue;
        json kept = json::array();
        for (const json& owner : metadata["ownerReferences"])
            if (owner["uid"] != uid) kept.push_back(owner);
        if (kept.size() == metadata["ownerReferences"].size()) continue;
        metadata["ownerReferences"] = kept;
        metadata["resourceVersion"] = std::to_string(++version_);
        history_.push_back({version_, "MODIFIED", at, object});
    }
}

// Whoever has no other owner goes as well.
void Objects::collect(const std::string& owner_uid) {
    std::set<std::string> alive;
    for (const auto& [at, object] : objects_) alive.insert(object["metadata"]["uid"].get<std::string>());
    std::vector<Place> orphans;
    for (const auto& [at, object] : objects_) {
        const auto& metadata = object["metadata"];
        if (!metadata.contains("ownerReferences")) continue;
        bool is_owned = false;
        bool was_owned = false;
        for (const json& owner : metadata["ownerReferences"]) {
            is_owned = is_owned || alive.contains(owner["uid"].get<std::string>());
            was_owned = was_owned || owner["uid"] == owner_uid;
        }
        if (was_owned && !is_owned) orphans.push_back(at);
    }
    for (const Place& at : orphans)
        if (find(at) != nullptr) remove(at, json::object());
}

std::vector<json> Objects::list(const std::string& resource, const std::string& space,
                                const std::string& selector) const {
    std::vector<json> found;
    for (const auto& [at, object] : objects_)
        if (at.resource == resource && (space.empty() || at.space == space) && matches(object, selector))
            found.push_back(object);
    return found;
}

// "a=b,c": b is what a is, and there is a c.
bool Objects::matches(const json& object, const std::string& selector) {
    const json labels = object["metadata"].value("labels", json::object());
    for (size_t begin = 0; begin < selector.size();) {
        const size_t end = std::min(selector.find(',', begin), selector.size());
        const std::string term = selector.substr(begin, end - begin);
        const size_t equals = term.find('=');
        const std::string name = term.substr(0, equals);
        if (!labels.contains(name)) return false;
        if (equals != std::string::npos && labels.value(name, "") != term.substr(equals + 1)) return false;
        begin = end + 1;
    }
    return true;
}

}  // namespace milena::fake
