// What a log knows of the producers that write to it: enough to recognise a batch that was sent twice (KIP-98, KIP-360)
// and to know which transactions are open. Owned by one log. `decide` changes nothing; `apply` takes in a
// batch that has been appended and cannot fail, so that replaying the log gives the same state.
//
// Its snapshot, `<offset>.snapshot`, is Kafka's ProducerSnapshot version 1:
//     version int16 = 1 | crc32c uint32 of what follows | count int32 | count × entry of 46 bytes:
//     producer id int64 | epoch int16 | last sequence int32 | last offset int64 | offset delta int32 | timestamp int64
//     | coordinator epoch int32 | first offset of the open transaction int64, -1: none
// Kafka writes one entry for a producer, with its last batch; so the repetition of an earlier one, whose answer was
// lost when the broker stopped, makes its client begin anew and doubles the record. Here a producer has an entry for
// each batch that is remembered, in their order. Kafka reads such a file as its own: the last entry of a producer
// counts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/record_batch.h"

namespace milena::storage {

enum class AppendOrigin : uint8_t {
    client,       // sequence numbers are checked
    coordinator,  // writes on a producer's behalf, without sequence numbers: the epoch is checked
    replication,  // was checked by the leader
};

struct ProducerBatch {
    int32_t last_sequence = wire::no_sequence;
    int32_t offset_delta = 0;
    Offset last_offset = no_offset;
    Timestamp timestamp = no_timestamp;

    Offset first_offset() const { return last_offset - offset_delta; }
    int32_t first_sequence() const;
};

struct ProducerEntry {
    static constexpr size_t batches_max = 5;  // as many as an idempotent producer may have in flight

    ProducerId id = no_producer_id;
    int16_t epoch = wire::no_producer_epoch;
    uint8_t batch_count = 0;
    int32_t coordinator_epoch = -1;
    Timestamp last_timestamp = no_timestamp;
    Offset transaction_first_offset = no_offset;     // none: no transaction is open here
    std::array<ProducerBatch, batches_max> batches;  // the latest ones of this epoch, oldest first
    // Why what comes next wasn't taken when it came; not in snapshots.
    ErrorCode refused = ErrorCode::none;

    // The oldest is forgotten for it where there are as many already.
    void add(const ProducerBatch& batch);
    const ProducerBatch* last_batch() const { return batch_count == 0 ? nullptr : &batches[batch_count - 1U]; }
    int32_t last_sequence() const { return batch_count == 0 ? wire::no_sequence : last_batch()->last_sequence; }
};

// The record of a control batch that ends a transaction.
struct EndTransactionMarker {
    bool is_commit = false;
    int32_t coordinator_epoch = -1;
};

// A transaction that ended with the marker at `last_offset`.
struct CompletedTransaction {
    ProducerId producer_id;
    Offset first_offset;
    Offset last_offset;
    bool was_aborted = false;
};

class ProducerState {
  public:
    // The earlier batch if this one is a repetition; an error that the producer gets; or nothing: append it.
    Result<std::optional<ProducerBatch>> decide(const wire::BatchHeader& batch, AppendOrigin origin) const;
    Result<void> decide(const wire::BatchHeader& batch, const EndTransactionMarker& marker, AppendOrigin origin) const;

    void apply(const wire::BatchHeader& batch);
    // The batch isn't taken now, although it is the one to append. Until it comes again, those behind it that are on
    // their way are refused for the same reason: told that they are out of order, a client begins a new epoch, in which
    // what it has in the log already, and waits to hear of, would be appended once more.
    void refused(const wire::BatchHeader& batch, ErrorCode why);
    // Nothing if no transaction of this producer was open.
    std::optional<CompletedTransaction> apply(const wire::BatchHeader& batch, const EndTransactionMarker& marker);

    // The first offset that a reader of committed data may not see: the beginning of a transaction that is open, or
    // whose end is not below the high watermark yet.
    std::optional<Offset> first_unstable_offset(Offset high_watermark) const;
    // The last stable offset as it was when `ended` ended, which the transaction index remembers.
    Offset last_stable_offset(const CompletedTransaction& ended) const;
    void high_watermark_moved(Offset high_watermark);

    // Producers without an open transaction that wrote nothing since `before`.
    void expire(Timestamp before);

    bool empty() const { return producers_.empty(); }
    size_t count() const { return producers_.size(); }
    const ProducerEntry* find(ProducerId id) const;
    std::vector<ProducerEntry> entries() const;  // by producer id

    Bytes to_snapshot() const;
    static std::optional<ProducerState> parse_snapshot(std::span<const std::byte> bytes);

  private:
    struct Transaction {
        ProducerId producer_id;
        Offset first_offset;
        Offset last_offset = no_offset;  // of its marker; none while it is open
    };

    ProducerEntry& entry_of(const wire::BatchHeader& batch);

    std::unordered_map<ProducerId, ProducerEntry> producers_;
    std::vector<Transaction> open_;          // by first offset
    std::vector<Transaction> unreplicated_;  // ended, but the marker is not below the high watermark; by first offset
};

}  // namespace milena::storage
