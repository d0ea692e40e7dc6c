#include "replica/cleaner.h"

#include <algorithm>

#include "base/log.h"

namespace milena::replica {
namespace {

using storage::CleaningSlice;

// Between two slices requests are served.
constexpr Duration between_clean_slices = std::chrono::milliseconds(2);
constexpr int64_t backoff_ms_max = 3'600'000;
constexpr size_t slice_bytes_min = 64U << 10;
constexpr size_t slice_bytes_max = 1U << 20;
constexpr double cleaner_pause_ns_max = 3.6e12;  // an hour

}  // namespace

void Cleaner::configure(const settings::BrokerConfig& config, uint32_t shard_count) {
    is_enabled_ = config.log_cleaner_enable;
    backoff_ = std::clamp<Duration>(Milliseconds(std::min(config.log_cleaner_backoff_ms, backoff_ms_max)),
                                    between_clean_slices, Milliseconds(backoff_ms_max));
    bytes_per_second_ = config.log_cleaner_io_max_bytes_per_second / shard_count;
    limits_.map_bytes = static_cast<size_t>(std::max<int64_t>(config.log_cleaner_dedupe_buffer_size, 0)) / shard_count;
    limits_.map_load = config.log_cleaner_io_buffer_load_factor;
    // One half is for reading, the other for what is written.
    const auto io_bytes = static_cast<size_t>(config.log_cleaner_io_buffer_size) / shard_count / 2;
    limits_.slice_bytes = std::clamp(io_bytes, slice_bytes_min, slice_bytes_max);
}

void Cleaner::consider(Replica& replica) {
    storage::PartitionLog& log = replica.log();
    if (!log.config().is_compacted || uncleanable_.contains(replica.key())) return;
    const auto range = log.cleanable(replica.high_watermark());
    if (!range.has_value() || range->cleanable_bytes == 0) return;
    const double ratio = range->dirty_ratio();
    round_ratio_max_ = std::max(round_ratio_max_, ratio);
    if (!range->is_overdue && ratio <= log.config().min_cleanable_dirty_ratio) return;
    if (dirtiest_.has_value() && ratio <= dirtiest_ratio_) return;
    dirtiest_ = replica.key();
    dirtiest_ratio_ = ratio;
}

std::optional<PartitionKey> Cleaner::end_round() {
    metrics_.dirty_ratio_max = std::exchange(round_ratio_max_, 0);
    return std::exchange(dirtiest_, std::nullopt);
}

Duration Cleaner::begin(Replica* replica) {
    if (replica == nullptr) return backoff_;
    const auto range = replica->log().cleanable(replica->high_watermark());
    if (!range.has_value()) return backoff_;
    replica->log().begin_cleaning(*range, limits_);
    current_ = replica->key();
    begun_ = clock_.now();
    return between_clean_slices;
}

Duration Cleaner::move_on(Replica* replica) {
    if (replica == nullptr) {
        current_.reset();
        return backoff_;
    }
    const auto slice = replica->log().clean_some();
    if (!slice.has_value()) {
        failed(*replica, slice.error());
        return backoff_;
    }
    if (slice->state == CleaningSlice::State::done) finished(*replica, slice->stats);
    if (slice->state == CleaningSlice::State::abandoned) {
        current_.reset();
        return backoff_;
    }
    const double cost = static_cast<double>(slice->bytes) / bytes_per_second_ * 1e9;
    const Instant now = clock_.now();
    allowed_from_ = std::max(now, allowed_from_) + Duration(static_cast<int64_t>(std::min(cost, cleaner_pause_ns_max)));
    return std::max(between_clean_slices, allowed_from_ - now);
}

void Cleaner::finished(Replica& replica, const storage::CleaningStats& stats) {
    current_.reset();
    metrics_.last_pass = clock_.now() - begun_;
    metrics_.last_map_utilization = stats.map_utilization;
    metrics_.last_recopy_ratio =
        static_cast<double>(stats.bytes_written) / static_cast<double>(std::max<uint64_t>(stats.bytes_read, 1));
    metrics_.bytes_read += stats.bytes_mapped + stats.bytes_read;
    metrics_.bytes_written += stats.bytes_written;
    ++metrics_.passes;
    log_info("log compacted", {{"topic", replica.log().topic()},
                               {"partition", replica.key().partition},
                               {"from", stats.from},
                               {"to", stats.to},
                               {"keys", stats.keys},
                               {"map_utilization", stats.map_utilization},
                               {"bytes_read", stats.bytes_read},
                               {"bytes_written", stats.bytes_written},
                               {"records_read", stats.records_read},
                               {"records_kept", stats.records_kept},
                               {"records_without_key", stats.records_without_key},
                               {"segments_read", stats.segments_read},
                               {"segments_written", stats.segments_written},
                               {"seconds", in_seconds(metrics_.last_pass)}});
}

void Cleaner::failed(Replica& replica, ErrorCode error) {
    current_.reset();
    ++metrics_.passes_failed;
    const bool is_final = error == ErrorCode::corrupt_message;
    if (is_final) uncleanable_.insert(replica.key());
    log_warn("log not compacted", {{"topic", replica.log().topic()},
                                   {"partition", replica.key().partition},
                                   {"error", error},
                                   {"is_tried_again", !is_final}});
}

CleanerMetrics Cleaner::metrics() const {
    CleanerMetrics metrics = metrics_;
    metrics.uncleanable_partitions = uncleanable_.size();
    return metrics;
}

}  // namespace milena::replica
