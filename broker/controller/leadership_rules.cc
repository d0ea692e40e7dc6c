#include "controller/leadership_rules.h"

#include <algorithm>
#include <limits>

#include "metadata/feature_levels.h"
#include "settings/topic_config.h"
#include "settings/value.h"

namespace milena::controller {
namespace {

LeadershipRules defaults(const metadata::Image& image, const settings::BrokerSettings& settings) {
    const settings::TopicConfig config = settings::topic_defaults(settings);
    return {.has_elr = metadata::has_elr(*image.features),
            .min_isr = config.min_insync_replicas,
            .allows_unclean = config.unclean_leader_election_enable};
}

}  // namespace

size_t LeadershipRules::needed_in_sync(size_t replicas_count) const {
    return std::min(static_cast<size_t>(std::max(min_isr, 1)), replicas_count);
}

RulesOfTopics::RulesOfTopics(const metadata::Image& image, const settings::BrokerSettings& settings)
    : image_(image), defaults_(defaults(image, settings)) {}

// Two texts out of forty: a broker that fails may concern thousands of topics.
LeadershipRules RulesOfTopics::of(std::string_view topic) const {
    LeadershipRules result = defaults_;
    const settings::Texts& own = image_.topic_config(topic);
    if (const auto at = own.find("min.insync.replicas"); at != own.end()) {
        const int64_t number = settings::parse_integer(at->second).value_or(result.min_isr);
        result.min_isr = static_cast<int32_t>(std::clamp<int64_t>(number, 1, std::numeric_limits<int32_t>::max()));
    }
    if (const auto at = own.find("unclean.leader.election.enable"); at != own.end())
        result.allows_unclean = settings::parse_boolean(at->second).value_or(result.allows_unclean);
    return result;
}

}  // namespace milena::controller
