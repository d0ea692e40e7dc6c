#include "replica/lag_reader.h"

#include <algorithm>
#include <utility>

#include "wire/record.h"
#include "wire/record_batch.h"

namespace milena::replica {
namespace {

constexpr Duration look_up_time_max = std::chrono::milliseconds(20);  // in one reading
constexpr size_t reads_max = 16;                                      // that wait for a device
constexpr size_t decompressed_bytes_max = 16U << 20;

// Of the first record of the batch that isn't below `first`. The newest one's of a batch that has none because of
// compaction, or is too large to look into.
Timestamp timestamp_in(const wire::BatchCursor::Batch& batch, Offset first, wire::Decompressor& with,
                       std::vector<std::byte>& memory) {
    const wire::BatchHeader& header = batch.header;
    const bool is_same = header.base_timestamp == header.max_timestamp && !header.has_delete_horizon();
    if (is_same || header.timestamp_type() == wire::TimestampType::log_append_time) return header.max_timestamp;
    const auto section = wire::uncompressed_records(batch.bytes, decompressed_bytes_max, with, memory);
    if (!section.has_value()) return header.max_timestamp;
    wire::RecordCursor records(header, *section);
    for (auto record = records.next(); record.has_value() && *record; record = records.next())
        if ((*record)->offset >= first) return (*record)->timestamp;
    return header.max_timestamp;
}

}  // namespace

LagReader::LagReader(PartitionTable& table, env::Clock& clock, wire::Codecs& codecs)
    : table_(table), clock_(clock), codecs_(codecs) {}

void LagReader::begin() {
    earlier_ = std::exchange(times_, {});
    look_up_time_ = {};
    decompressed_ = {};
}

std::optional<LagReader::Lag> LagReader::lag(const PartitionKey& key, Offset committed) {
    Replica* replica = table_.use(key).replica;
    if (replica == nullptr || replica->is_catching_up()) return std::nullopt;
    if (!replica->is_leader() && !replica->is_follower()) return std::nullopt;
    Lag lag{.records = replica->high_watermark() - committed, .time = Milliseconds(0)};
    // A follower learns a little later than the group how far it may read.
    if (replica->is_follower()) lag.records = std::max<int64_t>(lag.records, 0);
    const Offset first = std::max(committed, replica->log().log_start_offset());
    // Behind, and nothing left to read: the records were deleted before the group came to them.
    if (lag.records <= 0 || first >= replica->high_watermark()) return lag;
    lag.time.reset();
    const std::optional<Timestamp> timestamp = timestamp_at(*replica, first);
    if (timestamp && *timestamp != no_timestamp)
        lag.time = std::max(Milliseconds(clock_.wall() - *timestamp), Milliseconds(0));
    return lag;
}

std::optional<Timestamp> LagReader::timestamp_at(Replica& replica, Offset first) {
    const Position position{replica.key(), first};
    if (const auto earlier = earlier_.find(position); earlier != earlier_.end()) {
        times_.insert(*earlier);
        return earlier->second;
    }
    if (!times_.contains(position)) look_up(replica, position);
    const auto at = times_.find(position);
    return at == times_.end() ? std::nullopt : std::optional(at->second);
}

void LagReader::look_up(Replica& replica, const Position& position) {
    if (look_up_time_ >= look_up_time_max || being_read_.size() >= reads_max) return;
    if (!being_read_.insert(position).second) return;
    const Instant begin = clock_.now();
    const storage::ReadRequest request{
        .from = position.offset, .limit = replica.high_watermark(), .bytes_max = 1, .at_least_one = true};
    replica.log().read(request, [weak = std::weak_ptr(self_), position](const Result<storage::ReadBatches>& read) {
        if (const auto self = weak.lock()) (*self)->found(position, read);
    });
    look_up_time_ += clock_.now() - begin;
}

void LagReader::found(const Position& position, const Result<storage::ReadBatches>& read) {
    being_read_.erase(position);
    if (!read.has_value()) return;
    for (const Bytes& part : read->parts) {
        wire::BatchCursor cursor(part.span());
        for (auto batch = cursor.next(); batch.has_value() && *batch; batch = cursor.next()) {
            if ((*batch)->header.last_offset() < position.offset) continue;
            times_.insert_or_assign(position,
                                    timestamp_in(**batch, position.offset, codecs_.decompressor, decompressed_));
            return;
        }
    }
}

}  // namespace milena::replica
