// Coordinator: the groups of one partition of __consumer_offsets, and what they have committed. Requests and time go
// in, records and answers come out; it waits for nothing and reads no log. Owned by the shard of its partition, used
// by its thread only; whoever hosts it appends, loads, and holds answers back until what they rest on is committed.
//
// What survives changes only in apply(): for a record just written and for one read back from the log alike. A
// rebalance in progress lives in memory only, as in Kafka: members of a coordinator that moved join again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "env/clock.h"
#include "env/random.h"
#include "group/classic_group.h"
#include "group/committed_offsets.h"
#include "group/deadlines.h"
#include "group/group_metrics.h"
#include "group/records.h"
#include "group/reply.h"
#include "wire/messages/group_offsets.h"
#include "wire/messages/groups.h"

namespace milena::group {

// What the settings say, in Kafka's names.
struct Config {
    Milliseconds initial_rebalance_delay{3'000};
    Milliseconds session_timeout_min{6'000};
    Milliseconds session_timeout_max{1'800'000};
    size_t group_size_max = INT32_MAX;
    size_t members_bytes_max = size_t{4} << 20;  // of a group's members together
    size_t offset_metadata_max = 4096;
    Milliseconds offsets_retention = std::chrono::hours(24 * 7);
    Milliseconds offsets_retention_check_interval = std::chrono::minutes(10);
};

// The partition's log, as its coordinator writes to it.
class Journal {
  public:
    virtual ~Journal() = default;
    // One batch, the offset of its first record. With an error nothing was written.
    virtual Result<Offset> append(const Records& records) = 0;
    // More than that is refused, and need not be gathered.
    virtual size_t batch_bytes_max() const = 0;
};

// Who sends a request.
struct Client {
    std::string_view id;
    std::string_view host;  // as Java prints an address: "/127.0.0.1"
    wire::Version version = 0;
};

// What the client is told about what happened while its request was under way.
ErrorCode coordinator_error(ErrorCode error);

// Requests that no coordinator need look at: an empty group id, a session timeout outside of what is allowed.
ErrorCode reason_refused(const wire::JoinGroupRequest& request, const Config& config);

class Coordinator {
  public:
    struct Environment {
        Journal& journal;
        env::Clock& clock;
        env::Random& random;
        std::shared_ptr<MembersMemory> members = std::make_shared<MembersMemory>();
        std::shared_ptr<GroupCounts> counts = std::make_shared<GroupCounts>();
    };

    Coordinator(const Environment& environment, const Config& config);
    Coordinator(const Coordinator&) = delete;
    Coordinator& operator=(const Coordinator&) = delete;

    // --- loading -----------------------------------------------------------------------------------------------------

    // False if the record can't be read; then it changed nothing. Kinds of records that belong to other groups than
    // ours are no concern. Nothing of the record's memory is kept.
    bool apply(const Record& record, Offset offset);
    // Of a transaction: counts once that has committed.
    void apply_in_transaction(ProducerId producer, const Record& record, Offset offset);
    void end_transaction(ProducerId producer, bool is_committed);
    // All of the log was applied: members have their session timeouts from now on.
    void loaded();
    // Everyone who waits is told NOT_COORDINATOR. Only answers may be taken afterwards.
    void resign();

    // --- members -----------------------------------------------------------------------------------------------------

    void join_group(const wire::JoinGroupRequest& request, const Client& client, Reply<wire::JoinGroupResponse> reply);
    void sync_group(const wire::SyncGroupRequest& request, Reply<wire::SyncGroupResponse> reply);
    void heartbeat(const wire::HeartbeatRequest& request, const Reply<wire::HeartbeatResponse>& reply);
    void leave_group(const wire::LeaveGroupRequest& request, const Reply<wire::LeaveGroupResponse>& reply);

    // --- offsets -----------------------------------------------------------------------------------------------------

    // Every topic has its name, and its id if the client gave that; all exist.
    void commit_offsets(const wire::OffsetCommitRequest& request, wire::Version version,
                        const Reply<wire::OffsetCommitResponse>& reply);
    void fetch_offsets(const wire::OffsetFetchRequest::Group& request,
                       const Reply<wire::OffsetFetchResponse::Group>& reply);
    void delete_offsets(const wire::OffsetDeleteRequest& request, const Reply<wire::OffsetDeleteResponse>& reply);
    // Forgets what was committed for the topic, by and by.
    void topic_deleted(std::string_view name, const Uuid& id);

    // --- administration ----------------------------------------------------------------------------------------------

    using DescribedGroup = wire::DescribeGroupsResponse::Group;
    void describe_group(std::string_view group_id, wire::Version version, const Reply<DescribedGroup>& reply);
    using ListedGroups = std::vector<wire::ListGroupsResponse::Group>;
    void list_groups(const wire::ListGroupsRequest& request, const Reply<ListedGroups>& reply);
    void delete_group(std::string_view group_id, const Reply<ErrorCode>& reply);

    // --- for the host ------------------------------------------------------------------------------------------------

    void tick(Instant now) { deadlines_.run_due(now); }
    // When tick() is due.
    Instant next_deadline() const { return deadlines_.next(); }

    // To be called with `none` once all that was written so far is committed, else with why it won't be. In order.
    using Answer = std::function<void(ErrorCode)>;
    std::vector<Answer> take_answers() { return std::exchange(answers_, {}); }

    const CommittedOffsets& offsets() const { return offsets_; }
    const ClassicGroup* find(std::string_view group_id) const;
    size_t group_count() const { return groups_.size(); }
    void count_groups(GroupMetrics& metrics) const;

  private:
    using JoinRequest = wire::JoinGroupRequest;
    using JoinReply = Reply<wire::JoinGroupResponse>;

    template <class Response>
    void answer(Reply<Response> reply, Result<Response> response);
    void answer_join_error(JoinReply reply, std::string_view member_id, ErrorCode error);
    void answer_sync_error(Reply<wire::SyncGroupResponse> reply, ErrorCode error);

    ErrorCode write(const Records& records);
    // What need not be written as a whole: no log takes it in one batch if a group has very many offsets.
    ErrorCode write_in_batches(const Records& records);
    // Nobody asked for it, so nobody can be told if it fails: memory goes on without the log.
    void write_or_go_on(const ClassicGroup& group);
    bool apply_offset(const Record& record, Offset offset);
    bool apply_group(const Record& record);
    ClassicGroup* find(std::string_view group_id);
    ClassicGroup& create(std::string_view group_id);

    void join_known(const JoinRequest& request, const Client& client, ClassicGroup& group, JoinReply reply);
    void join_new(const JoinRequest& request, const Client& client, ClassicGroup& group, JoinReply reply);
    void join_again(const JoinRequest& request, const Client& client, ClassicGroup& group, JoinReply reply);
    void rejoin(const JoinRequest& request, const Client& client, ClassicGroup& group, JoinReply reply);
    void add_member(const JoinRequest& request, const Client& client, ClassicGroup& group, std::string member_id,
                    JoinReply reply);
    void restart_static_member(const JoinRequest& request, const Client& client, ClassicGroup& group,
                               const std::string& old_id, JoinReply reply);
    void keep_generation(const JoinRequest& request, const Client& client, ClassicGroup& group, Member& member,
                         Member old, const std::optional<std::string>& old_leader, JoinReply reply);
    void update_and_rebalance(const JoinRequest& request, const Client& client, ClassicGroup& group, Member& member,
                              JoinReply reply);
    void answer_current_generation(const ClassicGroup& group, const Member& member, JoinReply reply);
    bool accepts(const ClassicGroup& group, std::string_view member_id) const;
    ErrorCode reason_full(const ClassicGroup& group, const JoinRequest& request, const Client& client) const;

    void rebalance_or_complete(ClassicGroup& group);
    void prepare_rebalance(ClassicGroup& group);
    void complete_join_if_all_are_there(ClassicGroup& group);
    void complete_join(ClassicGroup& group);
    void begin_generation(ClassicGroup& group);
    void extend_initial_delay(const std::string& group_id, Milliseconds delay, Milliseconds remaining);
    void give_assignments(ClassicGroup& group, ErrorCode error);
    void sync_expired(const std::string& group_id);
    void leader_synced(ClassicGroup& group, const wire::SyncGroupRequest& request);
    ErrorCode leave(ClassicGroup& group, const wire::LeaveGroupRequest::Member& leaving);
    void remove_member(ClassicGroup& group, const std::string& member_id);

    void start_session(const ClassicGroup& group, Member& member);
    void extend_session(Member& member) { extend_session(member, Milliseconds(member.session_timeout_ms)); }
    void extend_session(Member& member, Milliseconds timeout) { member.session.set(clock().now() + timeout); }
    void session_expired(const std::string& group_id, const std::string& member_id);
    void await_return(const JoinRequest& request, ClassicGroup& group, const std::string& member_id);
    void forget_pending_join(const std::string& group_id, const std::string& member_id);
    void forget_if_unused(std::string_view group_id);
    std::string new_member_id(std::string_view prefix);

    ErrorCode check_commit(const wire::OffsetCommitRequest& request, wire::Version version);

    void sweep();
    void sweep_group(std::string_view group_id, Records& tombstones);
    bool expire_offsets(const ClassicGroup& group, const CommittedOffsets::Topics& topics, Records& tombstones) const;

    env::Clock& clock() const { return environment_.clock; }

    const Environment environment_;
    const Config config_;
    Deadlines deadlines_;
    PendingJoins pending_joins_;
    std::map<std::string, std::unique_ptr<ClassicGroup>, std::less<>> groups_;
    CommittedOffsets offsets_;
    std::vector<Answer> answers_;

    struct Pending {
        Record record;
        Offset offset;
    };
    std::map<ProducerId, std::vector<Pending>> transactions_;

    // A walk over all groups, a few at a time, that expires offsets and forgets those of deleted topics.
    struct Sweep {
        std::string next_group;
        std::set<std::pair<std::string, Uuid>> deleted_topics;
        bool expires = false;
    };
    std::optional<Sweep> sweep_;
    Deadline sweep_deadline_;
    Deadline expiry_deadline_;
};

template <class Response>
void Coordinator::answer(Reply<Response> reply, Result<Response> response) {
    answers_.push_back([reply = std::move(reply), response = std::move(response)](ErrorCode error) mutable {
        reply(error == ErrorCode::none ? std::move(response) : Result<Response>(unexpected(error)));
    });
}

}  // namespace milena::group
