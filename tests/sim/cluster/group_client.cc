#include "sim/cluster/group_client.h"

#include <utility>

namespace milena::sim::cluster {
namespace {

using FetchAnswer = wire::OffsetFetchResponse::Group;

constexpr Duration group_pause_max = std::chrono::milliseconds(300);
constexpr Duration patience = std::chrono::seconds(1);
constexpr uint64_t records_a_turn = 30;
constexpr wire::Version commit_version = 9;

}  // namespace

void GroupClient::turn() {
    World& world = world_.network.world();
    const bool is_lost = world.clock.now() - sent_at_ > patience;
    if (!is_waiting_ || is_lost) {
        if (is_waiting_) world_.metadata.refresh();
        if (is_stopped_ || world.random.one_in(3))
            fetch();
        else
            commit();
    }
    world.after(world.random.up_to(group_pause_max), [this] { turn(); });
}

GroupClient::Call GroupClient::next_call(Offset offset) {
    is_waiting_ = true;
    sent_at_ = world_.network.world().clock.now();
    return {++sent_, world_.history.generation(offsets_place), offset};
}

void GroupClient::send(const Call& call, const ClientMetadata::Leader& coordinator, Ask ask) {
    world_.network.from_client(coordinator.node, [this, number = call.number, ask = std::move(ask)](SimNode& node) {
        if (number > std::exchange(arrived_, std::max(arrived_, number))) ask(node);
    });
}

bool GroupClient::is_answer(const Call& call) {
    if (call.number != sent_ || !is_waiting_) return false;
    is_waiting_ = false;
    return call.generation == world_.history.generation(offsets_place);
}

void GroupClient::refused(const Call& call, NodeId from, ErrorCode error) {
    world_.network.to_client(from, [this, call, error] {
        if (!is_answer(call)) return;
        world_.network.world().trace("coordinator refused", static_cast<int64_t>(error));
        world_.metadata.refresh();
    });
}

void GroupClient::commit() {
    const auto coordinator = world_.metadata.leader(offsets_place);
    if (!coordinator) return world_.metadata.refresh();
    tried_ =
        std::max(tried_, Offset(0)) + 1 + static_cast<int64_t>(world_.network.world().random.below(records_a_turn));
    const Call call = next_call(tried_);
    send(call, *coordinator, [this, call](SimNode& node) {
        const auto reply = [this, call, from = node.id()](const Result<wire::OffsetCommitResponse>& answer) {
            const ErrorCode error =
                answer.has_value() ? answer->topics.front().partitions.front().error_code : answer.error();
            if (error != ErrorCode::none) return refused(call, from, error);
            world_.network.to_client(from, [this, call] {
                if (!is_answer(call)) return;
                world_.coverage.mark("offset commit");
                world_.network.world().trace("committed", call.offset.value);
                know(call, call.offset);
            });
        };
        const auto ask = [group = group_, call, reply](group::Coordinator& at) {
            wire::OffsetCommitRequest request;
            request.group_id = group;
            auto& topic = request.topics.emplace_back();
            topic.name = std::string_view(topic_name);
            topic.partitions.push_back({.partition_index = 0, .committed_offset = call.offset.value});
            at.commit_offsets(request, commit_version, reply);
        };
        node.ask_coordinator(world_.metadata.key(offsets_place), ask,
                             [this, call, from = node.id()](ErrorCode error) { refused(call, from, error); });
    });
}

void GroupClient::fetch() {
    const auto coordinator = world_.metadata.leader(offsets_place);
    if (!coordinator) return world_.metadata.refresh();
    const bool is_known = generation_ == world_.history.generation(offsets_place);
    const Call call = next_call(is_known ? committed_ : no_offset);
    send(call, *coordinator, [this, call](SimNode& node) {
        const auto reply = [this, call, from = node.id()](const Result<FetchAnswer>& answer) {
            const ErrorCode error = answer.has_value() ? answer->error_code : answer.error();
            if (error != ErrorCode::none) return refused(call, from, error);
            const Offset committed(answer->topics.front().partitions.front().committed_offset);
            world_.network.to_client(from, [this, call, committed] { told(call, committed); });
        };
        const auto ask = [group = group_, reply](group::Coordinator& at) {
            wire::OffsetFetchRequest::Group request;
            request.group_id = group;
            auto& topic = request.topics.emplace().emplace_back();
            topic.name = std::string_view(topic_name);
            topic.partition_indexes = {0};
            at.fetch_offsets(request, reply);
        };
        node.ask_coordinator(world_.metadata.key(offsets_place), ask,
                             [this, call, from = node.id()](ErrorCode error) { refused(call, from, error); });
    });
}

void GroupClient::told(const Call& call, Offset committed) {
    if (!is_answer(call)) return;
    world_.network.world().trace("told", committed.value, call.offset.value);
    if (committed < call.offset)
        world_.complain("monotonic committed offset: " + group_ + " is told " + std::to_string(committed.value) +
                        " after " + std::to_string(call.offset.value));
    if (committed > tried_)
        world_.complain("monotonic committed offset: " + group_ + " is told " + std::to_string(committed.value) +
                        ", which nobody has committed");
    know(call, committed);
    knows_end_ = is_stopped_;
}

// After a loss that was forgiven nothing is known of before.
void GroupClient::know(const Call& call, Offset committed) {
    committed_ = generation_ == call.generation ? std::max(committed_, committed) : committed;
    generation_ = call.generation;
}

}  // namespace milena::sim::cluster
