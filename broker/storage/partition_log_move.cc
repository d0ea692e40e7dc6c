#include "base/check.h"
#include "storage/partition_log.h"

namespace milena::storage {

// Nothing may be under way that knows the files by their names.
Result<void> PartitionLog::take_place() {
    check(!is_syncing());
    stop_cleaning();
    if (writer_ != nullptr) {
        if (const auto finished = writer_->flush(); !finished.has_value()) return failed(finished.error(), "write");
        writer_ = nullptr;
    }
    for (Segment& segment : segments_) segment.file = nullptr;
    std::string path = environment_.directory.path() + "/" + partition_directory_name(topic_, partition_);
    const auto renamed = disk().rename(path_, path);
    const bool has_files = renamed.has_value() || renamed.error() != env::DiskError::not_found;
    if (has_files && !renamed.has_value()) return failed(renamed.error(), "rename");
    path_ = std::move(path);
    if (!has_files) return {};
    names_changed_ = true;
    environment_.directory.names_changed();
    return {};
}

}  // namespace milena::storage
