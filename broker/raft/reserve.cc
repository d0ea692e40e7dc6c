#include "raft/reserve.h"

#include <vector>

#include "base/log.h"

namespace milena::raft {

Reserve::Reserve(env::Disk& disk, const std::string& directory, uint64_t bytes)
    : disk_(disk), directory_(directory), path_(directory + "/reserve"), bytes_(bytes) {
    const auto file = disk_.open(path_, env::OpenMode::read_only);
    is_held_ = file.has_value() && (*file)->size() == bytes_;
}

void Reserve::replenish() {
    if (is_held_ || bytes_ == 0) return;
    constexpr uint64_t left_for_others = 8;
    const auto space = disk_.space(directory_);
    if (!space.has_value() || space->usable_bytes < left_for_others * bytes_) return;
    const auto file = disk_.open(path_, env::OpenMode::create_truncate);
    if (!file.has_value()) return;
    // Written, for a hole takes no space.
    const Bytes part = Bytes::from(std::vector<std::byte>(bytes_));
    is_held_ = (*file)->write_at(0, std::span(&part, 1)).has_value();
    if (!is_held_) (void)disk_.remove(path_);
}

bool Reserve::give_up() {
    if (!is_held_ || !disk_.remove(path_).has_value()) return false;
    is_held_ = false;
    log_warn("directory full: the reserve of the metadata log is used", {{"directory", directory_}});
    return true;
}

}  // namespace milena::raft
