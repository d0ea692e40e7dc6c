// Where a KafkaTopic belongs, read without looking at the rest of the object, for indices. Pure.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "kube/object.h"

namespace milena::reconcile {

struct TopicPlace {
    kube::ObjectKey cluster;
    std::string topic;  // in Kafka

    // Of all resources for the same topic the same; a namespace and a name have no "/".
    std::string to_string() const { return cluster.to_string() + "/" + topic; }
};

// What can't be read is of no cluster.
TopicPlace topic_place_of(const nlohmann::json& object);

}  // namespace milena::reconcile
