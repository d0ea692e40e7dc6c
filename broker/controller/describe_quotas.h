// DescribeClientQuotas: the quotas of the entities that match a filter. A pure function of the image.
#pragma once

#include "metadata/image.h"
#include "wire/messages/quotas.h"

namespace milena::controller {

wire::DescribeClientQuotasResponse describe_client_quotas(const metadata::Image& image,
                                                          const wire::DescribeClientQuotasRequest& request);

}  // namespace milena::controller
