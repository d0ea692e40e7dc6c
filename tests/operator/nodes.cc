#include "operator/nodes.h"

#include <thread>

#include "kube/object.h"

namespace milena {
namespace {

using nlohmann::json;

void make_claim(fake::FakeKube& fake, const json& set, const json& wanted, const std::string& pod) {
    json claim = wanted;
    const std::string name = wanted["metadata"]["name"].get<std::string>() + "-" + pod;
    const std::string space = kube::key_of(set).space;
    if (fake.find("PersistentVolumeClaim", space, name)) return;
    claim["apiVersion"] = "v1";
    claim["kind"] = "PersistentVolumeClaim";
    claim["metadata"]["name"] = name;
    claim["metadata"]["namespace"] = space;
    claim["status"] = {{"phase", "Bound"}, {"capacity", claim["spec"]["resources"]["requests"]}};
    fake.put(claim);
}

void make_pod(fake::FakeKube& fake, const json& set, const std::string& name) {
    json pod = set["spec"]["template"];
    const kube::ObjectKey key = kube::key_of(set);
    pod["apiVersion"] = "v1";
    pod["kind"] = "Pod";
    pod["metadata"]["name"] = name;
    pod["metadata"]["namespace"] = key.space;
    pod["metadata"]["ownerReferences"] = json::array({{{"apiVersion", "apps/v1"},
                                                       {"kind", "StatefulSet"},
                                                       {"name", key.name},
                                                       {"uid", kube::uid_of(set)},
                                                       {"controller", true}}});
    pod["spec"]["nodeName"] = "node-1";
    const json ready = {{"type", "Ready"}, {"status", "True"}};
    const json container = {{"name", "milena"},
                            {"image", pod["spec"]["containers"][0]["image"]},
                            {"restartCount", 0},
                            {"ready", true},
                            {"state", {{"running", {{"startedAt", "2026-11-30T00:00:00Z"}}}}}};
    pod["status"] = {{"phase", "Running"},
                     {"hostIP", "10.0.0.1"},
                     {"conditions", json::array({ready})},
                     {"containerStatuses", json::array({container})}};
    fake.put(pod);
}

}  // namespace

void run_nodes(fake::FakeKube& fake) {
    for (json set : fake.list("StatefulSet")) {
        const kube::ObjectKey key = kube::key_of(set);
        const int replicas = set["spec"].value("replicas", 0);
        const int start = set["spec"].value("/ordinals/start"_json_pointer, 0);
        for (int i = start; i < start + replicas; ++i) {
            const std::string pod = key.name + "-" + std::to_string(i);
            for (const json& wanted : set["spec"].value("volumeClaimTemplates", json::array()))
                make_claim(fake, set, wanted, pod);
            if (!fake.find("Pod", key.space, pod)) make_pod(fake, set, pod);
        }
        for (const json& pod : fake.list("Pod")) {
            const std::string name = kube::key_of(pod).name;
            if (kube::controller_uid_of(pod) != kube::uid_of(set)) continue;
            const int ordinal = std::stoi(name.substr(name.rfind('-') + 1));
            if (ordinal >= start + replicas || ordinal < start) fake.remove("Pod", key.space, name);
        }
        const json status = {{"replicas", replicas}, {"readyReplicas", replicas}};
        if (set.value("status", json()) == status) continue;
        set["status"] = status;
        fake.put(set);
    }
    for (json claim : fake.list("PersistentVolumeClaim")) {
        const json& wanted = claim["spec"]["resources"]["requests"];
        if (claim["status"].value("capacity", json()) == wanted) continue;
        claim["status"]["capacity"] = wanted;
        fake.put(claim);
    }
}

namespace {

constexpr const char* refused_value = "-5";

}  // namespace

Result<void, admin::Refusal> ContentBrokers::order(const plan::Action& action) {
    ++orders;
    const auto* alter = std::get_if<plan::AlterBrokerConfig>(&action);
    if (alter == nullptr || !refuses_when_ordered) return {};
    for (const auto& [name, value] : alter->set)
        if (value == refused_value) return unexpected(admin::Refusal{"INVALID_CONFIG: -5 is too little", true});
    return {};
}

plan::Answers answers_without_objection(const plan::Questions& questions) {
    plan::Answers answers;
    if (questions.features) answers.features = std::map<std::string, plan::Feature>();
    if (questions.widest_topic) answers.widest_topic = plan::WidestTopic{"t", 3};
    if (questions.moves_left) answers.moves_left = plan::MovesLeft();
    for (const int64_t id : questions.may_restart) answers.may_restart.emplace(id, plan::MayRestart{true, "", {}});
    for (const int64_t id : questions.caught_up) answers.caught_up.emplace(id, plan::CaughtUp{true, 100, ""});
    for (const int64_t id : questions.health) answers.health.emplace(id, plan::Health{false, 100});
    return answers;
}

plan::Answers ContentBrokers::ask(const plan::Questions& questions) {
    ++asked;
    plan::Answers answers = answers_without_objection(questions);
    if (questions.config_schema)
        answers.config_schema = plan::ConfigSchema{{"log.retention.ms", {plan::Change::live, "604800000", "long"}}};
    if (!questions.settings.empty()) {
        std::map<std::string, std::string> refused;
        for (const auto& [name, value] : questions.settings)
            if (refuses_when_asked && value == refused_value) refused[name] = "INVALID_CONFIG: -5 is too little";
        answers.refused_settings = refused;
    }
    if (questions.brokers) {
        plan::BrokersInfo info;
        for (int64_t id = 0; id < 3; ++id) info.brokers[id] = {.is_active = true, .rack = "", .advertised = {}};
        info.controller = 0;
        answers.brokers = info;
    }
    for (const int64_t id : questions.drain) answers.drain.emplace(id, plan::Drain());
    return answers;
}

namespace {

void grow(plan::TopicInfo& topic, int64_t count, int64_t replicas) {
    for (auto i = static_cast<int64_t>(topic.partitions.size()); i < count; ++i) {
        plan::TopicPartition partition{i, i % 3, {}, {}, false};
        for (int64_t r = 0; r < replicas; ++r) partition.replicas.push_back((i + r) % 3);
        partition.in_sync = partition.replicas;
        topic.partitions.push_back(partition);
    }
}

Result<void, admin::Refusal> refusal(const std::string& text) { return unexpected(admin::Refusal{text, true}); }

}  // namespace

admin::Topics::Described KeptTopics::describe(const std::vector<std::string>& names) {
    ++requests;
    Described described;
    for (const std::string& name : names) described.emplace(name, find(name));
    return described;
}

std::vector<Result<void, admin::Refusal>> KeptTopics::order(const std::vector<plan::Action>& orders) {
    ++requests;
    std::vector<Result<void, admin::Refusal>> outcomes;
    const std::lock_guard lock(mutex_);
    for (const plan::Action& order : orders) outcomes.push_back(run(order));
    return outcomes;
}

plan::TopicInfo* KeptTopics::known(const std::string& name) {
    const auto found = topics_.find(name);
    return found == topics_.end() ? nullptr : &found->second;
}

Result<void, admin::Refusal> KeptTopics::run(const plan::Action& order) {
    if (const auto* create = std::get_if<plan::CreateTopic>(&order)) {
        if (refused_.contains(create->name)) return refusal("POLICY_VIOLATION: not this one");
        if (known(create->name) != nullptr) return {};
        plan::TopicInfo& topic = topics_[create->name];
        topic.id = create->name + "-" + std::to_string(++ids_[create->name]);
        topic.config = create->config;
        grow(topic, create->partitions, create->replication_factor.value_or(3));
    } else if (const auto* gone = std::get_if<plan::DeleteTopic>(&order)) {
        std::erase_if(topics_, [&](const auto& each) { return each.second.id == gone->id; });
    } else if (const auto* more = std::get_if<plan::CreatePartitions>(&order)) {
        plan::TopicInfo* topic = known(more->name);
        if (topic == nullptr) return refusal("UNKNOWN_TOPIC_OR_PARTITION");
        grow(*topic, more->count, static_cast<int64_t>(topic->partitions[0].replicas.size()));
    } else if (const auto* alter = std::get_if<plan::AlterTopicConfig>(&order)) {
        plan::TopicInfo* topic = known(alter->name);
        if (topic == nullptr) return refusal("UNKNOWN_TOPIC_OR_PARTITION");
        for (const auto& [key, value] : alter->set) topic->config[key] = value;
        for (const std::string& key : alter->remove) topic->config.erase(key);
    } else if (const auto* reassign = std::get_if<plan::Reassign>(&order)) {
        plan::TopicInfo* topic = known(reassign->name);
        if (topic == nullptr) return refusal("UNKNOWN_TOPIC_OR_PARTITION");
        for (const auto& [index, replicas] : reassign->replicas) {
            topic->partitions.at(static_cast<size_t>(index)).replicas = replicas;
            topic->partitions.at(static_cast<size_t>(index)).in_sync = replicas;
        }
    } else {
        return refusal("no order about topics");
    }
    return {};
}

Result<admin::Topics::Figures, std::string> KeptTopics::measure() {
    ++requests;
    ++measured;
    std::this_thread::sleep_for(measuring.load());
    Figures figures;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, topic] : topics_) figures[name] = topic.figures;
    return figures;
}

std::optional<plan::TopicInfo> KeptTopics::find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = topics_.find(name);
    if (found == topics_.end()) return std::nullopt;
    return found->second;
}

size_t KeptTopics::size() const {
    const std::lock_guard lock(mutex_);
    return topics_.size();
}

json KeptTopics::state() const {
    const std::lock_guard lock(mutex_);
    json state = json::object();
    for (const auto& [name, topic] : topics_)
        state[name] = {topic.id, topic.partitions.size(), topic.partitions[0].replicas, topic.config};
    return state;
}

void KeptTopics::change(const std::function<void(std::map<std::string, plan::TopicInfo>&)>& change) {
    const std::lock_guard lock(mutex_);
    change(topics_);
}

}  // namespace milena
