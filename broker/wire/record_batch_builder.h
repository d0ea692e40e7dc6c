// Builds one record batch from records: for internal logs, control records, compaction, tools and tests.
// One owner, one batch; never reads a clock and never checks what a producer may send (batch_validation.h).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "wire/compression.h"
#include "wire/record.h"
#include "wire/record_batch.h"

namespace milena::wire {

struct BatchOptions {
    Offset base_offset{0};
    LeaderEpoch partition_leader_epoch = no_leader_epoch;
    Codec codec = Codec::none;
    std::optional<int> compression_level;      // without one: the codec's default
    std::optional<Timestamp> log_append_time;  // the timestamp of all records instead of their own
    std::optional<Timestamp> delete_horizon;   // when compaction may drop the tombstones of this batch (KIP-534)
    ProducerId producer_id = no_producer_id;
    int16_t producer_epoch = no_producer_epoch;
    int32_t base_sequence = no_sequence;
    bool is_transactional = false;
    bool is_control = false;
};

struct NewRecord {
    Timestamp timestamp = no_timestamp;
    std::optional<std::span<const std::byte>> key;
    std::optional<std::span<const std::byte>> value;
    std::span<const RecordHeader> headers;
};

class RecordBatchBuilder {
  public:
    explicit RecordBatchBuilder(const BatchOptions& options);

    // At the offset behind the last one.
    void add(const NewRecord& record);
    // At an offset above the last one: compaction leaves gaps.
    void add_at(Offset offset, const NewRecord& record);
    // The batch reaches to this offset even if its last record doesn't: compaction keeps the range of a batch.
    void extend_to(Offset last_offset);

    size_t records_count() const { return static_cast<size_t>(header_.records_count); }
    // Of the batch if it were built now without compression.
    size_t size_bytes() const { return memory_.size(); }

    // The finished batch; the builder is spent. It needs the compressor only if the options name a codec.
    std::vector<std::byte> build();
    std::vector<std::byte> build(Compressor& compressor);

  private:
    std::vector<std::byte> finish(std::vector<std::byte> batch);

    BatchOptions options_;
    BatchHeader header_;
    std::vector<std::byte> memory_;  // the header's place and the records so far
};

}  // namespace milena::wire
