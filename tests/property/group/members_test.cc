// Random members of one group, against a coordinator under virtual time that crashes and is loaded again: consumers as
// they behave, who join, synchronise, commit, leave, fall silent and come back, some of them with an instance id.
//
// What must hold however it goes: in one generation no partition is given to two members; only who belongs to it learns
// of it; what was committed and answered is there after a crash; and once everybody is left in peace, all who are left
// are in one stable generation that covers every partition.
#include <map>
#include <memory>
#include <set>

#include "cases.h"
#include "unit/group/coordinator_fixture.h"

namespace milena::group {
namespace {

constexpr int partitions_count = 12;
constexpr std::string_view topic = "orders";

// Partitions as the letters of a text, spread over the members.
std::string share_of(size_t member, size_t members_count) {
    std::string share;
    for (size_t i = member; i < partitions_count; i += members_count) share += static_cast<char>('a' + i);
    return share;
}

class Group;

// One consumer. Every answer is taken when it comes; one that comes for an earlier request is dropped, as by a client
// that has given up waiting.
class Consumer {
  public:
    Consumer(Group& group, int number) : group_(group) {
        if (number % 3 == 0) instance_id_ = "instance-" + std::to_string(number);
    }

    void join();
    void sync(const wire::JoinGroupResponse& joined);
    void heartbeat();
    void commit();
    void leave();
    void crash() { ++attempt_, phase_ = Phase::gone; }
    void restart() {
        if (phase_ != Phase::gone) return;
        member_id_.clear();
        join();
    }
    // The answers that were under way are lost, and the client asks anew.
    void disconnect() {
        if (phase_ == Phase::gone) return;
        phase_ = Phase::idle;
        join();
    }

    bool is_gone() const { return phase_ == Phase::gone; }
    bool is_stable() const { return phase_ == Phase::stable; }
    int32_t generation() const { return generation_; }
    const std::string& assignment() const { return assignment_; }

  private:
    enum class Phase { gone, idle, joining, syncing, stable };

    void failed(ErrorCode error);

    Group& group_;
    std::optional<std::string> instance_id_;
    Phase phase_ = Phase::gone;
    int attempt_ = 0;  // answers to earlier ones don't count
    std::string member_id_;
    int32_t generation_ = -1;
    std::string assignment_;
    int64_t next_offset_ = 0;
};

class Group : public CoordinatorFixture {
  public:
    void start(uint64_t seed, int consumers_count) {
        random = sim::SimRandom(seed);
        config.initial_rebalance_delay = Milliseconds(random.below(2) * 1'000);
        begin();
        for (int i = 0; i < consumers_count; ++i) consumers.push_back(std::make_unique<Consumer>(*this, i));
    }
    void crash_coordinator() {
        // What was not yet answered never will be.
        (void)coordinator->take_answers();
        reload();
        for (const auto& [name, offset] : answered_commits)
            ASSERT_GE(committed_offset(name), offset) << "a commit that was answered is lost";
        for (const auto& consumer : consumers) consumer->disconnect();
    }
    int64_t committed_offset(int32_t partition) const {
        const CommittedOffset* found = coordinator->offsets().find("group", topic, PartitionIndex(partition));
        return found == nullptr ? -1 : found->offset.value;
    }
    // Two members of one generation may not have one partition.
    void assigned(int32_t generation, const std::string& who, const std::string& assignment) {
        for (const char partition : assignment) {
            const auto [owner, is_new] = owners[generation].emplace(partition, who);
            ASSERT_TRUE(is_new || owner->second == who) << "generation " << generation << ": partition " << partition
                                                        << " of " << owner->second << " and " << who;
        }
    }
    // Answers go out in small groups, in order, some of them much later: nothing else may rest on when they arrive.
    void step(Duration duration) {
        pass(duration);
        deliver();
    }

    std::vector<std::unique_ptr<Consumer>> consumers;
    std::map<int32_t, std::map<char, std::string>> owners;  // by generation
    std::map<int32_t, int64_t> answered_commits;            // by partition
};

void Consumer::failed(ErrorCode error) {
    phase_ = Phase::idle;
    if (error == ErrorCode::unknown_member_id || error == ErrorCode::fenced_instance_id) member_id_.clear();
}

void Consumer::join() {
    phase_ = Phase::joining;
    const int attempt = ++attempt_;
    auto request = CoordinatorFixture::request(member_id_);
    if (instance_id_) request.group_instance_id = *instance_id_;
    const Client client{"c", "/127.0.0.1", 9};
    group_.coordinator->join_group(request, client, [this, attempt](const Result<wire::JoinGroupResponse>& joined) {
        if (attempt != attempt_) return;
        if (!joined.has_value()) return failed(joined.error());
        member_id_ = joined->member_id;
        if (joined->error_code == ErrorCode::member_id_required) return join();
        if (joined->error_code != ErrorCode::none) return failed(joined->error_code);
        sync(*joined);
    });
}

void Consumer::sync(const wire::JoinGroupResponse& joined) {
    phase_ = Phase::syncing;
    const int attempt = ++attempt_;
    generation_ = joined.generation_id;
    wire::SyncGroupRequest request;
    request.group_id = "group";
    request.generation_id = generation_;
    request.member_id = member_id_;
    if (instance_id_) request.group_instance_id = *instance_id_;
    if (joined.leader == member_id_ && !joined.skip_assignment)
        for (size_t i = 0; i < joined.members.size(); ++i)
            request.assignments.push_back({joined.members[i].member_id, bytes_of(share_of(i, joined.members.size()))});
    group_.coordinator->sync_group(request, [this, attempt](const Result<wire::SyncGroupResponse>& synced) {
        if (attempt != attempt_) return;
        if (!synced.has_value()) return failed(synced.error());
        if (synced->error_code != ErrorCode::none) return failed(synced->error_code);
        phase_ = Phase::stable;
        assignment_ = synced->assignment.view();
        group_.assigned(generation_, instance_id_.value_or(member_id_), assignment_);
    });
}

void Consumer::heartbeat() {
    if (phase_ == Phase::idle) return join();
    if (phase_ != Phase::stable && phase_ != Phase::syncing) return;
    const int attempt = attempt_;
    wire::HeartbeatRequest request;
    request.group_id = "group";
    request.generation_id = generation_;
    request.member_id = member_id_;
    if (instance_id_) request.group_instance_id = *instance_id_;
    group_.coordinator->heartbeat(request, [this, attempt](const Result<wire::HeartbeatResponse>& alive) {
        if (attempt != attempt_) return;
        if (!alive.has_value()) return failed(alive.error());
        if (alive->error_code == ErrorCode::rebalance_in_progress) return join();
        if (alive->error_code != ErrorCode::none) failed(alive->error_code);
    });
}

void Consumer::commit() {
    if (phase_ != Phase::stable || assignment_.empty()) return;
    const int32_t partition = assignment_.front() - 'a';
    const int64_t offset = std::max(group_.committed_offset(partition), next_offset_) + 1;
    next_offset_ = offset;
    auto request = CoordinatorFixture::commit_request(topic, offset, member_id_, generation_);
    if (instance_id_) request.group_instance_id = *instance_id_;
    request.topics.front().partitions.front().partition_index = partition;
    group_.coordinator->commit_offsets(request, 9, [this, partition, offset](const auto& committed) {
        if (!committed.has_value()) return;
        int64_t& answered = group_.answered_commits[partition];
        answered = std::max(answered, offset);
    });
}

void Consumer::leave() {
    if (phase_ == Phase::gone) return;
    ++attempt_;
    phase_ = Phase::gone;
    if (instance_id_) return;  // static members go without a word
    wire::LeaveGroupRequest request;
    request.group_id = "group";
    request.members.push_back({.member_id = member_id_});
    group_.coordinator->leave_group(request, [](const Result<wire::LeaveGroupResponse>&) {});
}

class Members : public Group, public testing::WithParamInterface<uint64_t> {};

TEST_P(Members, end_in_one_generation_in_which_every_partition_has_one_owner) {
    start(GetParam(), 7);
    for (int i = 0; i < 1'500; ++i) {
        Consumer& consumer = *consumers[random.below(consumers.size())];
        switch (random.below(20)) {
            case 0: consumer.leave(); break;
            case 1: consumer.crash(); break;
            case 2: consumer.restart(); break;
            case 3: consumer.restart(); break;
            case 4: consumer.disconnect(); break;
            case 5:
            case 6:
            case 7:
            case 8: consumer.commit(); break;
            case 9:
                if (random.one_in(20)) crash_coordinator();
                break;
            case 10: journal.refusal = random.one_in(3) ? ErrorCode::not_enough_replicas : ErrorCode::none; break;
            default: consumer.heartbeat(); break;
        }
        step(random.up_to(std::chrono::seconds(1)));
        if (HasFatalFailure()) return;
    }
    journal.refusal = ErrorCode::none;
    for (const auto& consumer : consumers)
        if (random.one_in(2)) consumer->restart();
    // In peace, until the sessions of those who went without a word are over, and their rebalance too.
    for (int i = 0; i < 300; ++i) {
        for (const auto& consumer : consumers) consumer->heartbeat();
        step(std::chrono::seconds(1));
    }
    std::string covered;
    std::set<int32_t> generations;
    for (const auto& consumer : consumers) {
        if (consumer->is_gone()) continue;
        EXPECT_TRUE(consumer->is_stable());
        generations.insert(consumer->generation());
        covered += consumer->assignment();
    }
    if (generations.empty()) return;
    EXPECT_EQ(generations.size(), 1U);
    EXPECT_EQ(state(), ClassicState::stable);
    std::ranges::sort(covered);
    EXPECT_EQ(covered, share_of(0, 1));
    crash_coordinator();
}

INSTANTIATE_TEST_SUITE_P(Seeds, Members, testing::Range(uint64_t{1}, 1 + cases(100)));

}  // namespace
}  // namespace milena::group
