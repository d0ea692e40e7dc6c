#include "storage/log_directory.h"

#include <algorithm>
#include <utility>

#include "base/flat_json.h"
#include "base/log.h"
#include "base/parse_number.h"

namespace milena::storage {
namespace {

constexpr std::string_view deleted_suffix = "-delete";
constexpr std::string_view future_suffix = "-future";
constexpr std::string_view stray_suffix = "-stray";
constexpr std::string_view clean_marker = ".kafka_cleanshutdown";
constexpr size_t clean_marker_bytes_max = 1024;
constexpr uint64_t reserve_bytes = uint64_t{256} << 20;
constexpr uint64_t room_bytes = uint64_t{1} << 30;
constexpr size_t file_name_bytes_max = 255;

std::string hex(Uuid id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const uint64_t half : {id.high, id.low})
        for (int shift = 60; shift >= 0; shift -= 4) text.push_back(digits[(half >> shift) & 0xf]);
    return text;
}

std::optional<PartitionDirectory> parse_current(std::string_view name) {
    const size_t dash = name.rfind('-');
    if (dash == std::string_view::npos || dash == 0) return std::nullopt;
    const std::string_view digits = name.substr(dash + 1);
    const auto partition = parse_number<int32_t>(digits);
    if (!partition.has_value() || *partition < 0 || std::to_string(*partition) != digits) return std::nullopt;
    return PartitionDirectory{.topic = std::string(name.substr(0, dash)), .partition = PartitionIndex(*partition)};
}

}  // namespace

ErrorCode LogDirectory::failed(env::DiskError error, std::string_view what, const std::string& file) {
    if (error == env::DiskError::full) {
        if (!is_full_) log_error("directory full: appends are refused", {{"directory", path_}, {"failed", what}});
        set_full(true);
        return ErrorCode::kafka_storage_error;
    }
    if (!std::exchange(has_failed_, true)) {
        log_error("directory failed: it is not used any more",
                  {{"directory", path_}, {"failed", what}, {"file", file}, {"error", env::disk_error_name(error)}});
        if (tell_failed_) tell_failed_();
    }
    return ErrorCode::kafka_storage_error;
}

void LogDirectory::look_at_space() {
    if (has_failed_) return;
    const auto space = disk_.space(path_);
    if (!space.has_value()) return;
    const uint64_t bytes_min = is_full_ ? std::min(space->total_bytes / 20, room_bytes)  //
                                        : std::min(space->total_bytes / 100, reserve_bytes);
    const bool is_full = space->usable_bytes < bytes_min;
    if (is_full == is_full_) return;
    if (is_full)
        log_error("directory nearly full: appends are refused",
                  {{"directory", path_}, {"usable_bytes", space->usable_bytes}});
    else
        log_info("directory has room again", {{"directory", path_}, {"usable_bytes", space->usable_bytes}});
    set_full(is_full);
}

void LogDirectory::set_full(bool is_full) {
    if (std::exchange(is_full_, is_full) != is_full && tell_full_) tell_full_(is_full);
}

void LogDirectory::remove_later(std::string path, Instant when) { removals_.push_back({std::move(path), when}); }

bool LogDirectory::remove_due(Instant now, size_t count_max) {
    size_t count = 0;
    for (size_t i = 0; i < removals_.size() && count < count_max && !has_failed_;) {
        if (removals_[i].when > now) {
            ++i;
            continue;
        }
        ++count;
        const std::string path = std::move(removals_[i].path);
        removals_[i] = std::move(removals_.back());
        removals_.pop_back();
        auto removed = disk_.remove(path);
        if (!removed.has_value() && removed.error() != env::DiskError::not_found)
            removed = env::remove_tree(disk_, path);
        if (!removed.has_value() && removed.error() != env::DiskError::not_found)
            log_warn("file kept: it can't be removed",
                     {{"file", path}, {"error", env::disk_error_name(removed.error())}});
    }
    return count == count_max;
}

void LogDirectory::sync_names(std::function<void(Result<void>)> done) {
    if (name_changes_durable_ == name_changes_) return done({});
    name_waiters_.push_back({name_changes_, std::move(done)});
    if (!is_syncing_names_) begin_name_sync();
}

void LogDirectory::begin_name_sync() {
    is_syncing_names_ = true;
    auto ended = [self = std::weak_ptr(self_), changes = name_changes_](env::DiskResult<void> synced) {
        if (const auto directory = self.lock()) (*directory)->end_name_sync(changes, synced);
    };
    disk_.sync_directory_async(path_, env::Urgency::awaited, std::move(ended));
}

void LogDirectory::end_name_sync(uint64_t changes, env::DiskResult<void> synced) {
    is_syncing_names_ = false;
    Result<void> outcome;
    if (!synced.has_value()) outcome = unexpected(failed(env::DiskError::failed, "sync of names", path_));
    if (synced.has_value()) name_changes_durable_ = std::max(name_changes_durable_, changes);
    std::vector<NameWaiter> waiters = std::exchange(name_waiters_, {});
    for (NameWaiter& waiter : waiters) {
        if (outcome.has_value() && waiter.changes > name_changes_durable_)
            name_waiters_.push_back(std::move(waiter));
        else
            waiter.done(outcome);
    }
    if (!name_waiters_.empty() && !is_syncing_names_) begin_name_sync();
}

Result<void> LogDirectory::sync_names_now() {
    if (name_changes_durable_ == name_changes_) return {};
    const auto synced = disk_.sync_directory(path_);
    if (!synced.has_value()) return unexpected(failed(env::DiskError::failed, "sync of names", path_));
    name_changes_durable_ = name_changes_;
    return {};
}

std::string partition_directory_name(std::string_view topic, PartitionIndex partition) {
    return std::string(topic) + "-" + std::to_string(partition.value);
}

namespace {

std::string displaced_name(std::string_view topic, PartitionIndex partition, Uuid unique, std::string_view state) {
    const std::string suffix = "-" + std::to_string(partition.value) + "." + hex(unique) + std::string(state);
    return std::string(topic.substr(0, file_name_bytes_max - suffix.size())) + suffix;
}

}  // namespace

std::string deleted_directory_name(std::string_view topic, PartitionIndex partition, Uuid unique) {
    return displaced_name(topic, partition, unique, deleted_suffix);
}

std::string stray_directory_name(std::string_view topic, PartitionIndex partition, Uuid unique) {
    return displaced_name(topic, partition, unique, stray_suffix);
}

std::string future_directory_name(std::string_view topic, PartitionIndex partition, Uuid unique) {
    return displaced_name(topic, partition, unique, future_suffix);
}

std::optional<PartitionDirectory> parse_partition_directory(std::string_view name) {
    using State = PartitionDirectory::State;
    struct Suffix {
        std::string_view text;
        State state;
    };
    constexpr Suffix suffixes[] = {
        {deleted_suffix, State::deleted}, {future_suffix, State::future}, {stray_suffix, State::stray}};
    std::string_view rest = name;
    State state = State::current;
    for (const Suffix& suffix : suffixes) {
        if (!name.ends_with(suffix.text)) continue;
        rest.remove_suffix(suffix.text.size());
        const size_t dot = rest.rfind('.');
        if (dot == std::string_view::npos) return std::nullopt;
        rest = rest.substr(0, dot);
        state = suffix.state;
        break;
    }
    auto directory = parse_current(rest);
    if (!directory.has_value()) return std::nullopt;
    directory->state = state;
    directory->name = std::string(name);
    return directory;
}

env::DiskResult<std::vector<PartitionDirectory>> list_partitions(env::Disk& disk, const std::string& path) {
    ASSIGN_OR_RETURN(const auto entries, disk.list(path));
    std::vector<PartitionDirectory> partitions;
    for (const env::DirectoryEntry& entry : entries) {
        if (!entry.is_directory) continue;
        auto partition = parse_partition_directory(entry.name);
        if (partition.has_value()) partitions.push_back(*std::move(partition));
    }
    return partitions;
}

env::DiskResult<void> write_clean_marker(env::Disk& disk, const std::string& directory, const CleanMarker& marker) {
    return env::replace_file(disk, directory + "/" + std::string(clean_marker),
                             R"({"version":0,"brokerEpoch":)" + std::to_string(marker.broker_epoch) + "}");
}

env::DiskResult<std::optional<CleanMarker>> take_clean_marker(env::Disk& disk, const std::string& directory) {
    const std::string path = directory + "/" + std::string(clean_marker);
    CleanMarker marker;
    if (const auto text = env::read_file(disk, path, clean_marker_bytes_max))
        marker.broker_epoch = flat_json_number<int64_t>(text->view(), "brokerEpoch").value_or(-1);
    const auto removed = disk.remove(path);
    if (!removed.has_value() && removed.error() == env::DiskError::not_found) return std::optional<CleanMarker>();
    RETURN_IF_ERROR(removed);
    RETURN_IF_ERROR(disk.sync_directory(directory));
    return std::optional(marker);
}

}  // namespace milena::storage
