#include "server/fetch_sessions.h"

#include <algorithm>

#include "controller/topic_names.h"

namespace milena::server {
namespace {

constexpr int32_t initial_epoch = 0;
constexpr int32_t final_epoch = -1;

// Younger sessions, and those that were used since, give way to nobody (KIP-227's default).
constexpr Duration eviction_age = std::chrono::minutes(2);

int32_t next_epoch(int32_t epoch) { return epoch == INT32_MAX ? 1 : epoch + 1; }

template <class Topic>
FetchKey key_of(const Topic& topic) {
    const std::string_view name = topic.topic;
    return {topic.topic_id, name.empty() ? nullptr : std::make_shared<const std::string>(name), 0};
}

FetchKey key_at(FetchKey key, int32_t partition) {
    key.partition = partition;
    return key;
}

// With its place in the list and among the keys. The name counts as if nobody shared it.
size_t bytes_of(const FetchKey& key) {
    constexpr size_t places_bytes = 80;
    return sizeof(FetchWish) + sizeof(FetchKey) + places_bytes + key.name().size();
}

// No topic has such a name, and nobody keeps it.
bool has_impossible_name(const wire::FetchRequest& request) {
    const auto is_impossible = [](const auto& topic) {
        return std::string_view(topic.topic).size() > controller::topic_name_bytes_max;
    };
    return std::ranges::any_of(request.topics, is_impossible) ||
           std::ranges::any_of(request.forgotten_topics_data, is_impossible);
}

}  // namespace

void FetchSession::add(FetchWish wish) {
    const auto at = by_key.find(wish.key);
    if (at != by_key.end()) {
        at->second->request = wish.request;
        return;
    }
    bytes += bytes_of(wish.key);
    wishes.push_back(std::move(wish));
    by_key.emplace(wishes.back().key, std::prev(wishes.end()));
}

void FetchSession::forget(const FetchKey& key) {
    const auto at = by_key.find(key);
    if (at == by_key.end()) return;
    bytes -= bytes_of(key);
    wishes.erase(at->second);
    by_key.erase(at);
}

FetchContext FetchSessions::begin(const wire::FetchRequest& request, wire::Version version, Instant now) {
    const bool is_full = request.session_epoch == initial_epoch || request.session_epoch == final_epoch;
    if (version >= 7 && !is_full) return begin_incremental(request, version >= 13, now);
    if (const auto ended = sessions_.find(request.session_id); ended != sessions_.end()) drop(ended);
    FetchContext context;
    context.opens_session = version >= 7 && request.session_epoch == initial_epoch && !has_impossible_name(request);
    for (const auto& topic : request.topics) {
        const FetchKey key = key_of(topic);
        for (const auto& partition : topic.partitions)
            context.wishes.push_back({.key = key_at(key, partition.partition), .request = partition});
    }
    return context;
}

FetchContext FetchSessions::begin_incremental(const wire::FetchRequest& request, bool uses_topic_ids, Instant now) {
    FetchContext context;
    const auto found = sessions_.find(request.session_id);
    if (found == sessions_.end())
        context.error = ErrorCode::fetch_session_id_not_found;
    else if (found->second->epoch != request.session_epoch)
        context.error = ErrorCode::invalid_fetch_session_epoch;
    else if (found->second->uses_topic_ids != uses_topic_ids)
        context.error = ErrorCode::fetch_session_topic_id_error;
    if (context.error != ErrorCode::none) return context;

    context.session = found->second;
    FetchSession& session = *context.session;
    if (!change(session, request)) {
        // The client asks anew for all that it wants, and is answered without a session if there is none for so much.
        drop(found);
        return {.error = ErrorCode::fetch_session_id_not_found};
    }
    if (session.wishes.empty()) {
        drop(found);
        context.session = nullptr;
        return context;
    }
    session.last_used = now;
    session.epoch = next_epoch(session.epoch);
    context.wishes.assign(session.wishes.begin(), session.wishes.end());
    return context;
}

// False if there is no room for what it adds.
bool FetchSessions::change(FetchSession& session, const wire::FetchRequest& request) {
    if (has_impossible_name(request)) return false;
    const size_t others_bytes = bytes_ - session.bytes;
    bool has_room = true;
    for (const auto& topic : request.topics) {
        const FetchKey key = key_of(topic);
        for (size_t i = 0; i < topic.partitions.size() && has_room; ++i) {
            session.add({.key = key_at(key, topic.partitions[i].partition), .request = topic.partitions[i]});
            has_room = others_bytes + session.bytes <= options_.bytes_max;
        }
    }
    for (const auto& topic : request.forgotten_topics_data) {
        const FetchKey key = key_of(topic);
        for (const int32_t partition : topic.partitions) session.forget(key_at(key, partition));
    }
    bytes_ = others_bytes + session.bytes;
    return has_room;
}

int32_t FetchSessions::finish(FetchContext& context, std::vector<wire::FetchResponse::Partition>& answers,
                              std::vector<bool>& is_told, Instant now) {
    is_told.assign(answers.size(), true);
    if (context.opens_session) return open(context, answers, now);
    if (!context.session) return 0;
    FetchSession& session = *context.session;
    for (size_t i = 0; i < answers.size(); ++i) {
        const auto at = session.by_key.find(context.wishes[i].key);
        if (at == session.by_key.end()) continue;
        FetchWish& wish = *at->second;
        const wire::FetchResponse::Partition& answer = answers[i];
        const bool has_data = answer.records && !answer.records->empty();
        is_told[i] = has_data || answer.error_code != ErrorCode::none || answer.diverging_epoch.epoch >= 0 ||
                     answer.preferred_read_replica >= 0 || answer.high_watermark != wish.told_high_watermark ||
                     answer.log_start_offset != wish.told_log_start_offset;
        // After an error the client has to hear when it is over.
        wish.told_high_watermark = answer.error_code == ErrorCode::none ? answer.high_watermark : -1;
        wish.told_log_start_offset = answer.log_start_offset;
        if (has_data) session.wishes.splice(session.wishes.end(), session.wishes, at->second);
    }
    return session.id;
}

int32_t FetchSessions::open(FetchContext& context, const std::vector<wire::FetchResponse::Partition>& answers,
                            Instant now) {
    size_t bytes = 0;
    for (const FetchWish& wish : context.wishes) bytes += bytes_of(wish.key);
    if (answers.empty() || !make_room(answers.size(), bytes, now)) return 0;
    auto session = std::make_shared<FetchSession>();
    session->id = new_id();
    session->uses_topic_ids = !context.wishes.front().key.topic_id.is_zero();
    session->created = session->last_used = now;
    for (size_t i = 0; i < answers.size(); ++i) {
        FetchWish wish = context.wishes[i];
        wish.told_high_watermark = answers[i].error_code == ErrorCode::none ? answers[i].high_watermark : -1;
        wish.told_log_start_offset = answers[i].log_start_offset;
        session->add(std::move(wish));
    }
    const int32_t id = session->id;
    bytes_ += session->bytes;
    sessions_.emplace(id, std::move(session));
    return id;
}

bool FetchSessions::make_room(size_t size, size_t bytes, Instant now) {
    if (options_.sessions_max == 0 || bytes > options_.bytes_max) return false;
    while (sessions_.size() >= options_.sessions_max || bytes_ + bytes > options_.bytes_max)
        if (!evict(size, now)) return false;
    return true;
}

// The one that nobody has used for longest, if that is long; else the smallest of the old ones, if the new one is
// larger.
bool FetchSessions::evict(size_t size, Instant now) {
    const auto stalest = std::ranges::min_element(sessions_, {}, [](const auto& s) { return s.second->last_used; });
    if (now - stalest->second->last_used > eviction_age) {
        drop(stalest);
        return true;
    }
    const auto smallest = std::ranges::min_element(sessions_, {}, [&](const auto& s) {
        return now - s.second->created > eviction_age ? s.second->wishes.size() : SIZE_MAX;
    });
    if (now - smallest->second->created <= eviction_age || smallest->second->wishes.size() >= size) return false;
    drop(smallest);
    return true;
}

void FetchSessions::drop(Sessions::iterator at) {
    bytes_ -= at->second->bytes;
    sessions_.erase(at);
}

int32_t FetchSessions::new_id() {
    for (;;) {
        const auto drawn = static_cast<uint32_t>(random_.next() >> 33);  // 31 bits
        const uint32_t id = drawn - drawn % options_.shard_count + options_.shard;
        if (id == 0 || id > INT32_MAX || sessions_.contains(static_cast<int32_t>(id))) continue;
        return static_cast<int32_t>(id);
    }
}

}  // namespace milena::server
