// The topics of one cluster, many at a time: what they are, and orders about them. An interface, so that those who run
// plans don't know Kafka's protocol. Blocks its caller, for seconds at most. Any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/refusal.h"
#include "base/result.h"
#include "plan/step.h"
#include "plan/topic_plan.h"

namespace milena::admin {

struct Topics {
    virtual ~Topics() = default;

    // Absent inside: there is no such topic.
    using Described = std::map<std::string, Result<std::optional<plan::TopicInfo>, std::string>>;
    // All of the names, without figures.
    virtual Described describe(const std::vector<std::string>& names) = 0;

    // What became of each, in the same order. At most one of a kind for the same topic.
    virtual std::vector<Result<void, Refusal>> order(const std::vector<plan::Action>& orders) = 0;

    using Figures = std::map<std::string, plan::TopicFigures>;
    // Of all topics. Half of it would be wrong, so that one broker that doesn't answer is an error.
    virtual Result<Figures, std::string> measure() = 0;
};

}  // namespace milena::admin
