#include "sim/cluster/node_checkpoints.h"

#include <utility>

namespace milena::sim::cluster {

void NodeCheckpoints::save(std::function<void(bool)> done) {
    waiting_.push_back(std::move(done));
    if (!is_writing_) begin_round();
}

void NodeCheckpoints::begin_round() {
    is_writing_ = true;
    has_failed_ = false;
    being_served_ = std::exchange(waiting_, {});
    missing_ = 1;
    // The completions come from the disk, which forgets them when the process ends.
    const auto written = [this](env::DiskResult<void> outcome) {
        has_failed_ |= !outcome.has_value();
        if (--missing_ == 0) end_round();
    };
    for (size_t i = 0; i < directories_.size(); ++i) {
        if (directories_[i]->has_failed()) {
            has_failed_ = true;
            continue;
        }
        missing_ += 2;
        const std::string& path = directories_[i]->path();
        replica::write_log_starts_async(machine_.disk(), path, offsets_in_(i), written);
        replica::write_offsets_async(machine_.disk(), path, offsets_in_(i), written);
    }
    if (--missing_ == 0) machine_.post([this] { end_round(); });
}

void NodeCheckpoints::end_round() {
    is_writing_ = false;
    for (const auto& done : std::exchange(being_served_, {})) done(!has_failed_);
    if (!is_writing_ && !waiting_.empty()) begin_round();
}

}  // namespace milena::sim::cluster
