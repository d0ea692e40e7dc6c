#include "reconcile/topic_place.h"

#include <nlohmann/json.hpp>

#include "api/metadata.h"

namespace milena::reconcile {

TopicPlace topic_place_of(const nlohmann::json& object) {
    const kube::ObjectKey own = kube::key_of(object);
    const auto& spec = api::member(object, "spec");
    const auto& reference = api::member(spec, "clusterRef");
    TopicPlace place{{api::text_at(reference, "namespace"), api::text_at(reference, "name")},
                     api::text_at(spec, "topicName")};
    if (place.cluster.space.empty()) place.cluster.space = own.space;
    if (place.topic.empty()) place.topic = own.name;
    return place;
}

}  // namespace milena::reconcile
