#include "sim/cluster/clients.h"

#include <algorithm>
#include <utility>

#include "base/big_endian.h"
#include "wire/record.h"
#include "wire/record_batch_builder.h"

namespace milena::sim::cluster {
namespace {

constexpr size_t in_flight_max = 5;
constexpr int refusals_until_stuck = 400;
constexpr Duration pause_max = std::chrono::milliseconds(150);
constexpr Duration rest_max = std::chrono::seconds(4);  // a log that doesn't grow has states of its own
constexpr uint64_t one_rest_in = 60;
constexpr Duration retry_after = std::chrono::milliseconds(150);
constexpr Duration poll_interval = std::chrono::milliseconds(40);
constexpr Duration refresh_interval = std::chrono::milliseconds(500);
constexpr Duration refresh_interval_min = std::chrono::milliseconds(30);
constexpr uint64_t polls_until_repeated = 10;
constexpr uint64_t one_read_from_a_follower_in = 8;
constexpr int64_t producer_ids_apart = 1'000'000;

}  // namespace

// --- what clients know -----------------------------------------------------------------------------------------------

void ClientMetadata::start() {
    ask();
    network_.world().after(refresh_interval, [this] { start(); });
}

void ClientMetadata::refresh() {
    if (network_.world().clock.now() - asked_at_ >= refresh_interval_min) ask();
}

void ClientMetadata::ask() {
    asked_at_ = network_.world().clock.now();
    const auto& machines = network_.machines();
    const auto at = std::next(machines.begin(), static_cast<ptrdiff_t>(network_.world().random.below(machines.size())));
    network_.from_client(at->first, [this](SimNode& node) {
        const auto image = node.image();
        if (image) network_.to_client(node.id(), [this, image] { take(*image); });
    });
}

void ClientMetadata::take(const metadata::Image& image) {
    for (size_t i = 0; i < leaders_.size(); ++i) {
        const PartitionIndex place(static_cast<int32_t>(i));
        const metadata::PartitionImage* partition = partition_at(image, place);
        if (partition == nullptr || partition->leader_epoch < leaders_[i].epoch) continue;
        if (partition->leader_epoch > leaders_[i].epoch && leaders_[i].epoch != no_leader_epoch)
            coverage_.mark("leader change");
        keys_[i] = *key_at(image, place);
        leaders_[i] = {partition->leader, partition->leader_epoch, partition->replicas};
    }
}

std::optional<ClientMetadata::Leader> ClientMetadata::leader(PartitionIndex place) const {
    const Leader& leader = leaders_[static_cast<size_t>(place.value)];
    return leader.node == no_node ? std::nullopt : std::optional(leader);
}

// --- producers -------------------------------------------------------------------------------------------------------

ClusterProducer::ClusterProducer(World world, uint32_t number, PartitionIndex partition)
    : world_(std::move(world)),
      number_(number),
      partition_(partition),
      id_{producer_ids_apart * (static_cast<int64_t>(number) + 1)} {}

void ClusterProducer::produce_some() {
    if (is_stopped_) return;
    // The broker takes the first batch of a producer that it doesn't know with any sequence number, as Kafka does: only
    // one is on its way until one has arrived.
    SimRandom& random = world_.network.world().random;
    if (in_flight_.size() < (is_known_ ? in_flight_max : 1)) {
        auto batch = std::make_shared<Batch>();
        batch->base_sequence = next_sequence_;
        batch->timestamp = world_.network.world().clock.wall();
        const size_t records = 1 + random.below(world_.records_max);
        for (size_t i = 0; i < records; ++i)
            batch->values.push_back((Value{number_} + 1) << producer_shift | ++next_value_);
        next_sequence_ += static_cast<int32_t>(records);
        in_flight_.push_back(batch);
        send(batch);
    }
    world_.network.world().after(random.up_to(random.one_in(one_rest_in) ? rest_max : pause_max),
                                 [this] { produce_some(); });
}

Bytes ClusterProducer::encode(const Batch& batch) const {
    wire::BatchOptions options;
    options.producer_id = id_;
    options.producer_epoch = 0;
    options.base_sequence = batch.base_sequence;
    wire::RecordBatchBuilder builder(options);
    for (const Value value : batch.values) {
        std::array<std::byte, 64> payload{};
        store_big_endian(payload.data(), value);
        wire::NewRecord record;
        record.timestamp = batch.timestamp;
        record.value = payload;
        builder.add(record);
    }
    return Bytes::from(builder.build());
}

void ClusterProducer::send(const BatchPtr& batch) {
    const uint64_t attempt = ++batch->attempt;
    const auto leader = world_.metadata.leader(partition_);
    if (!leader) world_.metadata.refresh();
    if (leader) {
        world_.network.from_client(leader->node, [this, batch](SimNode& node) {
            // A broker that has forgotten the producer takes what comes late for something new: part of what is
            // forgiven.
            if (batch->is_done && world_.history.is_forgiven(partition_)) return;
            node.produce(world_.metadata.key(partition_), encode(*batch),
                         [this, batch, from = node.id()](const replica::ProduceOutcome& outcome) {
                             if (outcome.error == ErrorCode::none)
                                 world_.acknowledged(from, partition_, outcome.last_offset + 1);
                             const uint64_t generation = world_.history.generation(partition_);
                             world_.network.to_client(
                                 from, [this, batch, generation, outcome] { answered(batch, generation, outcome); });
                         });
        });
    }
    world_.network.world().after(retry_after, [this, batch, attempt] {
        if (batch->is_done || batch->attempt != attempt) return;
        world_.metadata.refresh();
        send(batch);
    });
}

void ClusterProducer::answered(const BatchPtr& batch, uint64_t generation, const replica::ProduceOutcome& outcome) {
    if (batch->is_done || generation != world_.history.generation(partition_)) return;
    const bool was_there_already = outcome.error == ErrorCode::duplicate_sequence_number;
    if (outcome.error != ErrorCode::none && !was_there_already) return refused(batch, outcome.error);
    acknowledged(batch, outcome);
}

// Sent again by the timer. A sequence error of the first batch in flight never heals by itself.
void ClusterProducer::refused(const BatchPtr& batch, ErrorCode error) {
    world_.coverage.mark("produce refused");
    world_.network.world().trace("refused", static_cast<int64_t>(error), partition_.value, batch->base_sequence);
    world_.metadata.refresh();
    const bool is_sequence_error =
        error == ErrorCode::out_of_order_sequence_number || error == ErrorCode::unknown_producer_id;
    if (!is_sequence_error || batch != in_flight_.front()) return;
    if (world_.history.is_forgiven(partition_)) return reset();
    if (++refusals_in_a_row_ == refusals_until_stuck)
        world_.complain("a producer's sequence was lost in partition " + std::to_string(partition_.value));
}

void ClusterProducer::acknowledged(const BatchPtr& batch, const replica::ProduceOutcome& outcome) {
    refusals_in_a_row_ = 0;
    is_known_ = true;
    batch->is_done = true;
    world_.network.world().trace("acknowledged", partition_.value, outcome.base_offset.value, batch->base_sequence);
    for (size_t i = 0; i < batch->values.size(); ++i) {
        if (outcome.error == ErrorCode::none)
            world_.history.acknowledged(partition_, outcome.base_offset + static_cast<int64_t>(i), batch->values[i]);
        else
            world_.history.acknowledged_somewhere(partition_, batch->values[i]);
    }
    // In order: a broker remembers the last five batches, so none may run further ahead of one that is unanswered.
    while (!in_flight_.empty() && in_flight_.front()->is_done) in_flight_.pop_front();
}

// What was in flight is given up: it may be in the log or not, but never twice.
void ClusterProducer::reset() {
    ++id_;
    is_known_ = false;
    next_sequence_ = 0;
    for (const BatchPtr& batch : in_flight_) batch->is_done = true;
    in_flight_.clear();
}

// --- consumers -------------------------------------------------------------------------------------------------------

void ClusterConsumer::start_over() {
    begin_at(Offset{0});
    keeps_values_ = true;
}

void ClusterConsumer::begin_at(Offset log_start) {
    position_ = log_start_ = log_start;
    values_.clear();
    is_at_end_ = false;
    is_waiting_ = false;
    ++question_;
}

void ClusterConsumer::poll() {
    // An answer that was lost with its process is asked for again.
    if (is_waiting_ && ++polls_since_ > polls_until_repeated) {
        is_waiting_ = false;
        world_.metadata.refresh();
    }
    const auto leader = world_.metadata.leader(partition_);
    if (!leader) world_.metadata.refresh();
    if (leader && !is_waiting_) ask(*leader);
    world_.network.world().after(poll_interval, [this] { poll(); });
}

void ClusterConsumer::ask(const ClientMetadata::Leader& leader) {
    is_waiting_ = true;
    polls_since_ = 0;
    generation_ = world_.history.generation(partition_);
    SimRandom& random = world_.network.world().random;
    replica::FetchRequest request;
    request.from = position_;
    request.current_leader_epoch = leader.epoch;
    request.bytes_max = 4096;
    request.at_least_one = true;
    NodeId from = leader.node;
    // What followers have after a loss that was forgiven may be of the past that was lost.
    const bool may_ask_follower = !keeps_values_ && !world_.history.is_forgiven(partition_);
    if (may_ask_follower && random.one_in(one_read_from_a_follower_in)) {
        from = leader.replicas[random.below(leader.replicas.size())];
        request.leader_only = false;
    }
    world_.network.from_client(from, [this, request, leader, from, question = ++question_](SimNode& node) {
        node.fetch(world_.metadata.key(partition_), request,
                   [this, from, leader, question](const replica::FetchOutcome& outcome) {
                       world_.network.to_client(from, [this, from, leader, question, outcome] {
                           if (question != question_ || !is_waiting_) return;
                           is_waiting_ = false;
                           const bool is_from_leader = from == leader.node;
                           if (is_from_leader && outcome.error == ErrorCode::offset_out_of_range)
                               return out_of_range(leader);
                           got(is_from_leader, outcome);
                       });
                   });
    });
}

void ClusterConsumer::got(bool is_from_leader, const replica::FetchOutcome& outcome) {
    if (generation_ != world_.history.generation(partition_)) return;
    if (outcome.error != ErrorCode::none) return world_.metadata.refresh();
    if (!is_from_leader && !outcome.records.empty()) world_.coverage.mark("read from a follower");
    for (const Piece& part : outcome.records) take(part.memory());
    if (is_from_leader) is_at_end_ = position_ == outcome.high_watermark;
}

// What lies there was deleted, or lost: goes on at the log start.
void ClusterConsumer::out_of_range(const ClientMetadata::Leader& leader) {
    SimNode* node = world_.network.process(leader.node);
    replica::Replica* replica = node == nullptr ? nullptr : node->find(world_.metadata.key(partition_));
    if (replica == nullptr || !replica->is_leader() || replica->leader_epoch() != leader.epoch) return;
    const Offset start = replica->log().log_start_offset();
    const bool is_behind_end = position_ > replica->log().log_end_offset();
    if (is_behind_end && !world_.history.is_forgiven(partition_))
        world_.complain("the log of partition " + std::to_string(partition_.value) + " ended before offset " +
                        std::to_string(position_.value) + ", which a consumer had read");
    if (position_ < start || is_behind_end) begin_at(start);
}

void ClusterConsumer::take(const Bytes& part) {
    wire::BatchCursor cursor(part.span());
    for (;;) {
        const auto batch = cursor.next();
        if (!batch.has_value()) return world_.complain("a consumer got a malformed batch");
        if (!*batch) return;
        if (!wire::crc_matches((*batch)->bytes)) return world_.complain("a consumer got a corrupt batch");
        if ((*batch)->header.next_offset() <= position_) continue;
        if ((*batch)->header.base_offset > position_)
            return world_.complain("offsets have a gap in partition " + std::to_string(partition_.value) +
                                   " before offset " + std::to_string((*batch)->header.base_offset.value));
        wire::RecordCursor records((*batch)->header, wire::records_section((*batch)->bytes));
        for (;;) {
            const auto record = records.next();
            if (!record.has_value()) return world_.complain("a consumer got a malformed record");
            if (!*record) break;
            if ((*record)->offset < position_) continue;
            const auto value = load_big_endian<Value>((*record)->value->data());
            world_.history.read(partition_, (*record)->offset, value);
            if (keeps_values_) values_.emplace((*record)->offset, value);
        }
        position_ = (*batch)->header.next_offset();
    }
}

}  // namespace milena::sim::cluster
