#include "controller/describe_quotas.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {

wire::DescribeClientQuotasResponse describe_client_quotas(const wire::DescribeClientQuotasRequest& request,
                                                          const Caller& caller) {
    return controller::describe_client_quotas(caller.context.image(), request);
}

}  // namespace milena::server::handlers
