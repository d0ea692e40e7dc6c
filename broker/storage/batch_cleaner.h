// What compaction leaves of one batch, by Kafka's rules: of each key the record with the highest offset; a tombstone
// until its delete horizon has passed; nothing of aborted transactions, and of records without a key in what is
// covered by the offset map. The horizon is set when a tombstone, or the marker of a transaction of which nothing is
// left, is met for the first time (KIP-534). A batch keeps its offsets, its producer and its sequence.
// Pure; the caller reads and writes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/cleaned_transactions.h"
#include "storage/offset_map.h"
#include "wire/compression.h"
#include "wire/record.h"
#include "wire/record_batch.h"

namespace milena::storage {

class BatchCleaner {
  public:
    struct Rules {
        const OffsetMap& map;
        Offset mapped_end;  // every key below is in the map; batches beyond are left as they are
        Timestamp now;
        int64_t delete_retention_ms = 0;
    };
    enum class Fate : uint8_t { dropped, left, rebuilt };

    BatchCleaner(const Rules& rules, wire::Codecs& codecs) : rules_(rules), codecs_(codecs) {}

    // Of a whole batch whose checksum was right; `keeps_empty` if it must not go even without records. CORRUPT_MESSAGE:
    // it can't be read.
    Result<Fate> clean(const wire::BatchHeader& header, std::span<const std::byte> batch, bool keeps_empty);
    // Of the last batch that was rebuilt.
    std::vector<std::byte> take_rebuilt() { return std::move(rebuilt_); }

    CleanedTransactions& transactions() { return transactions_; }
    uint64_t records_read() const { return records_read_; }
    uint64_t records_kept() const { return records_kept_; }
    uint64_t records_without_key() const { return records_without_key_; }

  private:
    bool is_kept(const wire::BatchHeader& header, const wire::Record& record);
    Result<bool> select_records(const wire::BatchHeader& header, std::span<const std::byte> batch);
    Timestamp horizon_from_now() const;
    bool can_be_told_from(Timestamp base) const;
    void rebuild(const wire::BatchHeader& header, std::optional<Timestamp> delete_horizon);
    void empty(wire::BatchHeader header);

    const Rules rules_;
    wire::Codecs& codecs_;
    CleanedTransactions transactions_;
    std::vector<std::byte> memory_;   // of decompressed records
    std::vector<wire::Record> kept_;  // of the batch under way
    std::vector<wire::RecordHeader> headers_;
    std::vector<std::byte> rebuilt_;
    uint64_t records_read_ = 0;
    uint64_t records_kept_ = 0;
    uint64_t records_without_key_ = 0;
};

// More in one batch was never accepted.
inline constexpr size_t decompressed_batch_bytes_max = 256U << 20;

}  // namespace milena::storage
