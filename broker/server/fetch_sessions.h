// Incremental fetch sessions (KIP-227): the broker remembers which partitions a consumer reads and from where, so that
// the consumer sends, and we answer, only what has changed. One cache a shard, bounded in sessions and in partitions;
// a consumer that gets no session, or whose session was dropped, sends everything, as before.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error_code.h"
#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "env/random.h"
#include "wire/messages/fetch.h"

namespace milena::server {

// A partition as a request names it: by topic id from version 13 on, by name before.
struct FetchTarget {
    std::string topic;
    Uuid topic_id;
    int32_t partition = 0;

    auto operator<=>(const FetchTarget&) const = default;
};

struct FetchWanted {
    FetchTarget target;
    int64_t fetch_offset = 0;
    int32_t current_leader_epoch = -1;
    int32_t last_fetched_epoch = -1;
    int32_t bytes_max = 0;
};

class FetchSession {
  public:
    FetchSession(int32_t id, bool uses_topic_ids) : id_(id), uses_topic_ids_(uses_topic_ids) {}

    int32_t id() const { return id_; }
    bool uses_topic_ids() const { return uses_topic_ids_; }
    size_t size() const { return places_.size(); }

    // Adds the partition or takes over its new position.
    void want(const FetchWanted& wanted);
    void forget(const FetchTarget& target);
    // All partitions; those that had data most recently come last, so that nobody starves.
    std::vector<FetchWanted> wanted() const;

    // Whether the answer for this partition differs from what the consumer was told last; remembers it.
    bool must_tell(const FetchTarget& target, const wire::FetchResponse::Partition& answer, bool has_records);

  private:
    friend class FetchSessions;

    struct Entry {
        FetchWanted wanted;
        int64_t told_high_watermark = -1;
        int64_t told_log_start_offset = -1;
    };

    const int32_t id_;
    const bool uses_topic_ids_;
    int32_t next_epoch_ = 1;
    Instant last_used_;
    std::list<Entry> entries_;
    std::map<FetchTarget, std::list<Entry>::iterator> places_;
};

class FetchSessions {
  public:
    // A session may be dropped for a new one only if nobody used it for so long.
    static constexpr Duration idle_before_eviction = std::chrono::minutes(2);
    static constexpr size_t partitions_max = 500'000;

    struct Limits {
        size_t sessions_max = 0;
        Instant now;
    };

    // The session for the next incremental request. FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, or
    // FETCH_SESSION_TOPIC_ID_ERROR where the client has changed between names and ids.
    Result<std::shared_ptr<FetchSession>> find(int32_t id, int32_t epoch, bool uses_topic_ids, Instant now);

    // A new session with these partitions; nothing if there is no room.
    std::shared_ptr<FetchSession> open(const Limits& limits, env::Random& random, bool uses_topic_ids,
                                       const std::vector<FetchWanted>& wanted);
    void close(int32_t id);
    // The session's partitions changed.
    void resized(const FetchSession& session, size_t size_before);

    size_t size() const { return sessions_.size(); }
    size_t partitions() const { return partitions_; }

  private:
    bool make_room(const Limits& limits);

    std::unordered_map<int32_t, std::shared_ptr<FetchSession>> sessions_;
    size_t partitions_ = 0;  // of all sessions
};

}  // namespace milena::server
