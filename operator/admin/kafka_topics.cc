#include "admin/kafka_topics.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "admin/kafka_requests.h"
#include "admin/topic_figures.h"
#include "base/parse_number.h"

namespace milena::admin {
namespace {

constexpr int8_t own_config_source = 1;   // of the topic itself; Kafka's DYNAMIC_TOPIC_CONFIG
constexpr int64_t partitions_max = 2000;  // created by one request: a controller refuses what makes too many records

using Outcome = Result<void, Refusal>;
// By the names of topics; else why nobody has answered.
using Outcomes = Result<std::map<std::string, Outcome>, std::string>;

// --- what there is

void fill_partitions(const wire::MetadataResponse::Topic& from, plan::TopicInfo& info) {
    for (const auto& partition : from.partitions) {
        plan::TopicPartition& own = info.partitions.emplace_back();
        own.index = partition.partition_index;
        own.leader = partition.leader_id;
        own.replicas.assign(partition.replica_nodes.begin(), partition.replica_nodes.end());
        own.in_sync.assign(partition.isr_nodes.begin(), partition.isr_nodes.end());
    }
    std::ranges::sort(info.partitions, {}, &plan::TopicPartition::index);
}

void fill_config(const wire::DescribeConfigsResponse::Result& from, plan::TopicInfo& info) {
    for (const auto& config : from.configs) {
        if (config.config_source == own_config_source) info.config[config.name] = config.value.value_or("");
        if (config.name == "min.insync.replicas")
            info.min_in_sync = parse_number<int64_t>(config.value.value_or("")).value_or(1);
    }
}

void mark_moving(const wire::ListPartitionReassignmentsResponse::Topic& from, plan::TopicInfo& info) {
    for (const auto& moving : from.partitions)
        for (plan::TopicPartition& partition : info.partitions)
            if (partition.index == moving.partition_index) partition.is_moving = true;
}

// --- orders, of one kind each

// Sends those of one kind, if there are any, and puts what became of them where they stood.
template <class Order, class Send>
void send_all(const std::vector<plan::Action>& orders, std::vector<Outcome>& outcomes, Send send) {
    std::vector<const Order*> own;
    std::vector<size_t> places;
    for (size_t i = 0; i < orders.size(); ++i)
        if (const auto* order = std::get_if<Order>(&orders[i])) {
            own.push_back(order);
            places.push_back(i);
        }
    if (own.empty()) return;
    const Outcomes answered = send(own);
    for (size_t i = 0; i < own.size(); ++i) {
        Outcome& outcome = outcomes[places[i]];
        if (!answered) {
            outcome = unexpected(Refusal{answered.error()});
        } else if (const auto found = answered->find(own[i]->name); found != answered->end()) {
            outcome = found->second;
        } else {
            outcome = unexpected(Refusal{"the brokers have said nothing of it"});
        }
    }
}

using Listeners = std::vector<BrokerAddress>;

// One that is there by now was made by us, with the answer lost, or will be met by the next plan.
Outcomes create_some(const Listeners& brokers, std::span<const plan::CreateTopic* const> orders) {
    wire::CreateTopicsRequest request;
    request.timeout_ms = server_timeout_ms;
    for (const plan::CreateTopic* order : orders) {
        auto& topic = request.topics.emplace_back();
        topic.name = order->name;
        topic.num_partitions = static_cast<int32_t>(order->partitions);
        topic.replication_factor = static_cast<int16_t>(order->replication_factor.value_or(-1));
        for (const auto& [key, value] : order->config) topic.configs.push_back({key, value});
    }
    ASSIGN_OR_RETURN(const auto response, ask<wire::CreateTopicsResponse>(brokers, request, 7));
    std::map<std::string, Outcome> outcomes;
    for (const auto& each : response.topics)
        outcomes[each.name] = each.error_code == ErrorCode::topic_already_exists
                                  ? Outcome()
                                  : outcome_of(each.error_code, each.error_message);
    return outcomes;
}

Outcomes create(const Listeners& brokers, const std::vector<const plan::CreateTopic*>& orders) {
    std::map<std::string, Outcome> outcomes;
    const std::span all(orders);
    for (size_t begin = 0; begin < all.size();) {
        size_t end = begin;
        int64_t partitions = 0;
        while (end < all.size() && (end == begin || partitions + all[end]->partitions <= partitions_max))
            partitions += all[end++]->partitions;
        Outcomes some = create_some(brokers, all.subspan(begin, end - begin));
        for (size_t i = begin; !some && i < end; ++i) outcomes[all[i]->name] = unexpected(Refusal{some.error()});
        if (some) outcomes.merge(*some);
        begin = end;
    }
    return outcomes;
}

// By id; one that is gone is deleted.
Outcomes remove(const Listeners& brokers, const std::vector<const plan::DeleteTopic*>& orders) {
    std::map<std::string, Outcome> outcomes;
    std::map<Uuid, std::string> names;
    wire::DeleteTopicsRequest request;
    request.timeout_ms = server_timeout_ms;
    for (const plan::DeleteTopic* order : orders) {
        const auto id = Uuid::parse(order->id);
        if (!id) {
            outcomes[order->name] = unexpected(Refusal{"\"" + order->id + "\" is no topic id", true});
            continue;
        }
        names[*id] = order->name;
        request.topics.push_back({std::nullopt, *id});
    }
    if (names.empty()) return outcomes;
    ASSIGN_OR_RETURN(const auto response, ask<wire::DeleteTopicsResponse>(brokers, request, 6));
    for (const auto& each : response.responses)
        if (const auto name = names.find(each.topic_id); name != names.end())
            outcomes[name->second] = each.error_code == ErrorCode::unknown_topic_id
                                         ? Outcome()
                                         : outcome_of(each.error_code, each.error_message);
    return outcomes;
}

Outcomes add_partitions(const Listeners& brokers, const std::vector<const plan::CreatePartitions*>& orders) {
    wire::CreatePartitionsRequest request;
    request.timeout_ms = server_timeout_ms;
    for (const plan::CreatePartitions* order : orders)
        request.topics.push_back({order->name, static_cast<int32_t>(order->count), std::nullopt});
    ASSIGN_OR_RETURN(const auto response, ask<wire::CreatePartitionsResponse>(brokers, request, 3));
    std::map<std::string, Outcome> outcomes;
    for (const auto& each : response.results) outcomes[each.name] = outcome_of(each.error_code, each.error_message);
    return outcomes;
}

Outcomes alter(const Listeners& brokers, const std::vector<const plan::AlterTopicConfig*>& orders) {
    wire::IncrementalAlterConfigsRequest request;
    for (const plan::AlterTopicConfig* order : orders)
        add_alterations(request, topic_resource, order->name, order->set, order->remove);
    ASSIGN_OR_RETURN(const auto response, ask<wire::IncrementalAlterConfigsResponse>(brokers, request, 1));
    std::map<std::string, Outcome> outcomes;
    for (const auto& each : response.responses)
        outcomes[each.resource_name] = outcome_of(each.error_code, each.error_message);
    return outcomes;
}

// Of a topic's partitions the first that is refused speaks for all.
Outcomes reassign(const Listeners& brokers, const std::vector<const plan::Reassign*>& orders) {
    wire::AlterPartitionReassignmentsRequest request;
    request.timeout_ms = server_timeout_ms;
    for (const plan::Reassign* order : orders) {
        auto& topic = request.topics.emplace_back();
        topic.name = order->name;
        for (const auto& [index, replicas] : order->replicas) {
            auto& partition = topic.partitions.emplace_back();
            partition.partition_index = static_cast<int32_t>(index);
            partition.replicas.emplace();
            for (const int64_t broker : replicas) partition.replicas->push_back(static_cast<int32_t>(broker));
        }
    }
    ASSIGN_OR_RETURN(const auto response, ask<wire::AlterPartitionReassignmentsResponse>(brokers, request, 1));
    if (response.error_code != ErrorCode::none)
        return unexpected(error_text(response.error_code, response.error_message));
    std::map<std::string, Outcome> outcomes;
    for (const auto& topic : response.responses) {
        Outcome& outcome = outcomes[topic.name];
        for (const auto& partition : topic.partitions)
            if (outcome) outcome = outcome_of(partition.error_code, partition.error_message);
    }
    return outcomes;
}

class KafkaTopics final : public Topics {
  public:
    explicit KafkaTopics(Listeners brokers) : brokers_(std::move(brokers)) {}

    Described describe(const std::vector<std::string>& names) override {
        Described described;
        if (names.empty()) return described;
        const auto found = find(names, described);
        if (found) return described;
        described.clear();
        for (const std::string& name : names) described.emplace(name, unexpected(found.error()));
        return described;
    }

    std::vector<Outcome> order(const std::vector<plan::Action>& orders) override {
        std::vector<Outcome> outcomes(orders.size(),
                                      Outcome(unexpected(Refusal{"this is no order about topics", true})));
        const auto to = [this](auto send) { return [this, send](const auto& own) { return send(brokers_, own); }; };
        send_all<plan::CreateTopic>(orders, outcomes, to(create));
        send_all<plan::CreatePartitions>(orders, outcomes, to(add_partitions));
        send_all<plan::AlterTopicConfig>(orders, outcomes, to(alter));
        send_all<plan::Reassign>(orders, outcomes, to(reassign));
        send_all<plan::DeleteTopic>(orders, outcomes, to(remove));
        return outcomes;
    }

    Result<Figures, std::string> measure() override { return measure_topics(brokers_); }

  private:
    using Found = std::map<std::string, plan::TopicInfo>;

    // Three questions: partitions of all names; settings, and moves, of those that are there.
    Result<void, std::string> find(const std::vector<std::string>& names, Described& described) {
        Found found;
        RETURN_IF_ERROR(find_partitions(names, described, found));
        if (found.empty()) return {};
        RETURN_IF_ERROR(find_settings(described, found));
        ASSIGN_OR_RETURN(const auto moves, ask_for_moves(brokers_));
        for (const auto& topic : moves.topics)
            if (const auto own = found.find(topic.name); own != found.end()) mark_moving(topic, own->second);
        for (auto& [name, info] : found) described.emplace(name, std::optional(std::move(info)));
        return {};
    }

    Result<void, std::string> find_partitions(const std::vector<std::string>& names, Described& described,
                                              Found& found) {
        wire::MetadataRequest request;
        request.topics.emplace();
        for (const std::string& name : names) request.topics->emplace_back().name.emplace(name);
        request.allow_auto_topic_creation = false;
        ASSIGN_OR_RETURN(const auto response, ask<wire::MetadataResponse>(brokers_, request, 12));
        for (const auto& topic : response.topics) {
            const std::string name = topic.name.value_or("");
            if (topic.error_code == ErrorCode::unknown_topic_or_partition) {
                described.emplace(name, std::optional<plan::TopicInfo>());
            } else if (topic.error_code != ErrorCode::none) {
                described.emplace(name, unexpected(error_text(topic.error_code)));
            } else {
                plan::TopicInfo& info = found[name];
                info.id = topic.topic_id.to_string();
                fill_partitions(topic, info);
            }
        }
        for (const std::string& name : names)
            if (!found.contains(name))
                described.emplace(name, unexpected(std::string("the brokers have said nothing of it")));
        return {};
    }

    // One that has gone meanwhile is an error, and looked at again.
    Result<void, std::string> find_settings(Described& described, Found& found) {
        wire::DescribeConfigsRequest request;
        for (const auto& [name, info] : found) {
            auto& resource = request.resources.emplace_back();
            resource.resource_type = topic_resource;
            resource.resource_name = name;
        }
        ASSIGN_OR_RETURN(const auto response, ask<wire::DescribeConfigsResponse>(brokers_, request, 4));
        std::set<std::string> answered;
        for (const auto& result : response.results) {
            const auto own = found.find(result.resource_name);
            if (own == found.end() || result.error_code != ErrorCode::none) continue;
            fill_config(result, own->second);
            answered.insert(result.resource_name);
        }
        std::erase_if(found, [&](const auto& each) {
            if (answered.contains(each.first)) return false;
            described.emplace(each.first, unexpected(std::string("its settings can't be read")));
            return true;
        });
        return {};
    }

    const Listeners brokers_;
};

}  // namespace

std::shared_ptr<Topics> make_kafka_topics(std::vector<BrokerAddress> brokers) {
    return std::make_shared<KafkaTopics>(std::move(brokers));
}

}  // namespace milena::admin
