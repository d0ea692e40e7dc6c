// Committed offsets: OffsetCommit, OffsetFetch, OffsetDelete.
#include <string>
#include <unordered_map>

#include "server/handlers/ask_groups.h"

namespace milena::server::handlers {
namespace {

constexpr wire::Version offsets_by_topic_id_since = 10;

// Topics by name, or by id from the version on that has them.
const metadata::TopicImage* find_topic(const metadata::Image& image, std::string_view name, const Uuid& id,
                                       wire::Version version) {
    return version >= offsets_by_topic_id_since ? image.topic(id) : image.topic(name);
}

ErrorCode missing_topic(wire::Version version) {
    return version >= offsets_by_topic_id_since ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
}

// --- OffsetCommit ----------------------------------------------------------------------------------------------------

using CommitRequest = wire::OffsetCommitRequest;
using CommitResponse = wire::OffsetCommitResponse;
using CommitCall = CallPtr<CommitRequest, CommitResponse>;

struct Commit {
    CommitRequest request;    // what can be committed
    CommitResponse response;  // the rest of it
};

// Whoever commits by name is told so by name; the id is remembered all the same.
std::shared_ptr<Commit> resolve(const CommitCall& call) {
    auto commit = std::make_shared<Commit>();
    commit->request = call->request;
    commit->request.topics.clear();
    for (const CommitRequest::Topic& topic : call->request.topics) {
        const metadata::TopicImage* image =
            find_topic(call->context().image(), topic.name, topic.topic_id, call->version());
        CommitRequest::Topic valid = topic;
        valid.partitions.clear();
        if (image != nullptr) {
            valid.name = std::string_view(image->name);
            valid.topic_id = image->id;
        }
        CommitResponse::Topic refused;
        refused.name = std::string(valid.name);
        refused.topic_id = valid.topic_id;
        for (const CommitRequest::Partition& partition : topic.partitions) {
            if (image != nullptr && image->partition(PartitionIndex(partition.partition_index)) != nullptr)
                valid.partitions.push_back(partition);
            else
                refused.partitions.push_back({partition.partition_index, image == nullptr
                                                                             ? missing_topic(call->version())
                                                                             : ErrorCode::unknown_topic_or_partition});
        }
        if (!valid.partitions.empty()) commit->request.topics.push_back(std::move(valid));
        if (!refused.partitions.empty()) commit->response.topics.push_back(std::move(refused));
    }
    return commit;
}

// A topic of which some partitions were refused is there once.
template <class Response>
void merge(Response& refused, const Response& done) {
    std::unordered_map<std::string, size_t> places;
    for (size_t i = 0; i < refused.topics.size(); ++i)
        places.try_emplace(std::string(std::string_view(refused.topics[i].name)), i);
    for (const auto& topic : done.topics) {
        const auto [same, is_new] =
            places.try_emplace(std::string(std::string_view(topic.name)), refused.topics.size());
        if (is_new) {
            refused.topics.push_back(topic);
            continue;
        }
        auto& partitions = refused.topics[same->second].partitions;
        partitions.insert(partitions.end(), topic.partitions.begin(), topic.partitions.end());
    }
}

void respond(const CommitCall& call, CommitResponse& refused, const Result<CommitResponse>& committed) {
    if (committed.has_value()) {
        merge(refused, *committed);
        return call->respond(refused);
    }
    CommitResponse response;
    for (const CommitRequest::Topic& topic : call->request.topics) {
        CommitResponse::Topic& answered = response.topics.emplace_back();
        answered.name = std::string(topic.name);
        answered.topic_id = topic.topic_id;
        for (const CommitRequest::Partition& partition : topic.partitions)
            answered.partitions.push_back({partition.partition_index, committed.error()});
    }
    call->respond(response);
}

// --- OffsetFetch -----------------------------------------------------------------------------------------------------

using wire::OffsetFetchRequest;
using wire::OffsetFetchResponse;
using OffsetFetchCall = CallPtr<OffsetFetchRequest, OffsetFetchResponse>;

constexpr wire::Version groups_since = 8;
constexpr wire::Version group_error_since = 2;  // before, only partitions have errors

struct OffsetLookup {
    std::vector<OffsetFetchRequest::Group> groups;
    std::vector<OffsetFetchResponse::Group> unknown;  // topics of each that no id is known of
};

OffsetFetchRequest::Group only_group(const OffsetFetchRequest& request) {
    OffsetFetchRequest::Group group;
    group.group_id = request.group_id;
    if (!plain(request.topics)) return group;
    group.topics.emplace();
    for (const OffsetFetchRequest::Topic& topic : *request.topics) {
        OffsetFetchRequest::GroupTopic& asked = group.topics->emplace_back();
        asked.name = topic.name;
        asked.partition_indexes = topic.partition_indexes;
    }
    return group;
}

void resolve_ids(const metadata::Image& image, OffsetFetchRequest::Group& group, OffsetFetchResponse::Group& unknown) {
    std::vector<OffsetFetchRequest::GroupTopic> known;
    for (OffsetFetchRequest::GroupTopic& topic : *group.topics) {
        const metadata::TopicImage* found = image.topic(topic.topic_id);
        if (found != nullptr) {
            topic.name = std::string_view(found->name);
            known.push_back(std::move(topic));
            continue;
        }
        OffsetFetchResponse::GroupTopic& refused = unknown.topics.emplace_back();
        refused.topic_id = topic.topic_id;
        for (const int32_t index : topic.partition_indexes)
            refused.partitions.push_back({.partition_index = index,
                                          .committed_offset = -1,
                                          .metadata = "",
                                          .error_code = ErrorCode::unknown_topic_id});
    }
    group.topics = std::move(known);
}

std::shared_ptr<OffsetLookup> resolve(const OffsetFetchCall& call) {
    auto lookup = std::make_shared<OffsetLookup>();
    if (call->version() < groups_since)
        lookup->groups.push_back(only_group(call->request));
    else
        lookup->groups = at_most(answers_each_max, plain(call->request.groups), &OffsetFetchRequest::Group::group_id);
    lookup->unknown.resize(lookup->groups.size());
    if (call->version() >= offsets_by_topic_id_since)
        for (size_t i = 0; i < lookup->groups.size(); ++i)
            if (lookup->groups[i].topics) resolve_ids(call->context().image(), lookup->groups[i], lookup->unknown[i]);
    return lookup;
}

// All offsets of a group are asked for by name in every version; who goes by ids gets those of topics that are there.
void add_ids(const metadata::Image& image, OffsetFetchResponse::Group& group) {
    std::erase_if(group.topics, [&](OffsetFetchResponse::GroupTopic& topic) {
        const metadata::TopicImage* found = image.topic(std::string_view(topic.name));
        if (found != nullptr) topic.topic_id = found->id;
        return found == nullptr;
    });
}

OffsetFetchResponse as_single_group(const OffsetFetchResponse::Group& group, const OffsetFetchRequest& request,
                                    wire::Version version) {
    OffsetFetchResponse response;
    response.error_code = group.error_code;
    for (const OffsetFetchResponse::GroupTopic& topic : group.topics) {
        OffsetFetchResponse::Topic& answered = response.topics.emplace_back();
        answered.name = topic.name;
        for (const OffsetFetchResponse::GroupPartition& partition : topic.partitions)
            answered.partitions.push_back({.partition_index = partition.partition_index,
                                           .committed_offset = partition.committed_offset,
                                           .committed_leader_epoch = partition.committed_leader_epoch,
                                           .metadata = partition.metadata,
                                           .error_code = partition.error_code});
    }
    if (group.error_code == ErrorCode::none || version >= group_error_since || !plain(request.topics)) return response;
    for (const OffsetFetchRequest::Topic& topic : *request.topics) {
        OffsetFetchResponse::Topic& answered = response.topics.emplace_back();
        answered.name = std::string(topic.name);
        for (const int32_t index : topic.partition_indexes)
            answered.partitions.push_back(
                {.partition_index = index, .committed_offset = -1, .metadata = "", .error_code = group.error_code});
    }
    return response;
}

ErrorCode offset_fetch_error(ErrorCode error) {
    // Clients before 3.9 know only this one as a reason to look for the coordinator again.
    return error == ErrorCode::coordinator_not_available ? ErrorCode::not_coordinator : error;
}

void respond(const OffsetFetchCall& call, const OffsetLookup& lookup,
             std::vector<Result<OffsetFetchResponse::Group>>& found) {
    OffsetFetchResponse response;
    for (size_t i = 0; i < found.size(); ++i) {
        OffsetFetchResponse::Group& group = response.groups.emplace_back();
        if (found[i].has_value()) {
            group = std::move(*found[i]);
            if (call->version() >= offsets_by_topic_id_since && !lookup.groups[i].topics)
                add_ids(call->context().image(), group);
            for (const OffsetFetchResponse::GroupTopic& topic : lookup.unknown[i].topics) group.topics.push_back(topic);
        } else {
            group.group_id = std::string(lookup.groups[i].group_id);
            group.error_code = offset_fetch_error(found[i].error());
        }
    }
    if (call->version() >= groups_since) return call->respond(response);
    call->respond(as_single_group(response.groups.front(), call->request, call->version()));
}

// --- OffsetDelete ----------------------------------------------------------------------------------------------------

using DeleteRequest = wire::OffsetDeleteRequest;
using DeleteResponse = wire::OffsetDeleteResponse;
using DeleteCall = CallPtr<DeleteRequest, DeleteResponse>;

struct OffsetDeletion {
    DeleteRequest request;    // of partitions that exist
    DeleteResponse response;  // the others
};

std::shared_ptr<OffsetDeletion> resolve(const DeleteCall& call) {
    auto deletion = std::make_shared<OffsetDeletion>();
    deletion->request.group_id = call->request.group_id;
    for (const DeleteRequest::Topic& topic : call->request.topics) {
        const metadata::TopicImage* image = call->context().image().topic(topic.name);
        DeleteRequest::Topic valid{.name = topic.name};
        DeleteResponse::Topic refused;
        refused.name = std::string(topic.name);
        for (const DeleteRequest::Partition& partition : topic.partitions) {
            if (image != nullptr && image->partition(PartitionIndex(partition.partition_index)) != nullptr)
                valid.partitions.push_back(partition);
            else
                refused.partitions.push_back({partition.partition_index, ErrorCode::unknown_topic_or_partition});
        }
        if (!valid.partitions.empty()) deletion->request.topics.push_back(std::move(valid));
        if (!refused.partitions.empty()) deletion->response.topics.push_back(std::move(refused));
    }
    return deletion;
}

void respond(const DeleteCall& call, DeleteResponse& refused, const Result<DeleteResponse>& deleted) {
    if (!deleted.has_value()) {
        DeleteResponse response;
        response.error_code = deleted.error();
        return call->respond(response);
    }
    merge(refused, *deleted);
    call->respond(refused);
}

}  // namespace

void offset_commit(CommitCall call) {
    const std::shared_ptr<Commit> commit = resolve(call);
    // Nobody is asked about the group if there is nothing to commit.
    if (commit->request.topics.empty()) return call->respond(commit->response);
    ask_group<CommitResponse>(
        call, call->request.group_id,
        [call, commit](group::Coordinator& coordinator, const group::Reply<CommitResponse>& reply) {
            coordinator.commit_offsets(commit->request, call->version(), reply);
        },
        [call, commit](const Result<CommitResponse>& committed) { respond(call, commit->response, committed); });
}

// Whether only stable offsets are wanted makes no difference: an answer waits until all that was written before it is
// committed.
void offset_fetch(OffsetFetchCall call) {
    using Group = OffsetFetchResponse::Group;
    const std::shared_ptr<OffsetLookup> lookup = resolve(call);
    const auto gathered = Gathered<Group>::begin(
        lookup->groups.size(), [call, lookup](std::vector<Result<Group>> found) { respond(call, *lookup, found); });
    for (size_t i = 0; i < lookup->groups.size(); ++i)
        ask_group<Group>(
            call, lookup->groups[i].group_id,
            [call, lookup, i](group::Coordinator& coordinator, const group::Reply<Group>& reply) {
                coordinator.fetch_offsets(lookup->groups[i], reply);
            },
            [gathered, i](Result<Group> found) { gathered->take(i, std::move(found)); });
}

void offset_delete(DeleteCall call) {
    if (call->request.group_id.empty()) {
        DeleteResponse response;
        response.error_code = ErrorCode::invalid_group_id;
        return call->respond(response);
    }
    const std::shared_ptr<OffsetDeletion> deletion = resolve(call);
    ask_group<DeleteResponse>(
        call, call->request.group_id,
        [call, deletion](group::Coordinator& coordinator, const group::Reply<DeleteResponse>& reply) {
            coordinator.delete_offsets(deletion->request, reply);
        },
        [call, deletion](const Result<DeleteResponse>& deleted) { respond(call, deletion->response, deleted); });
}

}  // namespace milena::server::handlers
