#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/decide.h"

namespace milena::controller {

namespace {

using wire::DeleteTopicsResponse;

// One topic as the request names it, by name or by id.
struct Asked {
    std::optional<std::string_view> name;
    Uuid id;

    bool is_by_one() const { return name.has_value() == id.is_zero(); }
    std::pair<std::string_view, Uuid> key() const { return {name.value_or(std::string_view()), id}; }
};

using Times = std::map<std::pair<std::string_view, Uuid>, int>;

std::vector<Asked> asked_topics(const wire::DeleteTopicsRequest& request) {
    std::vector<Asked> result;
    for (const std::string_view name : request.topic_names) result.push_back({name, {}});
    for (const auto& topic : request.topics) result.push_back({topic.name, topic.topic_id});
    return result;
}

void refuse(DeleteTopicsResponse::Topic& result, ErrorCode code, const char* message) {
    result.error_code = code;
    result.error_message = message;
}

// The topic to delete; null where the result says why there is none.
const metadata::TopicImage* find(const metadata::Image& image, const Asked& asked, const Times& times,
                                 DeleteTopicsResponse::Topic& result) {
    if (!asked.is_by_one()) {
        refuse(result, ErrorCode::invalid_request,
               asked.name ? "You may not specify both topic name and topic id."
                          : "Neither topic name nor id were specified.");
        return nullptr;
    }
    if (times.at(asked.key()) > 1) {
        refuse(result, ErrorCode::invalid_request, asked.name ? "Duplicate topic name." : "Duplicate topic id.");
        return nullptr;
    }
    const metadata::TopicImage* topic = asked.name ? image.topic(*asked.name) : image.topic(asked.id);
    if (topic == nullptr && asked.name)
        refuse(result, ErrorCode::unknown_topic_or_partition, "This server does not host this topic-partition.");
    else if (topic == nullptr)
        refuse(result, ErrorCode::unknown_topic_id, "This server does not host this topic ID.");
    return topic;
}

bool is_asked_otherwise(const Asked& asked, const metadata::TopicImage& topic, const Times& times) {
    return asked.name ? times.contains({{}, topic.id}) : times.contains({topic.name, {}});
}

}  // namespace

Decision<DeleteTopicsResponse> decide(const Context& context, const wire::DeleteTopicsRequest& request) {
    Decision<DeleteTopicsResponse> decision;
    const bool is_enabled = context.settings.text("delete.topic.enable") != "false";
    const std::vector<Asked> topics = asked_topics(request);
    Times times;
    for (const Asked& asked : topics) ++times[asked.key()];
    std::set<std::pair<std::string_view, Uuid>> answered;
    for (const Asked& asked : topics) {
        // However often it is asked for, one answer is enough.
        if (asked.is_by_one() && !answered.insert(asked.key()).second) continue;
        DeleteTopicsResponse::Topic result;
        if (asked.name) result.name = std::string(*asked.name);
        result.topic_id = asked.id;
        const metadata::TopicImage* topic = nullptr;
        if (is_enabled)
            topic = find(context.image, asked, times, result);
        else
            refuse(result, ErrorCode::topic_deletion_disabled, "Topic deletion is disabled.");
        if (topic != nullptr) {
            result.name = topic->name;
            result.topic_id = topic->id;
            if (!is_asked_otherwise(asked, *topic, times))
                decision.records.emplace_back(wire::RemoveTopicRecord{.topic_id = topic->id});
            else if (asked.name)
                refuse(result, ErrorCode::invalid_request,
                       "The provided topic name maps to an ID that was already supplied.");
            else
                continue;  // the name is answered
        }
        decision.response.responses.push_back(std::move(result));
    }
    return decision;
}

}  // namespace milena::controller
