// Incremental fetch sessions (KIP-227): the broker remembers which partitions a consumer fetches, so that request and
// answer name only what is new. Each shard keeps a bounded number for its connections, in bounded memory; who comes
// back through another shard, or too late, is told so and opens a new one. A session is a convenience: losing one, or
// getting none, loses nothing.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error_code.h"
#include "base/time.h"
#include "base/uuid.h"
#include "env/random.h"
#include "wire/messages/fetch.h"

namespace milena::server {

// By id from version 13 on, by name before.
struct FetchKey {
    Uuid topic_id;
    std::shared_ptr<const std::string> topic;  // one for all partitions of an entry: its length is the client's choice
    int32_t partition = 0;

    std::string_view name() const { return topic ? std::string_view(*topic) : std::string_view(); }
    bool is_of_same_topic(const FetchKey& other) const {
        return topic_id == other.topic_id && (topic == other.topic || name() == other.name());
    }
    bool operator==(const FetchKey& other) const { return partition == other.partition && is_of_same_topic(other); }
};

struct FetchKeyHash {
    size_t operator()(const FetchKey& key) const {
        return std::hash<Uuid>()(key.topic_id) ^ std::hash<std::string_view>()(key.name()) ^
               static_cast<size_t>(key.partition) * 0x9e3779b97f4a7c15;
    }
};

struct FetchWish {
    FetchKey key;
    wire::FetchRequest::Partition request;
    // What the client was told last; -1: nothing yet, so it is told whatever it is.
    int64_t told_high_watermark = -1;
    int64_t told_log_start_offset = -1;
};

struct FetchSession {
    int32_t id = 0;
    int32_t epoch = 1;  // that the next request must have
    bool uses_topic_ids = false;
    Instant created;
    Instant last_used;
    std::list<FetchWish> wishes;  // whoever got data goes to the end, so that all get their turn
    std::unordered_map<FetchKey, std::list<FetchWish>::iterator, FetchKeyHash> by_key;
    size_t bytes = 0;  // that the wishes take

    void add(FetchWish wish);
    void forget(const FetchKey& key);
};

// One request, in the light of its session.
struct FetchContext {
    ErrorCode error = ErrorCode::none;  // of the session: nothing is fetched
    std::vector<FetchWish> wishes;
    std::shared_ptr<FetchSession> session;  // of an incremental request
    bool opens_session = false;
};

class FetchSessions {
  public:
    // Ids are chosen so that no other shard has the same: a client that reaches the wrong shard finds nothing there.
    struct Options {
        size_t sessions_max = 0;
        size_t bytes_max = 16U << 20;  // that all of them take: some 60,000 partitions
        uint32_t shard = 0;
        uint32_t shard_count = 1;
    };

    FetchSessions(env::Random& random, const Options& options) : random_(random), options_(options) {}
    FetchSessions(const FetchSessions&) = delete;
    FetchSessions& operator=(const FetchSessions&) = delete;

    FetchContext begin(const wire::FetchRequest& request, wire::Version version, Instant now);

    // `answers[i]` is for wishes[i]: takes out what the client knows already, and returns the id of the session; 0:
    // none.
    int32_t finish(FetchContext& context, std::vector<wire::FetchResponse::Partition>& answers,
                   std::vector<bool>& is_told, Instant now);

    size_t count() const { return sessions_.size(); }
    size_t bytes() const { return bytes_; }

  private:
    FetchContext begin_incremental(const wire::FetchRequest& request, bool uses_topic_ids, Instant now);
    int32_t open(FetchContext& context, const std::vector<wire::FetchResponse::Partition>& answers, Instant now);
    bool change(FetchSession& session, const wire::FetchRequest& request);
    bool make_room(size_t size, size_t bytes, Instant now);
    bool evict(size_t size, Instant now);
    using Sessions = std::unordered_map<int32_t, std::shared_ptr<FetchSession>>;
    void drop(Sessions::iterator at);
    int32_t new_id();

    env::Random& random_;
    const Options options_;
    Sessions sessions_;
    size_t bytes_ = 0;
};

}  // namespace milena::server
