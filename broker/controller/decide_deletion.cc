#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/decide.h"

namespace milena::controller {

namespace {

using Response = wire::DeleteTopicsResponse;

// One topic as the request names it, by name or by id, and what comes of it.
struct Asked {
    std::optional<std::string_view> name;
    Uuid id;
};

std::vector<Asked> asked_topics(const wire::DeleteTopicsRequest& request) {
    std::vector<Asked> result;
    for (const std::string_view name : request.topic_names) result.push_back({name, {}});
    for (const auto& topic : request.topics) result.push_back({topic.name, topic.topic_id});
    return result;
}

// How often each topic is meant, however it is named.
std::map<Uuid, int> times_meant(const metadata::Image& image, const std::vector<Asked>& topics) {
    std::map<Uuid, int> result;
    for (const Asked& asked : topics) {
        const metadata::TopicImage* topic = asked.name ? image.topic(*asked.name) : image.topic(asked.id);
        if (topic != nullptr) ++result[topic->id];
    }
    return result;
}

void refuse(Response::Topic& result, ErrorCode code, const char* message) {
    result.error_code = code;
    result.error_message = message;
}

// The topic to delete; null where the result says why there is none.
const metadata::TopicImage* find(const metadata::Image& image, const Asked& asked, Response::Topic& result) {
    if (asked.name && !asked.id.is_zero()) {
        refuse(result, ErrorCode::invalid_request, "You may not specify both topic name and topic id.");
        return nullptr;
    }
    if (!asked.name && asked.id.is_zero()) {
        refuse(result, ErrorCode::invalid_request, "Neither topic name nor id were specified.");
        return nullptr;
    }
    const metadata::TopicImage* topic = asked.name ? image.topic(*asked.name) : image.topic(asked.id);
    if (topic == nullptr && asked.name)
        refuse(result, ErrorCode::unknown_topic_or_partition, "This server does not host this topic-partition.");
    else if (topic == nullptr)
        refuse(result, ErrorCode::unknown_topic_id, "This server does not host this topic ID.");
    return topic;
}

}  // namespace

Decision<Response> decide(const Context& context, const wire::DeleteTopicsRequest& request) {
    Decision<Response> decision;
    const bool is_enabled = context.settings.text("delete.topic.enable") != "false";
    const std::vector<Asked> topics = asked_topics(request);
    const std::map<Uuid, int> meant = times_meant(context.image, topics);
    for (const Asked& asked : topics) {
        Response::Topic& result = decision.response.responses.emplace_back();
        if (asked.name) result.name = std::string(*asked.name);
        result.topic_id = asked.id;
        if (!is_enabled) {
            refuse(result, ErrorCode::topic_deletion_disabled, "Topic deletion is disabled.");
            continue;
        }
        const metadata::TopicImage* topic = find(context.image, asked, result);
        if (topic == nullptr) continue;
        if (meant.at(topic->id) > 1) {
            refuse(result, ErrorCode::invalid_request, asked.name ? "Duplicate topic name." : "Duplicate topic id.");
            continue;
        }
        result.name = topic->name;
        result.topic_id = topic->id;
        decision.records.emplace_back(wire::RemoveTopicRecord{.topic_id = topic->id});
    }
    return decision;
}

}  // namespace milena::controller
