#include "operator/end_state.h"

#include <algorithm>

#include "kube/object.h"

namespace milena {
namespace {

using nlohmann::json;

// Conditions are told apart by their types; their order says who was there first.
void sort_conditions(json& object) {
    const auto conditions = object.find("conditions");
    if (conditions == object.end() || !conditions->is_array()) return;
    std::sort(conditions->begin(), conditions->end(),
              [](const json& a, const json& b) { return a.value("type", "") < b.value("type", ""); });
}

json without_marks(json value) {
    if (value.is_object()) sort_conditions(value);
    if (value.is_object())
        for (const char* mark : {"uid", "resourceVersion", "creationTimestamp", "lastTransitionTime"})
            value.erase(mark);
    if (value.is_structured())
        for (json& each : value) each = without_marks(std::move(each));
    return value;
}

}  // namespace

json end_state(const fake::FakeKube& fake) {
    json end = json::object();
    for (const char* kind : {"KafkaCluster", "KafkaTopic", "StatefulSet", "Service", "ConfigMap", "PodDisruptionBudget",
                             "NetworkPolicy", "ServiceAccount", "Pod", "PersistentVolumeClaim"})
        for (const json& object : fake.list(kind)) end[kind][kube::key_of(object).to_string()] = without_marks(object);
    return end;
}

json disruption(fake::FakeKube& fake, size_t begin) {
    json counts = json::object();
    fake.change([&](fake::Objects& objects) {
        for (size_t i = begin; i < objects.history().size(); ++i) {
            const fake::Happened& happened = objects.history()[i];
            const std::string& resource = happened.place.resource;
            const bool is_disruptive = resource.ends_with("/pods") || resource.ends_with("/persistentvolumeclaims") ||
                                       resource.ends_with("/statefulsets");
            if (happened.type != "DELETED" || !is_disruptive) continue;
            json& count = counts[resource + " " + happened.place.name];
            count = count.is_null() ? 1 : count.get<int>() + 1;
        }
    });
    return counts;
}

}  // namespace milena
