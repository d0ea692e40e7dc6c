// The next steps towards the topic that is wanted; pure, as cluster_plan.h. A topic is somebody's data: it is deleted
// only by the deletion of its own resource with deletionPolicy Delete, by its id, and never when many resources have
// vanished at once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/kafka_topic.h"
#include "base/time.h"
#include "plan/answers.h"
#include "plan/step.h"
#include "plan/topic_figures.h"

namespace milena::plan {

struct TopicPartition {
    int64_t index = 0;
    int64_t leader = -1;
    std::vector<int64_t> replicas;
    std::vector<int64_t> in_sync;
    bool is_moving = false;  // a reassignment is under way
};

// A topic as the brokers describe it.
struct TopicInfo {
    std::string id;
    std::vector<TopicPartition> partitions;     // by index
    std::map<std::string, std::string> config;  // its own settings only
    int64_t min_in_sync = 1;
    TopicFigures figures;
};

enum class ClusterState : uint8_t {
    missing,      // there is no such KafkaCluster
    not_allowed,  // its topicNamespaces don't have the topic's namespace
    deleting,     // it is going
    not_ready,    // it is there, and can't be asked yet
    ready,
};

struct TopicInput {
    const api::KafkaTopic& topic;
    ClusterState cluster = ClusterState::missing;
    Answer<std::optional<TopicInfo>> info;     // absent inside: there is no such topic. Not asked: not ready
    std::map<int64_t, std::string> brokers{};  // open ones, with their racks
    std::string older_twin{};                  // namespace/name of an older resource for the same topic
    bool is_cluster_paused = false;
    bool is_namespace_deleting = false;
    bool many_vanished = false;  // the brake: too many resources have gone at once
    Timestamp now{0};
};

struct TopicPlan {
    std::vector<Step> steps;
    api::KafkaTopicStatus status;
    std::optional<Duration> look_again;
};

TopicPlan plan_topic(const TopicInput& input);

// The replicas of each partition that has another number of them than `replication_factor`, as they should be: those
// that it has stay, the leader and who is in sync before others; new ones go to the brokers, of other racks first, that
// have the fewest of this topic. Nothing for partitions that are moving, or for more replicas than there are brokers.
std::map<int64_t, std::vector<int64_t>> reassigned(const TopicInfo& topic, int64_t replication_factor,
                                                   const std::map<int64_t, std::string>& brokers);
TopicPlan plan_invalid_topic(const nlohmann::json& object, const api::FieldErrors& errors, Timestamp now);

// A step of the plan has failed: its status says so. `is_final`: it will fail again until somebody changes something.
void say_failed(TopicPlan& plan, const api::KafkaTopic& topic, const std::string& what, bool is_final, Timestamp now);

// Of all resources for one topic one has it: the one that knows its id; of those that don't, or of several, the oldest.
// That one, as "namespace/name", if it isn't `topic` itself.
std::string twin_that_has_it(const api::KafkaTopic& topic, const std::vector<api::KafkaTopic>& all);

// Whether so many of the resources that were known a moment ago have gone that nobody can have meant it.
bool are_many_vanished(size_t known_before, size_t vanished_lately);

}  // namespace milena::plan
