#include "controller/describe_configs.h"

#include "server/handlers/handlers.h"

namespace milena::server::handlers {

wire::DescribeConfigsResponse describe_configs(const wire::DescribeConfigsRequest& request, const Caller& caller) {
    const Context& context = caller.context;
    const NodeId self = context.identity.node;
    const settings::BrokerSettings settings =
        context.settings.with_dynamic(context.image().broker_config(self), context.image().broker_defaults());
    return controller::describe_configs(context.image(), settings, self, request);
}

}  // namespace milena::server::handlers
