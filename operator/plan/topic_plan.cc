#include "plan/topic_plan.h"

#include <algorithm>
#include <tuple>

namespace milena::plan {

namespace {

using api::Truth;
namespace condition = api::condition;

constexpr Duration soon = std::chrono::seconds(3);
constexpr Duration later = std::chrono::seconds(30);
constexpr const char* creating = "Creating";

// One pass over one topic.
class TopicPass {
  public:
    explicit TopicPass(const TopicInput& input)
        : in_(input), topic_(input.topic), conditions_(input.topic.metadata.generation) {
        plan_.status = topic_.status;
        plan_.status.topic_name = topic_.topic_name();
    }

    TopicPlan run() {
        if (topic_.metadata.is_deleting()) {
            leave();
        } else if (const api::FieldErrors errors = validate(topic_); !errors.empty()) {
            stall("InvalidSpec", text_of(errors));
        } else if (!in_.older_twin.empty()) {
            conflict("TopicTaken", "KafkaTopic " + in_.older_twin + " is older and has the topic " +
                                       topic_.topic_name() + "; delete one of the two");
        } else if (is_cluster_there()) {
            care();
        }
        return finish();
    }

  private:
    bool has_finalizer() const {
        return std::ranges::find(topic_.metadata.finalizers, api::topic_finalizer) != topic_.metadata.finalizers.end();
    }
    bool deletes() const { return topic_.spec.deletion_policy == api::RetentionPolicy::remove; }
    bool owns() const { return !topic_.status.topic_id.empty() && in_.older_twin.empty(); }

    void add(Action action, bool is_disruptive = false) { plan_.steps.push_back({std::move(action), is_disruptive}); }
    void event(bool is_warning, std::string reason, std::string message) {
        add(Event{is_warning, std::move(reason), std::move(message)});
    }
    void look_again(Duration after) {
        if (!plan_.look_again || after < *plan_.look_again) plan_.look_again = after;
    }
    void not_ready(std::string reason, std::string message) {
        conditions_.set(condition::ready, Truth::no, std::move(reason), std::move(message));
    }
    void stall(const std::string& reason, const std::string& message) {
        conditions_.set(condition::stalled, Truth::yes, reason, message);
        not_ready(reason, message);
    }
    void conflict(const std::string& reason, const std::string& message) {
        conditions_.set(condition::conflict, Truth::yes, reason, message);
        stall(reason, message);
        // What isn't ours needn't be waited for at the deletion of this resource.
        if (has_finalizer() && topic_.status.topic_id.empty()) add(SetFinalizer{false});
    }
    void block(const std::string& reason, const std::string& message, Duration again) {
        conditions_.set(condition::deletion_blocked, Truth::yes, reason, message);
        not_ready(reason, message);
        look_again(again);
    }

    // --- the resource is being deleted

    void leave() {
        if (!has_finalizer()) return;
        const bool is_cluster_gone = in_.cluster != ClusterState::ready && in_.cluster != ClusterState::not_ready;
        if (!deletes() || !owns() || is_cluster_gone || in_.is_namespace_deleting) {
            event(false, "TopicRetained", "the topic " + topic_.topic_name() + " is left as it is");
            return add(SetFinalizer{false});
        }
        if (in_.many_vanished)
            return block("ManyAtOnce",
                         "so many KafkaTopics were deleted at once that nothing is deleted for now; "
                         "set deletionPolicy: Retain to let this one go without its topic",
                         std::chrono::minutes(1));
        if (in_.is_cluster_paused) return block("ClusterPaused", "its KafkaCluster is paused", later);
        if (in_.cluster == ClusterState::not_ready || !in_.info || !in_.info->has_value())
            return block("ClusterNotReady", "the brokers can't be asked now; the topic is deleted when they can", soon);
        const std::optional<TopicInfo>& info = **in_.info;
        if (info && info->id == topic_.status.topic_id) {
            add(DeleteTopic{topic_.topic_name(), info->id}, true);
        } else if (info) {
            event(true, "TopicRetained", "there is another topic " + topic_.topic_name() + " now; it is left alone");
        }
        add(SetFinalizer{false});
    }

    // --- it isn't

    bool is_cluster_there() {
        const std::string name = topic_.cluster_namespace() + "/" + topic_.spec.cluster_ref.name;
        switch (in_.cluster) {
            case ClusterState::missing: not_ready("ClusterMissing", "there is no KafkaCluster " + name); return false;
            case ClusterState::not_allowed:
                stall("NamespaceNotAllowed",
                      "spec.topicNamespaces of KafkaCluster " + name + " doesn't have " + topic_.metadata.name_space);
                return false;
            case ClusterState::deleting:
                not_ready("ClusterDeleting", "KafkaCluster " + name + " is being deleted");
                return false;
            case ClusterState::not_ready:
                conditions_.set(condition::ready, Truth::unknown, "ClusterNotReady",
                                "waiting for KafkaCluster " + name);
                return false;
            case ClusterState::ready: break;
        }
        if (!in_.info || !in_.info->has_value()) {
            const std::string why = in_.info ? in_.info->error() : "not asked yet";
            conditions_.set(condition::ready, Truth::unknown, "BrokersUnreachable", why);
            look_again(soon);
            return false;
        }
        return true;
    }

    void care() {
        const std::optional<TopicInfo>& info = **in_.info;
        if (info) {
            keep(*info);
        } else {
            create();
        }
        if (in_.is_cluster_paused) {
            plan_.steps.clear();
            plan_.status.topic_id = topic_.status.topic_id;
            conditions_.set(condition::paused, Truth::yes, "ClusterPaused", "its KafkaCluster is paused");
        } else {
            conditions_.set(condition::paused, Truth::no, "NotPaused");
        }
    }

    // Only what is deleted with the resource needs a word at its deletion.
    void hold() {
        if (deletes() != has_finalizer()) add(SetFinalizer{deletes()});
    }

    bool has_brokers_for(int64_t replication_factor) {
        if (static_cast<int64_t>(in_.brokers.size()) >= replication_factor) return true;
        stall("TooFewBrokers", "replicationFactor " + std::to_string(replication_factor) + " needs as many brokers; " +
                                   std::to_string(in_.brokers.size()) + " take replicas: lower it, or add brokers");
        look_again(later);
        return false;
    }

    void create() {
        plan_.status.partitions.reset();
        plan_.status.replication_factor.reset();
        plan_.status.health.clear();
        plan_.status.in_sync.clear();
        const bool was_there = !topic_.status.topic_id.empty();
        if (was_there && topic_.spec.drift != api::Drift::enforce) {
            conditions_.set(condition::in_sync, Truth::no, "TopicDeleted", "somebody has deleted the topic");
            return not_ready("TopicDeleted", "somebody has deleted the topic, and drift isn't Enforce");
        }
        if (!has_brokers_for(topic_.spec.replication_factor.value_or(1))) return;
        if (was_there) event(true, "TopicRecreated", "somebody has deleted the topic; it is created again, empty");
        not_ready("Creating", "the topic is being created");
        conditions_.set(condition::in_sync, Truth::no, creating, "");
        look_again(soon);
        // Whoever takes no topic that is there must know his own again after a crash: he says first that he creates it.
        if (topic_.spec.adoption == api::Adoption::never && !is_creating()) return look_again(Duration(0));
        plan_.status.topic_id.clear();
        hold();
        add(CreateTopic{topic_.topic_name(), topic_.spec.partitions, topic_.spec.replication_factor,
                        topic_.spec.config});
    }

    bool is_creating() const {
        const api::Condition* found = api::find_condition(topic_.status.conditions, condition::in_sync);
        return found != nullptr && found->reason == creating;
    }

    void keep(const TopicInfo& info) {
        describe_state(info);
        const std::string difference = difference_of(info);
        if (topic_.status.topic_id.empty()) {
            const api::Adoption adoption = topic_.spec.adoption;
            if (adoption == api::Adoption::never && !is_creating())
                return conflict("TopicExists", "the topic is there already, and adoption is Never");
            if (adoption == api::Adoption::matching && !difference.empty() && !is_creating())
                return conflict("TopicDiffers", "the topic is there already, and differs: " + difference +
                                                    "; change the resource, or set adoption: Any");
            if (!is_creating()) event(false, "TopicAdopted", "the topic was there already");
        } else if (topic_.status.topic_id != info.id) {
            if (topic_.spec.drift == api::Drift::warn) {
                conditions_.set(condition::in_sync, Truth::no, "TopicReplaced", "another topic has the name now");
                return not_ready("TopicReplaced", "another topic has the name now, and drift is Warn");
            }
            event(true, "TopicReplaced", "somebody has deleted the topic and made another one of the same name");
        }
        plan_.status.topic_id = info.id;
        hold();
        say_whether_it_serves(info);
        const bool is_edited = topic_.metadata.generation != topic_.status.observed_generation;
        if (difference.empty()) {
            conditions_.set(condition::in_sync, Truth::yes, "AsWanted");
        } else if (is_edited || topic_.spec.drift == api::Drift::enforce) {
            const size_t steps = plan_.steps.size();
            mend(info, difference);
            if (!is_edited && plan_.steps.size() > steps)
                event(true, "DriftUndone", "somebody has changed the topic: " + difference);
        } else {
            const bool is_said = topic_.spec.drift == api::Drift::warn;
            conditions_.set(condition::in_sync, is_said ? Truth::no : Truth::unknown, is_said ? "Drifted" : "Ignored",
                            is_said ? difference : "");
        }
    }

    void say_whether_it_serves(const TopicInfo& info) {
        const auto is_offline = [](const TopicPartition& partition) { return partition.leader < 0; };
        const auto is_short = [&](const TopicPartition& partition) {
            return static_cast<int64_t>(partition.in_sync.size()) < info.min_in_sync;
        };
        if (const std::string offline = partitions_that(info, is_offline); !offline.empty())
            return not_ready("PartitionsOffline", offline + " without a leader");
        const std::string under_minimum = partitions_that(info, is_short);
        conditions_.set(condition::ready, Truth::yes, "Serving",
                        under_minimum.empty() ? ""
                                              : under_minimum +
                                                    " under min.insync.replicas, and producers with "
                                                    "acks=all are refused");
    }

    // "2 of 12 partitions (3, 7) are"; empty: none. The first few by number.
    template <class Is>
    static std::string partitions_that(const TopicInfo& info, Is is) {
        constexpr size_t named_max = 5;
        size_t count = 0;
        std::string names;
        for (const TopicPartition& partition : info.partitions) {
            if (!is(partition)) continue;
            if (++count <= named_max) names += (names.empty() ? "" : ", ") + std::to_string(partition.index);
        }
        if (count == 0) return {};
        return std::to_string(count) + " of " + std::to_string(info.partitions.size()) + " partitions (" + names +
               (count > named_max ? " …" : "") + (count == 1 ? ") is" : ") are");
    }

    void describe_state(const TopicInfo& info) {
        api::KafkaTopicStatus& status = plan_.status;
        size_t full = 0, offline = 0, under_minimum = 0;
        int64_t replicas = 0;
        for (const TopicPartition& partition : info.partitions) {
            full += partition.in_sync.size() >= partition.replicas.size() ? 1 : 0;
            offline += partition.leader < 0 ? 1 : 0;
            under_minimum += static_cast<int64_t>(partition.in_sync.size()) < info.min_in_sync ? 1 : 0;
            replicas = std::max(replicas, static_cast<int64_t>(partition.replicas.size()));
            is_moving_ |= partition.is_moving;
        }
        status.partitions = static_cast<int64_t>(info.partitions.size());
        status.replication_factor = replicas;
        status.in_sync = std::to_string(full) + "/" + std::to_string(info.partitions.size());
        status.health = offline > 0                     ? "Offline"
                        : under_minimum > 0             ? "UnderMinIsr"
                        : full < info.partitions.size() ? "UnderReplicated"
                                                        : "Healthy";
        const TopicFigures figures = steady({status.size_bytes, status.lag, status.lag_group}, info.figures);
        status.size_bytes = figures.size_bytes;
        status.lag = figures.lag;
        status.lag_group = figures.lag_group;
    }

    // In words; empty: the topic is as the resource says.
    std::string difference_of(const TopicInfo& info) const {
        std::string text;
        const auto differs = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
        if (const auto count = static_cast<int64_t>(info.partitions.size()); count != topic_.spec.partitions)
            differs("partitions are " + std::to_string(count) + ", not " + std::to_string(topic_.spec.partitions));
        if (const auto factor = topic_.spec.replication_factor)
            for (const TopicPartition& partition : info.partitions)
                if (static_cast<int64_t>(partition.replicas.size()) != *factor) {
                    differs("replicationFactor is " + std::to_string(partition.replicas.size()) + ", not " +
                            std::to_string(*factor));
                    break;
                }
        for (const auto& [name, value] : topic_.spec.config) {
            const auto found = info.config.find(name);
            if (found == info.config.end() || found->second != value)
                differs(name + " is " + (found == info.config.end() ? "not set" : found->second) + ", not " + value);
        }
        for (const auto& [name, value] : info.config)
            if (!topic_.spec.config.contains(name)) differs(name + " is set");
        return text;
    }

    void mend(const TopicInfo& info, const std::string& difference) {
        conditions_.set(condition::in_sync, Truth::no, "Changing", difference);
        look_again(soon);
        const auto count = static_cast<int64_t>(info.partitions.size());
        if (count < topic_.spec.partitions) add(CreatePartitions{topic_.topic_name(), topic_.spec.partitions});
        if (count > topic_.spec.partitions)
            conditions_.set(condition::stalled, Truth::yes, "PartitionsCannotShrink",
                            "the topic has " + std::to_string(count) +
                                " partitions, and none can be removed: raise "
                                "spec.partitions");
        AlterTopicConfig alter{topic_.topic_name(), {}, {}};
        for (const auto& [name, value] : topic_.spec.config)
            if (const auto found = info.config.find(name); found == info.config.end() || found->second != value)
                alter.set.emplace(name, value);
        for (const auto& [name, value] : info.config)
            if (!topic_.spec.config.contains(name)) alter.remove.push_back(name);
        if (!alter.set.empty() || !alter.remove.empty()) add(std::move(alter));
        if (const auto factor = topic_.spec.replication_factor) change_replicas(info, *factor);
    }

    void change_replicas(const TopicInfo& info, int64_t replication_factor) {
        const bool grows = std::ranges::any_of(info.partitions, [&](const TopicPartition& partition) {
            return static_cast<int64_t>(partition.replicas.size()) < replication_factor;
        });
        if (grows && static_cast<int64_t>(in_.brokers.size()) < replication_factor) {
            conditions_.set(condition::stalled, Truth::yes, "TooFewBrokers",
                            "replicationFactor " + std::to_string(replication_factor) + " needs as many brokers; " +
                                std::to_string(in_.brokers.size()) + " take replicas: lower it, or add brokers");
            return look_again(later);
        }
        auto replicas = reassigned(info, replication_factor, in_.brokers);
        if (replicas.empty()) return;
        is_moving_ = true;
        add(Reassign{topic_.topic_name(), std::move(replicas)});
    }

    TopicPlan finish() {
        const auto unless_set = [&](const char* type, Truth status, const char* reason) {
            if (conditions_.find(type) == nullptr) conditions_.set(type, status, reason);
        };
        conditions_.set(condition::replicas_changing, is_moving_ ? Truth::yes : Truth::no,
                        is_moving_ ? "Moving" : "NotMoving");
        if (is_moving_) look_again(soon);
        unless_set(condition::conflict, Truth::no, "NoConflict");
        unless_set(condition::deletion_blocked, Truth::no, "NotBlocked");
        unless_set(condition::stalled, Truth::no, "NotStalled");
        unless_set(condition::in_sync, Truth::unknown, "NotCompared");
        unless_set(condition::ready, Truth::unknown, "NotCompared");
        const bool is_stalled = conditions_.find(condition::stalled)->status == Truth::yes;
        const api::Condition* in_sync = conditions_.find(condition::in_sync);
        const bool is_changing = in_sync->reason == "Changing" || in_sync->reason == creating || is_moving_;
        conditions_.set(condition::reconciling, is_changing && !is_stalled ? Truth::yes : Truth::no,
                        is_changing && !is_stalled ? "Working" : "NotWorking");
        if (!is_changing || is_stalled) plan_.status.observed_generation = topic_.metadata.generation;
        plan_.status.conditions = conditions_.merged(topic_.status.conditions, in_.now);
        return std::move(plan_);
    }

    const TopicInput& in_;
    const api::KafkaTopic& topic_;
    api::ConditionSetter conditions_;
    TopicPlan plan_;
    bool is_moving_ = false;
};

}  // namespace

TopicPlan plan_topic(const TopicInput& input) { return TopicPass(input).run(); }

TopicPlan plan_invalid_topic(const nlohmann::json& object, const api::FieldErrors& errors, Timestamp now) {
    const api::ObjectMeta meta = api::metadata_of(object);
    TopicPlan plan;
    if (object.is_object() && object.contains("status"))
        plan.status = api::read_as<api::KafkaTopicStatus>(object["status"], "status").value_or({});
    api::ConditionSetter conditions(meta.generation);
    conditions.set(condition::ready, Truth::no, "InvalidSpec", text_of(errors));
    conditions.set(condition::stalled, Truth::yes, "InvalidSpec", text_of(errors));
    conditions.set(condition::reconciling, Truth::no, "InvalidSpec");
    plan.status.observed_generation = meta.generation;
    plan.status.conditions = conditions.merged(plan.status.conditions, now);
    // Nobody can say what this resource has: it may go.
    if (meta.is_deleting() && std::ranges::find(meta.finalizers, api::topic_finalizer) != meta.finalizers.end())
        plan.steps.push_back({SetFinalizer{false}, false});
    return plan;
}

void say_failed(TopicPlan& plan, const api::KafkaTopic& topic, const std::string& what, bool is_final, Timestamp now) {
    api::ConditionSetter conditions(topic.metadata.generation);
    const api::Condition* in_sync = api::find_condition(plan.status.conditions, condition::in_sync);
    // Whoever has begun to create must know that of himself: the answer may have been lost, and not the topic.
    const bool is_creating = in_sync != nullptr && in_sync->reason == creating;
    if (!is_creating) conditions.set(condition::in_sync, Truth::no, "StepFailed", what);
    if (plan.status.topic_id.empty()) conditions.set(condition::ready, Truth::no, "StepFailed", what);
    if (is_final) {
        conditions.set(condition::stalled, Truth::yes, "StepFailed", what);
        conditions.set(condition::reconciling, Truth::no, "NotWorking");
        plan.status.observed_generation = topic.metadata.generation;
    }
    plan.status.conditions = conditions.merged(plan.status.conditions, now);
    // What the plan has said and this takes back was never true of anything that somebody has seen.
    for (api::Condition& each : plan.status.conditions)
        if (const auto* before = api::find_condition(topic.status.conditions, each.type);
            before != nullptr && before->status == each.status)
            each.last_transition_time = before->last_transition_time;
}

std::string twin_that_has_it(const api::KafkaTopic& topic, const std::vector<api::KafkaTopic>& all) {
    const auto rank = [](const api::KafkaTopic& of) {
        return std::tuple(of.status.topic_id.empty(), of.metadata.creation_timestamp, of.metadata.name_space,
                          of.metadata.name);
    };
    const api::KafkaTopic* first = &topic;
    for (const api::KafkaTopic& each : all)
        if (rank(each) < rank(*first)) first = &each;
    const bool is_itself =
        first->metadata.name == topic.metadata.name && first->metadata.name_space == topic.metadata.name_space;
    return is_itself ? "" : first->metadata.name_space + "/" + first->metadata.name;
}

bool are_many_vanished(size_t known_before, size_t vanished_lately) {
    return vanished_lately >= 10 && vanished_lately * 2 > known_before;
}

}  // namespace milena::plan
