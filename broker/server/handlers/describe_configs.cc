#include "controller/describe_configs.h"

#include "server/handlers/handlers.h"

namespace milena::server::handlers {

void describe_configs(CallPtr<wire::DescribeConfigsRequest, wire::DescribeConfigsResponse> call) {
    const Context& context = call->context();
    const NodeId self = context.identity.node;
    const settings::BrokerSettings settings =
        context.settings.with_dynamic(context.image().broker_config(self), context.image().broker_defaults());
    const auto response = controller::describe_configs(context.image(), settings, self, call->request);
    if (!response) return call->close_connection("asks for more settings than an answer has room for");
    call->respond(*response);
}

}  // namespace milena::server::handlers
