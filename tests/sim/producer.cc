#include "sim/producer.h"

#include <algorithm>
#include <utility>

#include "base/big_endian.h"
#include "wire/record_batch_builder.h"

namespace milena::sim {
namespace {

constexpr size_t in_flight_max = 5;
constexpr size_t records_max = 8;
constexpr int refusals_until_stuck = 200;
constexpr Duration producer_pause_max = std::chrono::milliseconds(60);
constexpr Duration retry_after = std::chrono::milliseconds(150);
constexpr int64_t producer_ids_apart = 1'000'000;

}  // namespace

void Network::send(const std::function<void()>& deliver) {
    const int copies = repeats_one_in != 0 && world.random.one_in(repeats_one_in) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        if (loses_one_in != 0 && world.random.one_in(loses_one_in)) continue;
        world.after(world.random.up_to(delay_max), [this, deliver, lost = connections_lost] {
            if (lost == connections_lost) deliver();
        });
    }
}

Producer::Producer(Network& network, Checker& checker, uint32_t number, PartitionIndex partition)
    : network_(network),
      checker_(checker),
      partition_(partition),
      id_{producer_ids_apart * (number + 1)},
      number_(number) {}

void Producer::produce_some() {
    if (is_stopped_) return;
    // The broker takes the first batch of a producer that it doesn't know with any sequence number, as Kafka does: only
    // one is on its way until one has arrived.
    if (in_flight_.size() < (is_known_ ? in_flight_max : 1)) {
        auto batch = std::make_shared<Batch>();
        batch->base_sequence = next_sequence_;
        batch->timestamp = network_.world.clock.wall();
        const size_t records = 1 + network_.world.random.below(records_max);
        for (size_t i = 0; i < records; ++i) batch->values.push_back(Value{number_ + 1} << 32 | ++next_value_);
        next_sequence_ += static_cast<int32_t>(records);
        in_flight_.push_back(batch);
        send(batch);
    }
    network_.world.after(network_.world.random.up_to(producer_pause_max), [this] { produce_some(); });
}

Bytes Producer::encode(const Batch& batch) const {
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
        std::array<std::byte, 8> key{};
        store_big_endian(key.data(), key_of(value));
        if (checker_.allows_compaction()) record.key = key;
        builder.add(record);
    }
    return Bytes::from(builder.build());
}

void Producer::send(const BatchPtr& batch) {
    const uint64_t attempt = ++batch->attempt;
    const auto deliver = [this, batch] {
        SimBroker* broker = network_.broker();
        // A broker that has forgotten the producer takes what comes late for something new: part of what is forgiven.
        if (broker == nullptr || (batch->is_done && may_reset_)) return;
        broker->produce(partition_, encode(*batch), [this, batch](const replica::ProduceOutcome& outcome) {
            network_.send([this, batch, outcome] { answered(batch, outcome); });
        });
    };
    network_.send(deliver);
    network_.world.after(retry_after, [this, batch, attempt] {
        if (!batch->is_done && batch->attempt == attempt) send(batch);
    });
}

void Producer::answered(const BatchPtr& batch, const replica::ProduceOutcome& outcome) {
    if (batch->is_done) return;
    if (outcome.error != ErrorCode::none) {
        network_.world.trace("refused", static_cast<int64_t>(outcome.error), partition_.value, batch->base_sequence);
        // Sent again by the timer. A sequence error of the first batch in flight never heals by itself.
        const bool is_sequence_error =
            outcome.error == ErrorCode::out_of_order_sequence_number || outcome.error == ErrorCode::unknown_producer_id;
        if (!is_sequence_error || batch != in_flight_.front()) return;
        if (++refusals_in_a_row_ > refusals_until_stuck) checker_.complain("a producer's sequence was lost");
        if (may_reset_) reset();
        return;
    }
    refusals_in_a_row_ = 0;
    is_known_ = true;
    batch->is_done = true;
    network_.world.trace("acknowledged", partition_.value, outcome.base_offset.value, batch->base_sequence);
    for (size_t i = 0; i < batch->values.size(); ++i)
        checker_.acknowledged(partition_, outcome.base_offset + static_cast<int64_t>(i), batch->values[i]);
    // In order: a broker remembers the last five batches, so none may run further ahead of one that is unanswered.
    while (!in_flight_.empty() && in_flight_.front()->is_done) in_flight_.pop_front();
}

// What was in flight is given up: it may be in the log or not, but never twice.
void Producer::reset() {
    ++id_;
    is_known_ = false;
    next_sequence_ = 0;
    for (const BatchPtr& batch : in_flight_) batch->is_done = true;
    in_flight_.clear();
}

}  // namespace milena::sim
