// The APIs that change the cluster: they are decided by the controller, and answered once every shard has the result.
// Those that create or delete partitions count against controller_mutation_rate (KIP-599), which is kept on the shard
// of the controller alone.
#include "controller/decide.h"
#include "server/controller_gate.h"
#include "server/handlers/broker_loggers.h"
#include "server/handlers/handlers.h"
#include "server/quota_gate.h"

namespace milena::server::handlers {
namespace {

constexpr const char* quota_exceeded = "The throttling quota has been exceeded.";

template <class Request, class Response>
void ask_controller(const CallPtr<Request, Response>& call) {
    // The request lives in the call, which lives until it is answered.
    std::shared_ptr<const Request> request(call, &call->request);
    call->context().controller.template submit<Request, Response>(
        call->context().shard, std::move(request), [call](Response response) { call->respond(response); });
}

// How many partitions it takes to do what is asked for one topic, and how that is refused. What can't be done costs
// nothing: the controller says so.
struct Creation {
    static constexpr wire::Version strict_since = 6;

    static int64_t partitions(const shard::Shard& shard, const wire::CreateTopicsRequest::Topic& topic) {
        if (shard.image()->topic(topic.name) != nullptr) return 0;
        if (!topic.assignments.empty()) return static_cast<int64_t>(topic.assignments.size());
        return topic.num_partitions < 0 ? shard.config()->num_partitions : topic.num_partitions;
    }
    static void refuse(wire::CreateTopicsResponse& response, const wire::CreateTopicsRequest::Topic& topic) {
        auto& refused = response.topics.emplace_back();
        refused.name = std::string(topic.name);
        refused.configs.emplace();
        refused.error_code = ErrorCode::throttling_quota_exceeded;
        refused.error_message = quota_exceeded;
    }
    template <class Visit>
    static void erase_if(wire::CreateTopicsRequest& request, Visit visit) {
        std::erase_if(request.topics, visit);
    }
    static auto& results(wire::CreateTopicsResponse& response) { return response.topics; }
};

struct Growth {
    static constexpr wire::Version strict_since = 3;

    static int64_t partitions(const shard::Shard& shard, const wire::CreatePartitionsRequest::Topic& topic) {
        const metadata::TopicImage* image = shard.image()->topic(topic.name);
        return image == nullptr ? 0 : topic.count - static_cast<int64_t>(image->partitions.size());
    }
    static void refuse(wire::CreatePartitionsResponse& response, const wire::CreatePartitionsRequest::Topic& topic) {
        response.results.push_back(
            {std::string(topic.name), ErrorCode::throttling_quota_exceeded, std::string(quota_exceeded)});
    }
    template <class Visit>
    static void erase_if(wire::CreatePartitionsRequest& request, Visit visit) {
        std::erase_if(request.topics, visit);
    }
    static auto& results(wire::CreatePartitionsResponse& response) { return response.results; }
};

struct Deletion {
    static constexpr wire::Version strict_since = 5;
    using Topic = wire::DeleteTopicsRequest::Topic;

    static const metadata::TopicImage* find(const shard::Shard& shard, const Topic& topic) {
        return topic.name ? shard.image()->topic(*topic.name) : shard.image()->topic(topic.topic_id);
    }
    static int64_t partitions(const shard::Shard& shard, const Topic& topic) {
        const metadata::TopicImage* image = find(shard, topic);
        return image == nullptr ? 0 : static_cast<int64_t>(image->partitions.size());
    }
    static int64_t partitions(const shard::Shard& shard, std::string_view name) {
        return partitions(shard, Topic{name, {}});
    }
    static void refuse(wire::DeleteTopicsResponse& response, const Topic& topic) {
        auto& refused = response.responses.emplace_back();
        if (topic.name) refused.name = std::string(*topic.name);
        refused.topic_id = topic.topic_id;
        refused.error_code = ErrorCode::throttling_quota_exceeded;
        refused.error_message = quota_exceeded;
    }
    static void refuse(wire::DeleteTopicsResponse& response, std::string_view name) {
        refuse(response, Topic{name, {}});
    }
    template <class Visit>
    static void erase_if(wire::DeleteTopicsRequest& request, Visit visit) {
        std::erase_if(plain(request.topics), visit);
        std::erase_if(plain(request.topic_names), visit);
    }
    static auto& results(wire::DeleteTopicsResponse& response) { return response.responses; }
};

// On the shard of the controller: takes out of the request what the quota doesn't allow. Older clients don't know the
// error: they are throttled only.
template <class Mutation, class Request, class Response>
Throttle admit(const Context& context, const QuotaClient& client, bool is_strict, Request& request, Response& refused) {
    shard::Shard& first = context.shards.first();
    ClientQuotas& quotas = context.all_quotas.of(first);
    quotas.adopt(first.image()->client_quotas);
    Mutation::erase_if(request, [&](const auto& topic) {
        const int64_t partitions = Mutation::partitions(first, topic);
        constexpr auto partitions_max = static_cast<int64_t>(controller::records_per_request_max);
        if (partitions <= 0 || partitions > partitions_max) return false;
        const bool is_exhausted = quotas.debt(QuotaType::controller_mutation, client).time > Duration{};
        if (is_exhausted && is_strict) {
            Mutation::refuse(refused, topic);
            return true;
        }
        quotas.charge(QuotaType::controller_mutation, client, static_cast<double>(partitions));
        return false;
    });
    return quotas.debt(QuotaType::controller_mutation, client);
}

template <class Mutation, class Request, class Response>
void ask_within_quota(const CallPtr<Request, Response>& call) {
    Context& context = call->context();
    if (!context.quotas.limits(QuotaType::controller_mutation)) return ask_controller(call);
    shard::run_on(context.shards.first(), [call, &context] {
        auto request = std::make_shared<Request>(call->request);
        auto refused = std::make_shared<Response>();
        const bool is_strict = call->version() >= Mutation::strict_since;
        const Throttle throttle =
            admit<Mutation>(context, call->caller().quota_client(), is_strict, *request, *refused);
        context.controller.template submit<Request, Response>(
            context.shard, std::move(request), [call, refused, throttle](Response response) {
                for (auto& result : Mutation::results(*refused))
                    Mutation::results(response).push_back(std::move(result));
                call->respond(response, call->caller().charge().or_longer(throttle));
            });
    });
}

}  // namespace

void create_for(const Caller& caller, std::shared_ptr<wire::CreateTopicsRequest> request,
                std::function<void(wire::CreateTopicsResponse)> done) {
    using Request = wire::CreateTopicsRequest;
    using Response = wire::CreateTopicsResponse;
    Context& context = caller.context;
    const std::string client_id(caller.client_id());
    // Where the controller is elsewhere, the quota is kept there.
    if (context.controller.is_elsewhere() || !context.quotas.limits(QuotaType::controller_mutation))
        return context.controller.ask_as_client<Request, Response>(context.shard, std::move(request), client_id,
                                                                   std::move(done));
    shard::run_on(context.shards.first(), [&context, client_id, request, done = std::move(done)] {
        auto refused = std::make_shared<Response>();
        admit<Creation>(context, {Caller::anonymous_user, client_id}, true, *request, *refused);
        context.controller.submit<Request, Response>(context.shard, request, [refused, done](Response response) {
            std::ranges::move(refused->topics, std::back_inserter(response.topics));
            done(std::move(response));
        });
    });
}

void create_topics(CallPtr<wire::CreateTopicsRequest, wire::CreateTopicsResponse> call) {
    ask_within_quota<Creation>(call);
}
void delete_topics(CallPtr<wire::DeleteTopicsRequest, wire::DeleteTopicsResponse> call) {
    ask_within_quota<Deletion>(call);
}
void create_partitions(CallPtr<wire::CreatePartitionsRequest, wire::CreatePartitionsResponse> call) {
    ask_within_quota<Growth>(call);
}
void alter_configs(CallPtr<wire::AlterConfigsRequest, wire::AlterConfigsResponse> call) { ask_controller(call); }
void incremental_alter_configs(
    CallPtr<wire::IncrementalAlterConfigsRequest, wire::IncrementalAlterConfigsResponse> call) {
    using Response = wire::IncrementalAlterConfigsResponse;
    std::shared_ptr<const wire::IncrementalAlterConfigsRequest> request(call, &call->request);
    call->context().controller.submit<wire::IncrementalAlterConfigsRequest, Response>(
        call->context().shard, std::move(request), [call](Response response) {
            alter_broker_loggers(call->request, call->context().identity.node, response);
            call->respond(response);
        });
}
void alter_user_scram_credentials(
    CallPtr<wire::AlterUserScramCredentialsRequest, wire::AlterUserScramCredentialsResponse> call) {
    ask_controller(call);
}
void update_features(CallPtr<wire::UpdateFeaturesRequest, wire::UpdateFeaturesResponse> call) { ask_controller(call); }
void elect_leaders(CallPtr<wire::ElectLeadersRequest, wire::ElectLeadersResponse> call) { ask_controller(call); }
void alter_partition_reassignments(
    CallPtr<wire::AlterPartitionReassignmentsRequest, wire::AlterPartitionReassignmentsResponse> call) {
    ask_controller(call);
}
void unregister_broker(CallPtr<wire::UnregisterBrokerRequest, wire::UnregisterBrokerResponse> call) {
    ask_controller(call);
}
void alter_client_quotas(CallPtr<wire::AlterClientQuotasRequest, wire::AlterClientQuotasResponse> call) {
    ask_controller(call);
}

}  // namespace milena::server::handlers
