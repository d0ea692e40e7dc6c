#include "replica/following.h"

#include "base/log.h"

namespace milena::replica {
namespace {

FollowReport report_of(const Replica& replica, Attempt attempt) {
    return {.key = replica.key(),
            .leader_epoch = replica.leader_epoch(),
            .attempt = attempt,
            .error = ErrorCode::none,
            .subscription = {},
            .safe_end = replica.safe_end(),
            .log_start_offset = replica.log().log_start_offset()};
}

// Where the policy asks for more than the page cache, what was appended is acknowledged later.
void report_when_safe(Replica& replica, Attempt attempt, const SendReports& send) {
    const Offset end = replica.log().log_end_offset();
    if (replica.safe_end() >= end) return;
    replica.when_acknowledged(
        end - 1, Acknowledgement::local,
        [self = replica.handle(), epoch = replica.leader_epoch(), attempt, send](ErrorCode error) {
            // Told that the role ends, it may be in the middle of its destruction.
            if (error == ErrorCode::not_leader_or_follower) return;
            const auto alive = self.lock();
            if (!alive || (*alive)->leader_epoch() != epoch) return;
            FollowReport report = report_of(**alive, attempt);
            report.error = error;
            send({report});
        });
}

size_t bytes_of(const PartitionFrame& frame) {
    size_t bytes = 0;
    for (const Bytes& part : frame.records) bytes += part.size();
    return bytes;
}

FollowReport begin_one(const FindReplica& find, const FollowStart& start, const SendReports& send) {
    FollowReport report{.key = start.key,
                        .leader_epoch = start.leader_epoch,
                        .attempt = start.attempt,
                        .error = ErrorCode::none,
                        .subscription = {}};
    const PartitionTable::Found found = find(start.key);
    report.error = found.error;
    if (found.replica == nullptr) return report;
    const Result<Subscription> begun = found.replica->begin_following(start.leader_epoch);
    if (!begun.has_value()) {
        report.error = begun.error();
        return report;
    }
    report = report_of(*found.replica, start.attempt);
    report.subscription = *begun;
    report_when_safe(*found.replica, start.attempt, send);
    return report;
}

FollowReport follow_one(const FindReplica& find, const FollowedFrame& followed, const SendReports& send) {
    const PartitionFrame& frame = followed.frame;
    FollowReport report{.key = frame.key,
                        .leader_epoch = frame.leader_epoch,
                        .attempt = followed.attempt,
                        .error = ErrorCode::none,
                        .subscription = {}};
    report.bytes = bytes_of(frame);
    const PartitionTable::Found found = find(frame.key);
    report.error = found.error;
    if (found.replica == nullptr) return report;
    const Offset end_before = found.replica->log().log_end_offset();
    const Result<Replica::Step> step = found.replica->follow(frame);
    if (!step.has_value()) {
        report.error = step.error();
        const bool is_news = report.error != ErrorCode::operation_not_attempted &&
                             report.error != ErrorCode::fenced_leader_epoch && report.error != frame.error;
        if (is_news)
            log_warn("records not taken from the leader", {{"topic", found.replica->log().topic()},
                                                           {"partition", frame.key.partition},
                                                           {"leader_epoch", frame.leader_epoch},
                                                           {"log_end", end_before},
                                                           {"error", report.error}});
        return report;
    }
    if (*step == Replica::Step::begin_anew) {
        const size_t bytes = report.bytes;
        report = begin_one(find, {frame.key, frame.leader_epoch, followed.attempt}, send);
        report.bytes = bytes;
        return report;
    }
    report.safe_end = found.replica->safe_end();
    report.log_start_offset = found.replica->log().log_start_offset();
    if (found.replica->log().log_end_offset() != end_before) report_when_safe(*found.replica, followed.attempt, send);
    return report;
}

}  // namespace

void begin_following(const FindReplica& find, std::span<const FollowStart> starts, const SendReports& send) {
    std::vector<FollowReport> reports;
    reports.reserve(starts.size());
    for (const FollowStart& start : starts) reports.push_back(begin_one(find, start, send));
    send(std::move(reports));
}

void follow(const FindReplica& find, std::span<const FollowedFrame> frames, const SendReports& send) {
    std::vector<FollowReport> reports;
    reports.reserve(frames.size());
    for (const FollowedFrame& frame : frames) reports.push_back(follow_one(find, frame, send));
    send(std::move(reports));
}

}  // namespace milena::replica
