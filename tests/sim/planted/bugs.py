"""The bugs that are planted into the broker to see whether the simulator finds them: each changes one condition.

«…» marks the expression that is replaced; the text around it says which one is meant, and stands once in its file.
Without «…» the whole text is one statement, and the bug leaves it out.
"""
import collections

Bug = collections.namedtuple("Bug", "name file place instead")
LEFT_OUT = None

REPLICA = [
    Bug("acknowledged before replication", "replica/isr.cc",
        "if («follower.is_in_sync || follower.is_joining || follower.is_awaited») end =", "false"),
    Bug("high watermark does not wait for who joins", "replica/isr.cc",
        "if («follower.is_in_sync || follower.is_joining || follower.is_awaited») end =", "follower.is_in_sync"),
    Bug("min.insync.replicas ignored", "replica/isr.cc",
        "if («committed_.size() < isr_min») return no_offset;", "false"),
    Bug("what a follower had before its restart is believed", "replica/isr.cc",
        "follower.safe_end = «std::min(follower.safe_end, fetch_offset)»;", "follower.safe_end"),
    Bug("joins the in-sync replicas without having caught up", "replica/leader.cc",
        "const bool has_all = «follower.safe_end >= high_watermark_ && follower.safe_end >= leader_epoch_start_»;",
        "true"),
    Bug("joins without what the leadership began with", "replica/leader.cc",
        "follower.safe_end >= high_watermark_ && «follower.safe_end >= leader_epoch_start_»;", "true"),
    Bug("logs are not compared by epochs", "replica/leader.cc",
        "if («subscription.last_fetched_epoch != no_leader_epoch») {", "false"),
    Bug("truncation skipped", "replica/leader.cc",
        "if (const auto diverging = «divergence(subscription)») return",
        "std::optional<storage::EpochEnd>()"),
    Bug("truncated to the leader's end only", "replica/follower.cc",
        "if («own.end_offset != no_offset») to = std::min(to, own.end_offset);", "false"),
    Bug("who waits is not told that the leadership is over", "replica/replica.cc",
        "waiters_.fail_all(ErrorCode::not_leader_or_follower);", LEFT_OUT),
    Bug("goes on behind what was lost", "replica/follower.cc",
        "if («must_begin_») return unexpected(ErrorCode::operation_not_attempted);", "false"),
    Bug("high watermark beyond the log end", "replica/follower.cc",
        "const Offset committed = «std::min(frame.high_watermark, log_->log_end_offset())»;", "frame.high_watermark"),
    Bug("truncation not made durable before the log goes on", "replica/follower.cc",
        "if («!is_settled_») return unexpected(ErrorCode::operation_not_attempted);", "false"),
    Bug("truncation below the checkpoints not told to them", "replica/follower.cc",
        "if («!synced.has_value() || !must_save_ || !context_.save_offsets») return settled", "true"),
    Bug("failed sync acknowledged", "replica/replica.cc",
        "is_syncing_ = false;\n    if («!result.has_value()») {", "false"),
    Bug("acknowledged before it is durable", "replica/replica.cc",
        "if («sync_wanted_ <= local_point_») raise_local_point(log_->log_end_offset());", "true"),
    Bug("what a crash left counts as durable", "replica/replica.cc",
        "if («!policy.is_fsynced_before_acknowledgement()») return log.log_end_offset();", "true"),
    Bug("follower reports what isn't durable", "replica/following.cc",
        "report.safe_end = «found.replica->safe_end()»;", "found.replica->log().log_end_offset()"),
    Bug("consumers read beyond the high watermark", "replica/replica.cc",
        "if («request.is_uncommitted») limit = log_->log_end_offset();", "true"),
    Bug("acknowledged one record early", "replica/waiters.cc",
        "waiting.point != point || «waiting.offset >= now_at»;", "waiting.offset > now_at"),
    Bug("high watermark of the checkpoint not held against the log", "replica/replica.cc",
        "high_watermark_ = «std::clamp(offset, high_watermark_, std::max(high_watermark_, safe_end()))»;", "offset"),
    Bug("read of an older leader epoch served", "replica/replica.cc",
        "if («current_leader_epoch < leader_epoch_») return ErrorCode::fenced_leader_epoch;", "false"),
]

RAFT = [
    Bug("vote told before it is durable", "raft/raft_election.cc",
        "if («!response.is_granted || request.is_pre_vote») return answer(response);", "true"),
    Bug("vote forgotten", "raft/raft_election.cc",
        "quorum_state_text(«quorum.state()», quorum.voters(), kraft_version);",
        "ElectionState{.epoch = quorum.epoch(), .leader = quorum.leader()}"),
    Bug("votes twice in an epoch", "raft/quorum.cc",
        "if («state_.voted == no_node») return true;", "true"),
    Bug("votes for who lacks committed records", "raft/raft_election.cc",
        "const bool is_up_to_date = «std::pair(request.last_epoch, request.end_offset) >= "
        "std::pair(last_epoch(), log->end())»;", "true"),
    Bug("the longer log wins, whatever its epoch", "raft/raft_election.cc",
        "const bool is_up_to_date = «std::pair(request.last_epoch, request.end_offset) >= "
        "std::pair(last_epoch(), log->end())»;", "request.end_offset >= log->end()"),
    Bug("elected by a minority", "raft/quorum.cc",
        "if («granted_.size() >= voters_.majority()») {", "granted_.size() + 1 >= voters_.majority()"),
    Bug("committed by a minority", "raft/quorum.cc",
        "return sorted[«voters.majority() - 1»];", "size_t{0}"),
    Bug("commits records of earlier epochs by counting", "raft/quorum.cc",
        "if («epoch_start_ == no_offset || committed <= epoch_start_» || committed <= high_watermark_) return false;",
        "false"),
    Bug("fetch acknowledges what isn't durable", "raft/raft_fetch_client.cc",
        "if («!log->is_durable()») return sync();", "false"),
    Bug("leader counts itself before its disk does", "raft/raft.cc",
        "if (quorum.durable(options.node, «std::min(end, log->end())»)) {", "log->end()"),
    Bug("diverging metadata log not truncated", "raft/raft_fetch_server.cc",
        "if («end->epoch == request.last_fetched_epoch && end->end_offset >= request.fetch_offset») return",
        "true"),
    Bug("applied before it is committed", "raft/raft.cc",
        "!pending.empty() && «pending.front().last_offset < quorum.high_watermark()») {", "true"),
    Bug("requests of earlier epochs answered", "raft/raft_election.cc",
        "return «epoch < quorum.epoch()» ? ErrorCode::fenced_leader_epoch : ErrorCode::none;", "false"),
    Bug("records fetched before a snapshot kept after it", "raft/raft_fetch_client.cc",
        "pending.clear();", LEFT_OUT),
    Bug("leader goes on without a majority", "raft/raft_fetch_server.cc",
        "if («count < quorum.voters().majority()») resign", "false"),
]

CONTROLLER = [
    Bug("partition epoch ignored", "controller/decide_alter_partition.cc",
        "if («change.partition_epoch < partition.partition_epoch») return", "false"),
    Bug("fenced replicas let into the in-sync replicas", "controller/decide_alter_partition.cc",
        "if («!can_serve(context.image, partition, change.isr[i])») return false;",
        "context.image.broker(change.isr[i]) == nullptr"),
    Bug("broker epoch of who joins ignored", "controller/decide_alter_partition.cc",
        "if («heard_from >= 0 && heard_from != context.image.broker(change.isr[i])->epoch») return false;", "false"),
    Bug("unclean end taken for a clean one", "controller/decide_registration.cc",
        "return «existing != nullptr && existing->epoch == registration.previous_epoch»;", "existing != nullptr"),
    Bug("stays in sync over a restart", "controller/decide_registration.cc",
        "if («!partition.has_replica(node)») return std::nullopt;", "true"),
    Bug("leader elected out of sync", "controller/partition_change.cc",
        "return «(is_in_sync || (partition_.isr.empty() && contains(partition_.elr, node)))» && is_alive(node);",
        "is_in_sync || true"),
    Bug("leader elected that is fenced", "controller/partition_change.cc",
        "(partition_.isr.empty() && contains(partition_.elr, node))) && «is_alive(node)»;", "true"),
    Bug("whoever was a replica is eligible", "controller/partition_change.cc",
        "if («had_everything» && !contains(isr, node) && !contains(target.unclean, node))", "had_everything || true"),
    Bug("eligible in spite of an unclean end", "controller/partition_change.cc",
        "!contains(isr, node) && «!contains(target.unclean, node)») result", "true"),
    Bug("eligible replicas forgotten", "controller/partition_change.cc",
        "if («after.isr.size() >= rules.needed_in_sync(after.replicas.size())») {", "true"),
    Bug("last known leader elected before those eligible", "controller/partition_change.cc",
        "return partition_.isr.empty() && «partition_.elr.empty()» &&", "true"),
    Bug("reassignment over before the new replicas are in sync", "controller/partition_change.cc",
        "if (replicas.empty() || isr.empty() || «!contains_all(isr, replicas)») return;", "false"),
    Bug("no new epoch when a replica is taken away", "controller/partition_change.cc",
        "|| target.is_led_anew || «!contains_all(after.replicas, before.replicas)»;", "false"),
    Bug("fenced broker stays in sync", "controller/decide_heartbeat.cc",
        "if («!is_concerned») return std::nullopt;", "true"),
    Bug("silent broker never fenced", "controller/broker_liveness.cc",
        "} else if («now - known->second.at >= session_») {", "false"),
    Bug("no new leader epoch at an election", "metadata/apply_topics.cc",
        "++partition.leader_epoch;", LEFT_OUT),
]

STORAGE = [
    Bug("duplicates not recognised", "storage/producer_state.cc",
        "if («is_client && batch.producer_epoch == entry->epoch») {", "false"),
    Bug("sequence numbers not checked", "storage/producer_state.cc",
        "if (is_new_epoch ? !may_begin : «!follows(batch.base_sequence, entry->last_sequence())»)", "false"),
    Bug("producers not rebuilt after a truncation", "storage/partition_log_trim.cc",
        "names_changed_ = true;  // a producer snapshot that comes back would speak of other records\n"
        "    if («config_->keeps_producer_state») {", "false"),
    Bug("producers not rebuilt from the records after a crash", "storage/producer_recovery.cc",
        "if («header.base_offset < snapshot_offset || !header.has_producer_id()») continue;", "true"),
    Bug("producer snapshot beyond the end believed", "storage/producer_recovery.cc",
        "if (*offset >= begin && «*offset <= end») {", "true"),
    Bug("checksums not looked at by recovery", "storage/batch_scan.cc",
        "if («depth_ == Depth::whole && !wire::crc_matches(batch.bytes)») return", "false"),
    Bug("a cut that came back is believed", "storage/recovery.cc",
        "return «!goes_back» && batch.base_offset >= next &&", "true"),
    Bug("epochs not truncated with the log", "storage/epoch_cache.cc",
        "const size_t before = entries_.size();\n    while (!entries_.empty() && "
        "«entries_.back().start_offset >= end»)", "false"),
    Bug("older epochs end with the log", "storage/epoch_cache.cc",
        "if («epoch == entries_.back().epoch») return {epoch, log_end};", "epoch <= entries_.back().epoch"),
    Bug("epoch of an offset off by one", "storage/epoch_cache.cc",
        "LeaderEpoch EpochCache::epoch_of(Offset offset) const {\n"
        "    const auto after = std::find_if(entries_.begin(), entries_.end(),\n"
        "                                    [&](const EpochStart& entry) "
        "{ return «entry.start_offset > offset»; });", "entry.start_offset >= offset"),
    Bug("memory serves what was truncated", "storage/partition_log_trim.cc",
        "tail_.truncate(offset);", LEFT_OUT),
    Bug("recovery point not taken back by a truncation", "storage/partition_log_trim.cc",
        "recovery_point_ = std::min(recovery_point_, offset);", LEFT_OUT),
    Bug("sync of before a truncation believed", "storage/partition_log_sync.cc",
        "if («round.generation != generation_») return {};", "false"),
    Bug("refused append left in the file", "storage/partition_log_append.cc",
        "if («active.file->size() == active.bytes») return {};", "true"),
    Bug("failed sync believed", "storage/partition_log_sync.cc",
        "if («round.has_failed») return failed(env::DiskError::failed, \"sync\");", "false"),
]

BUGS = REPLICA + RAFT + CONTROLLER + STORAGE

# Where two guards cover the same, each alone can be missed; so they are left out together as well.
TOGETHER = {
    "a truncation that isn't durable comes back and is believed": (
        "truncation not made durable before the log goes on", "a cut that came back is believed"),
}

# Why the simulations miss some.
EXPLAINED = {
    "what a follower had before its restart is believed":
        "it is until its first acknowledgement, one round trip later, and only that one asks for more in sync: but for "
        "a look twice a second, or an image, in just that time, at a leader whose log hasn't grown since",
    "truncation not made durable before the log goes on":
        "recovery takes nothing that has an older epoch than what stands before it; without that it is found (above)",
    "a cut that came back is believed":
        "a follower's cut is durable before its log goes on; without that it is found (above). A leader that has cut "
        "its log at its start may append only when another is in sync, and its first checkpoint comes before that",
    "what a crash left counts as durable":
        "a follower begins with a sync of its log and waits for it; a leader acknowledges nothing before another is in "
        "sync again, and its first checkpoint comes before that",
    "requests of earlier epochs answered":
        "the answer says the later epoch, and whoever asked gives up what it asked for before it reads the rest",
    "truncated to the leader's end only":
        "needs a replica that led for a moment, lacked the end of the epoch before, and then follows one that has it: "
        "400 lives cut 3,099 logs, and none of them so. follower_test.cc has the case, and fails with the bug: "
        "log_is_cut_where_its_own_part_of_the_epoch_ends",
}
