// DescribeConfigs: which settings a resource has, with their values, where those come from, and what they override.
// A pure function of the image and the settings of this node.
#pragma once

#include <optional>

#include "base/ids.h"
#include "metadata/image.h"
#include "settings/broker_settings.h"
#include "wire/messages/configs.h"

namespace milena::controller {

// `settings` are those of this node, `self`, with what is dynamic in the image. Resources that the sender may not see
// have to be taken out before. Nothing if the answer were larger than anybody wants to have it: a resource takes a few
// bytes to name, also again and again, and has hundreds of settings.
std::optional<wire::DescribeConfigsResponse> describe_configs(const metadata::Image& image,
                                                              const settings::BrokerSettings& settings, NodeId self,
                                                              const wire::DescribeConfigsRequest& request);

}  // namespace milena::controller
