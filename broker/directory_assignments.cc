#include "directory_assignments.h"

#include "base/log.h"

namespace milena {
namespace {

constexpr size_t assignments_per_request = 1'000;
constexpr Duration assignment_retry_interval = std::chrono::milliseconds(500);

}  // namespace

void DirectoryAssignments::ask(const std::vector<replica::Placement>& placements) {
    for (const auto& [key, directory] : placements) unheard_[key] = directory;
    send();
}

// One request at a time; what comes meanwhile goes with the next one.
void DirectoryAssignments::send() {
    if (is_sending_ || unheard_.empty() || gate_.broker_epoch() < 0) return;
    is_sending_ = true;
    auto request = std::make_shared<controller::AssignDirectories>();
    request->broker = gate_.node();
    request->broker_epoch = gate_.broker_epoch();
    for (const auto& [key, directory] : unheard_) {
        if (request->assignments.size() == assignments_per_request) break;
        request->assignments.push_back({key.topic_id, key.partition, directory});
    }
    gate_.ask<controller::AssignDirectories, void>(
        *request, [this, request, alive = std::weak_ptr(alive_)](const Result<void>& answer) {
            if (!alive.expired()) answered(*request, answer);
        });
}

void DirectoryAssignments::answered(const controller::AssignDirectories& request, const Result<void>& answer) {
    is_sending_ = false;
    if (!answer) {
        log_warn("directories not assigned yet", {{"error", answer.error()}});
        loop_.cancel(retry_);
        retry_ = loop_.after(assignment_retry_interval, [this] { send(); });
        return;
    }
    for (const auto& [topic_id, partition, directory] : request.assignments) {
        const auto at = unheard_.find({topic_id, partition});
        if (at != unheard_.end() && at->second == directory) unheard_.erase(at);
    }
    send();
}

}  // namespace milena
