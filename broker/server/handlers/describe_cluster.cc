#include "server/handlers/cluster_view.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

constexpr int8_t brokers_endpoint = 1;
constexpr int8_t controllers_endpoint = 2;

wire::DescribeClusterResponse refused(ErrorCode error, std::string message) {
    wire::DescribeClusterResponse response;
    response.error_code = error;
    response.error_message = std::move(message);
    return response;
}

}  // namespace

wire::DescribeClusterResponse describe_cluster(const wire::DescribeClusterRequest& request, const Caller& caller) {
    if (request.endpoint_type == controllers_endpoint)
        return refused(
            ErrorCode::mismatched_endpoint_type,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER");
    if (request.endpoint_type != brokers_endpoint)
        return refused(ErrorCode::unsupported_endpoint_type,
                       "Unsupported endpoint type " + std::to_string(request.endpoint_type.value));
    wire::DescribeClusterResponse response;
    const metadata::Image& image = caller.context.image();
    response.cluster_id = caller.context.identity.cluster_id;
    response.controller_id = caller.context.identity.node.value;
    if (request.include_cluster_authorized_operations) response.cluster_authorized_operations = all_cluster_operations;
    for (const auto& [id, broker] : *image.brokers) {
        const metadata::Endpoint* endpoint = broker.endpoint(caller.listener());
        if (endpoint == nullptr || (broker.is_fenced && !request.include_fenced_brokers)) continue;
        response.brokers.push_back({.broker_id = id.value,
                                    .host = endpoint->host,
                                    .port = endpoint->port,
                                    .rack = broker.rack,
                                    .is_fenced = broker.is_fenced});
    }
    return response;
}

}  // namespace milena::server::handlers
