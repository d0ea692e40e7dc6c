// Incremental fetch sessions (KIP-227): the broker remembers which partitions a consumer fetches, so that request and
// answer name only what is new. Each shard keeps a bounded number for its connections; who comes back through another
// shard, or too late, is told so and opens a new one. A session is a convenience: losing one loses nothing.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
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
    std::string topic;
    int32_t partition = 0;

    bool operator==(const FetchKey&) const = default;
};

struct FetchKeyHash {
    size_t operator()(const FetchKey& key) const {
        return std::hash<Uuid>()(key.topic_id) ^ std::hash<std::string>()(key.topic) ^
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

  private:
    FetchContext begin_incremental(const wire::FetchRequest& request, bool uses_topic_ids, Instant now);
    int32_t open(FetchContext& context, const std::vector<wire::FetchResponse::Partition>& answers, Instant now);
    bool make_room(size_t size, Instant now);
    int32_t new_id();

    env::Random& random_;
    const Options options_;
    std::unordered_map<int32_t, std::shared_ptr<FetchSession>> sessions_;
};

}  // namespace milena::server
