// Conditions of a status, by the conventions of the Kubernetes API: a list keyed by type, whose lastTransitionTime
// moves only when the status does. What time it is, is handed in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/field.h"
#include "base/time.h"

namespace milena::api {

enum class Truth : uint8_t { yes, no, unknown };
std::array<std::string_view, 3> words_of(Truth);

// The types that a KafkaCluster has, all of them from the first visit on.
namespace condition {
inline constexpr const char* ready = "Ready";              // clients can produce and consume
inline constexpr const char* reconciling = "Reconciling";  // what is there isn't what is wanted yet
inline constexpr const char* stalled = "Stalled";          // needs somebody; the message says what to do
inline constexpr const char* brokers_healthy = "BrokersHealthy";
inline constexpr const char* config_applied = "ConfigApplied";
inline constexpr const char* storage_ready = "StorageReady";
inline constexpr const char* listeners_ready = "ListenersReady";
inline constexpr const char* balanced = "Balanced";
inline constexpr const char* upgrade_in_progress = "UpgradeInProgress";
inline constexpr const char* draining = "Draining";
inline constexpr const char* paused = "Paused";
// Of a KafkaTopic, besides Ready, Reconciling and Stalled:
inline constexpr const char* in_sync = "InSync";  // the topic is as the resource says
inline constexpr const char* conflict = "Conflict";
inline constexpr const char* deletion_blocked = "DeletionBlocked";
inline constexpr const char* replicas_changing = "ReplicasChanging";
}  // namespace condition

// Of Reconciling: brokers are to be restarted, and something that isn't so yet has to come first.
inline constexpr const char* roll_waits = "RollWaits";

struct Condition {
    std::string type;
    Truth status = Truth::unknown;
    std::string reason;
    std::string message;
    std::string last_transition_time;
    int64_t observed_generation = 0;

    bool operator==(const Condition&) const = default;
};
void describe(Visitor& v, Condition& c);

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type);
bool is_true(const std::vector<Condition>& conditions, std::string_view type);

// The conditions of one pass: set in any order, then merged into those that were there before.
class ConditionSetter {
  public:
    explicit ConditionSetter(int64_t observed_generation) : observed_generation_(observed_generation) {}

    // The later of two for the same type wins.
    void set(const char* type, Truth status, std::string reason, std::string message = {});

    const Condition* find(std::string_view type) const { return find_condition(set_, type); }

    // In the order of those before, new ones last, so that nothing is written for an order; a type that wasn't set this
    // time stays as it was. Messages are cut to what the schema allows.
    std::vector<Condition> merged(const std::vector<Condition>& before, Timestamp now) const;

  private:
    int64_t observed_generation_;
    std::vector<Condition> set_;
};

}  // namespace milena::api
