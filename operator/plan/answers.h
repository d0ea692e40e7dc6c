// What the planner wants to know of the brokers, and what they have answered. A plan that lacks an answer asks for it:
// the reconciler gets it and plans again. In a cluster at rest only what clients may change is asked. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace milena::plan {

// Absent: not asked. An error is a sentence: who didn't answer, and why.
template <class T>
using Answer = std::optional<Result<T, std::string>>;

enum class Change : uint8_t { restart, live, live_per_broker, immutable };

struct SettingSchema {
    Change change = Change::restart;
    std::optional<std::string> default_value;
    std::string type;  // Kafka's word: boolean, int, long, list …
};
using ConfigSchema = std::map<std::string, SettingSchema>;  // of brokers

struct MayRestart {
    bool may = false;
    std::string blocked_by;                // "orders-3: …", or why the quorum needs it
    std::vector<std::string> unavoidable;  // partitions that are harmed whenever it restarts
    std::vector<std::string> only_copies;  // those of them that nobody else has: lost with its disk
};

struct CaughtUp {
    bool has = false;
    double percent = 0;
    std::string behind;  // the first partitions, with reasons
};

enum class Placement : uint8_t { open, cordoned, draining };

// Of a broker that isn't registered: draining, and nothing left.
struct Drain {
    Placement placement = Placement::open;
    uint64_t replicas_left = 0;
    uint64_t bytes_left = 0;
    std::optional<uint64_t> seconds_left;
    std::string stuck;  // the first partitions that find no other broker, with reasons
};

struct BrokerInfo {
    bool is_active = false;
    std::string rack;
    Placement placement = Placement::open;
    uint64_t replicas = 0;
    std::map<std::string, std::string> advertised;  // listener → host:port, where it is known
};

struct BrokersInfo {
    std::map<int64_t, BrokerInfo> brokers;  // that are registered
    int64_t controller = -1;                // the active one
};

struct Health {
    bool is_recovering = false;
    int64_t percent = 0;
};

struct Feature {
    int64_t finalized = 0;
    int64_t max = 0;
};

// What the balancer would do.
struct MovesLeft {
    uint64_t count = 0;
    std::vector<int64_t> unheard = {};  // brokers of which it doesn't know yet what they store
};

// Which topic needs the most brokers.
struct WidestTopic {
    std::string name;
    int64_t replication_factor = 0;
};

struct Questions {
    bool config_schema = false;
    bool brokers = false;
    bool features = false;
    bool widest_topic = false;
    bool moves_left = false;                      // Rebalance, dry run
    std::map<std::string, std::string> settings;  // live ones: would these values be taken?
    std::set<int64_t> may_restart;
    std::set<int64_t> caught_up;
    std::set<int64_t> drain;
    std::set<int64_t> health;

    bool is_empty() const { return *this == Questions{}; }
    bool operator==(const Questions&) const = default;
};

struct Answers {
    Answer<ConfigSchema> config_schema;
    Answer<BrokersInfo> brokers;
    Answer<std::map<std::string, Feature>> features;
    Answer<WidestTopic> widest_topic;
    Answer<MovesLeft> moves_left;
    Answer<std::map<std::string, std::string>> refused_settings;  // of those that were asked about: why not
    std::map<int64_t, Result<MayRestart, std::string>> may_restart;
    std::map<int64_t, Result<CaughtUp, std::string>> caught_up;
    std::map<int64_t, Result<Drain, std::string>> drain;
    std::map<int64_t, Result<Health, std::string>> health;
};

}  // namespace milena::plan
