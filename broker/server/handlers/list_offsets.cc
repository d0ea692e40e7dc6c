#include <map>
#include <set>

#include "server/by_shard.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using wire::ListOffsetsRequest;
using wire::ListOffsetsResponse;
using ListCall = CallPtr<ListOffsetsRequest, ListOffsetsResponse>;
using storage::TimestampOffset;

// A tool that compares replicas asks each of them; only consumers are kept from what isn't committed.
constexpr int32_t debugger = -2;

constexpr int64_t latest = -1;
constexpr int64_t earliest = -2;
constexpr int64_t max_timestamp = -3;
constexpr int64_t earliest_local = -4;
constexpr int64_t latest_tiered = -5;
constexpr int64_t earliest_pending_upload = -6;

struct FoundOffset {
    ErrorCode error = ErrorCode::none;
    TimestampOffset found;
};
using FoundOffsetDone = std::function<void(FoundOffset)>;

bool is_known_to(wire::Version version, int64_t timestamp) {
    switch (timestamp) {
        case max_timestamp: return version >= 7;
        case earliest_local: return version >= 8;
        case latest_tiered: return version >= 9;
        case earliest_pending_upload: return version >= 11;
        default: return timestamp >= earliest;
    }
}

// Records at or beyond what the reader may see count as not there; or it is not known yet, where that limit still
// rises.
storage::FindDone within(Offset limit, bool is_catching_up, FoundOffsetDone done) {
    return [limit, is_catching_up, done = std::move(done)](Result<std::optional<TimestampOffset>> found) {
        FoundOffset answer;
        if (!found.has_value())
            answer.error = found.error();
        else if (*found && (*found)->offset < limit)
            answer.found = **found;
        else if (is_catching_up)
            answer.error = ErrorCode::offset_not_available;
        done(answer);
    };
}

Offset limit_for(const ListOffsetsRequest& request, const replica::Replica& replica) {
    if (request.replica_id != consumer) return replica.log().log_end_offset();
    return request.isolation_level == read_committed ? replica.last_stable_offset() : replica.high_watermark();
}

void find(replica::Replica& replica, const ListOffsetsRequest& request, const ListOffsetsRequest::Partition& asked,
          FoundOffsetDone done) {
    FoundOffset answer;
    answer.error = replica.check_leader_epoch(LeaderEpoch(asked.current_leader_epoch), request.replica_id != debugger);
    if (answer.error != ErrorCode::none) return done(answer);
    const Offset limit = limit_for(request, replica);
    const bool is_catching_up = request.replica_id == consumer && replica.is_catching_up();
    switch (asked.timestamp) {
        case latest:
            if (is_catching_up)
                answer.error = ErrorCode::offset_not_available;
            else
                answer.found = {no_timestamp, limit, replica.leader_epoch()};
            return done(answer);
        case earliest:
        case earliest_local: answer.found = replica.log().earliest(); return done(answer);
        // Without tiered storage nothing is tiered and nothing waits for it.
        case latest_tiered:
        case earliest_pending_upload: return done(answer);
        case max_timestamp: return replica.log().find_max_timestamp(within(limit, is_catching_up, std::move(done)));
        default:
            return replica.log().find_by_timestamp(Timestamp(asked.timestamp),
                                                   within(limit, is_catching_up, std::move(done)));
    }
}

using Names = std::set<std::pair<std::string_view, int32_t>>;

// A partition that is named twice is refused, once, as it is unclear which answer is meant.
Names repeated(const ListOffsetsRequest& request) {
    Names seen;
    Names twice;
    for (const ListOffsetsRequest::Topic& topic : request.topics)
        for (const ListOffsetsRequest::Partition& partition : topic.partitions)
            if (!seen.emplace(topic.name, partition.partition_index).second)
                twice.emplace(topic.name, partition.partition_index);
    return twice;
}

struct Listing {
    ListOffsetsResponse response;
    std::vector<ListOffsetsResponse::Partition*> places;
    std::vector<const ListOffsetsRequest::Partition*> asked;
};

ErrorCode reason_refused(const metadata::TopicImage* topic, const ListOffsetsRequest::Partition& partition,
                         bool is_repeated, wire::Version version) {
    if (is_repeated) return ErrorCode::invalid_request;
    if (!is_known_to(version, partition.timestamp)) return ErrorCode::unsupported_version;
    if (topic == nullptr || topic->partition(PartitionIndex(partition.partition_index)) == nullptr)
        return ErrorCode::unknown_topic_or_partition;
    return ErrorCode::none;
}

// Reserves before it points: the places must not move.
std::shared_ptr<Listing> resolve(const ListCall& call, std::vector<replica::PartitionKey>& keys) {
    auto listing = std::make_shared<Listing>();
    const Names twice = repeated(call->request);
    Names refused_before;
    listing->response.topics.reserve(call->request.topics.size());
    for (const ListOffsetsRequest::Topic& topic : call->request.topics) {
        if (topic.partitions.empty()) continue;
        const metadata::TopicImage* image = call->context().image().topic(topic.name);
        ListOffsetsResponse::Topic& answered = listing->response.topics.emplace_back();
        answered.name = std::string(topic.name);
        answered.partitions.reserve(topic.partitions.size());
        for (const ListOffsetsRequest::Partition& partition : topic.partitions) {
            const std::pair<std::string_view, int32_t> name(topic.name, partition.partition_index);
            const bool is_repeated = twice.contains(name);
            if (is_repeated && !refused_before.insert(name).second) continue;
            ListOffsetsResponse::Partition& place = answered.partitions.emplace_back();
            place.partition_index = partition.partition_index;
            place.error_code = reason_refused(image, partition, is_repeated, call->version());
            if (place.error_code != ErrorCode::none) continue;
            keys.push_back({image->id, PartitionIndex(partition.partition_index)});
            listing->places.push_back(&place);
            listing->asked.push_back(&partition);
        }
    }
    return listing;
}

}  // namespace

void list_offsets(ListCall call) {
    PartitionWork<FoundOffset> work;
    const std::shared_ptr<Listing> listing = resolve(call, work.keys);
    work.work = [call, listing](shard::Shard&, const auto& found, size_t i, FoundOffsetDone done) {
        if (found.replica == nullptr) return done({.error = found.error, .found = {}});
        find(*found.replica, call->request, *listing->asked[i], std::move(done));
    };
    work.finish = [call, listing](const std::vector<FoundOffset>& answers) {
        for (size_t i = 0; i < answers.size(); ++i) {
            ListOffsetsResponse::Partition& place = *listing->places[i];
            place.error_code = answers[i].error;
            // Older clients don't know the code (KIP-207).
            if (place.error_code == ErrorCode::offset_not_available && call->version() < 5)
                place.error_code = ErrorCode::leader_not_available;
            place.timestamp = answers[i].found.timestamp.value;
            place.offset = answers[i].found.offset.value;
            place.leader_epoch = answers[i].found.epoch.value;
        }
        call->respond(listing->response);
    };
    ask_partitions(call->context(), std::move(work));
}

}  // namespace milena::server::handlers
