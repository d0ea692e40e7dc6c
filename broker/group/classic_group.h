// ClassicGroup: one group of the classic protocol, in which a leader among the members computes the assignment. Who is
// a member, what all of them support, who waits for what. Owned by a Coordinator, which decides; this keeps the books.
//
//     Empty ──join──▶ PreparingRebalance ──everyone joined, or time is up──▶ CompletingRebalance ──leader synced──▶
//     Stable
//       ▲                  ▲      │                                                │                                  │
//       └──no one joined───┼──────┘                                                │                                  │
//                          └──────────────a member comes, goes, or joins again─────┴──────────────────────────────────┘
//
// What is in the group's record of the log (value()) survives; a rebalance under way does not.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "group/deadlines.h"
#include "group/pending_joins.h"
#include "group/reply.h"
#include "wire/messages/groups.h"
#include "wire/records/group_records.h"

namespace milena::group {

inline constexpr std::string_view consumer_protocol_type = "consumer";

enum class ClassicState : uint8_t { empty, preparing_rebalance, completing_rebalance, stable };

// As Kafka writes it: "PreparingRebalance".
std::string_view state_name(ClassicState state);

struct Protocol {
    std::string name;  // of an assignor
    Bytes metadata;    // what the member tells the leader

    bool operator==(const Protocol&) const = default;
};

// Copied out of the request, of which nothing is kept.
std::vector<Protocol> copy_protocols(const wire::JoinGroupRequest& request);
bool are_same(const std::vector<Protocol>& protocols, const wire::JoinGroupRequest& request);

struct Member {
    std::string id;
    std::optional<std::string> instance_id;  // of a static member
    std::string client_id;
    std::string client_host;
    int32_t rebalance_timeout_ms = 0;
    int32_t session_timeout_ms = 0;
    std::vector<Protocol> protocols;  // the preferred one first
    Bytes assignment;
    bool is_new = false;           // has not yet got the answer to its first join
    bool is_sync_pending = false;  // has not yet asked for its assignment
    Reply<wire::JoinGroupResponse> awaiting_join;
    Reply<wire::SyncGroupResponse> awaiting_sync;
    Deadline session;

    // A member that waits for us can't be late.
    bool is_excused() const { return !is_new && (awaiting_join || awaiting_sync); }
    // Empty if the member doesn't have the protocol.
    Bytes metadata(std::string_view protocol) const;
};

// How much the members of all groups of a host take, and how much they may.
struct MembersMemory {
    size_t bytes = 0;
    size_t bytes_max = SIZE_MAX;
};

// What a member takes with all that is kept of it.
size_t bytes_of(const Member& member);
// What one that joins would take.
size_t bytes_of(const wire::JoinGroupRequest& request, std::string_view client_id);

class ClassicGroup {
  public:
    ClassicGroup(std::string id, std::shared_ptr<MembersMemory> memory)
        : id_(std::move(id)), memory_(std::move(memory)) {}
    ~ClassicGroup() { memory_->bytes -= members_bytes_; }
    ClassicGroup(const ClassicGroup&) = delete;
    ClassicGroup& operator=(const ClassicGroup&) = delete;

    // Makes what survives equal to the record; what doesn't is left alone.
    void apply(const wire::GroupMetadataValue& value);
    // As it would be written with these members' assignments.
    wire::GroupMetadataValue value() const;

    const std::string& id() const { return id_; }
    ClassicState state() const { return state_; }
    bool is_in(ClassicState state) const { return state_ == state; }
    int32_t generation() const { return generation_; }
    const std::string& protocol_type() const { return protocol_type_; }  // empty: only offsets were committed
    const std::optional<std::string>& protocol() const { return protocol_; }
    const std::optional<std::string>& leader() const { return leader_; }
    bool is_leader(std::string_view member_id) const { return leader_ == member_id; }
    // Since when the group is in its state; none in old records.
    Timestamp state_timestamp() const { return state_timestamp_; }
    bool uses_consumer_protocol() const { return protocol_type_ == consumer_protocol_type; }
    // What the members subscribe to, as far as that can be told; a consumer group that can't be read is subscribed to
    // everything.
    bool is_subscribed_to(std::string_view topic) const;
    bool knows_subscriptions() const { return subscribed_topics_.has_value(); }

    // --- members -----------------------------------------------------------------------------------------------------

    using Members = std::map<std::string, Member, std::less<>>;
    const Members& members() const { return members_; }
    Members& members() { return members_; }
    Member* find(std::string_view member_id);
    // Null if nobody has that instance id.
    const std::string* static_member(std::string_view instance_id) const;
    // UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID if it isn't one of ours.
    ErrorCode check_member(std::string_view member_id, std::optional<std::string_view> instance_id) const;
    bool supports(const wire::JoinGroupRequest& request) const;
    // What all members take.
    size_t members_bytes() const { return members_bytes_; }

    Member& add(Member member, std::string_view protocol_type);
    Member remove(const std::string& member_id);
    // The same static member under another id. Returns the one that it was.
    Member replace(const std::string& old_id, Member replacement);
    void update(Member& member, const wire::JoinGroupRequest& request, int32_t rebalance_timeout_ms);
    void take_assignment(Member& member);

    void await_join(Member& member, Reply<wire::JoinGroupResponse> reply);
    Reply<wire::JoinGroupResponse> take_join(Member& member);
    size_t awaiting_join_count() const { return awaiting_join_count_; }
    bool have_all_joined() const { return awaiting_join_count_ == members_.size() && pending_joins.empty(); }

    void expect_sync(Member& member);
    void synced(Member& member);
    bool have_all_synced() const { return sync_pending_count_ == 0; }

    // --- rebalancing -------------------------------------------------------------------------------------------------

    // The longest that any member may take.
    int32_t rebalance_timeout_ms() const;
    // False if nobody who has joined can lead.
    bool elect_joined_leader();
    // The protocol that most members prefer of those that all support.
    std::string select_protocol() const;
    void prepare_rebalance(Timestamp now);
    // Everyone who hasn't joined is gone.
    void begin_generation(Timestamp now);
    // Of all members, for the leader.
    std::vector<wire::JoinGroupResponse::Member> member_list() const;

    // Ids handed out to members that have to come back with them (KIP-394).
    struct PendingJoin {
        PendingJoins::Place place;
        Deadline deadline;
    };
    std::map<std::string, PendingJoin, std::less<>> pending_joins;
    // Not in the log: there is nothing to the group yet but pending joins.
    bool is_provisional = false;
    // While it prepares a rebalance. An initial one is prolonged as long as new members come.
    bool is_initial_rebalance = false;
    bool has_new_member = false;
    Deadline join_deadline;
    Deadline sync_deadline;

  private:
    void transition(ClassicState state, Timestamp now);
    void count(const Member& member, int by);
    void find_subscriptions();

    const std::string id_;
    const std::shared_ptr<MembersMemory> memory_;
    ClassicState state_ = ClassicState::empty;
    int32_t generation_ = 0;
    std::string protocol_type_;
    std::optional<std::string> protocol_;
    std::optional<std::string> leader_;
    Timestamp state_timestamp_ = no_timestamp;
    std::optional<std::set<std::string, std::less<>>> subscribed_topics_;

    Members members_;
    std::map<std::string, std::string, std::less<>> static_members_;  // member ids by instance id
    std::map<std::string, size_t, std::less<>> protocol_counts_;      // how many members support each protocol
    size_t members_bytes_ = 0;
    size_t awaiting_join_count_ = 0;
    size_t sync_pending_count_ = 0;
};

}  // namespace milena::group
