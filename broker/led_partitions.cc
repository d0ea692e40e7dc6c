#include "led_partitions.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <utility>

namespace milena {
namespace {

using Partitions = std::vector<controller::LedPartition>;

uint64_t bytes_behind(const replica::Replica& replica, const replica::Isr::Follower& follower) {
    const int64_t start = replica.log().log_start_offset().value;
    const int64_t end = replica.log().log_end_offset().value;
    const int64_t has = follower.safe_end == no_offset ? start : std::clamp(follower.safe_end.value, start, end);
    if (has == end) return 0;
    const double share = static_cast<double>(end - has) / static_cast<double>(end - start);
    return std::max<uint64_t>(1,
                              static_cast<uint64_t>(std::llround(static_cast<double>(replica.log().bytes()) * share)));
}

void add(const replica::Replica& replica, NodeId broker, Partitions& to) {
    const auto followers = replica.followers();
    if (!replica.is_leader()) return;
    if (std::ranges::find(followers, broker, &replica::Isr::Follower::node) == followers.end() &&
        replica.leader() != broker)
        return;
    controller::LedPartition led{.topic_id = replica.key().topic_id,
                                 .partition = replica.key().partition,
                                 .log_bytes = replica.log().bytes(),
                                 .copies = {}};
    for (const replica::Isr::Follower& follower : followers)
        led.copies.push_back({follower.node, bytes_behind(replica, follower)});
    to.push_back(std::move(led));
}

// A slice at a time: there may be thousands of them.
struct Walk : std::enable_shared_from_this<Walk> {
    shard::Shard& shard;
    NodeId broker;
    shard::Shards::Report<Partitions> report;
    Partitions found = {};
    std::optional<replica::PartitionKey> last = std::nullopt;

    Walk(shard::Shard& on, NodeId of, shard::Shards::Report<Partitions> to)
        : shard(on), broker(of), report(std::move(to)) {}

    void add_some() {
        constexpr size_t partitions_a_slice = 500;
        last = shard.partitions().each_after(last, partitions_a_slice,
                                             [this](const replica::Replica& replica) { add(replica, broker, found); });
        if (last) return shard.post([self = shared_from_this()] { self->add_some(); });
        report(std::move(found));
    }
};

}  // namespace

void gather_led_partitions(const shard::Shards& shards, shard::Shard& home, NodeId broker,
                           std::function<void(Partitions)> done) {
    shards.gather<Partitions>(
        home,
        [broker](shard::Shard& shard, shard::Shards::Report<Partitions> report) {
            std::make_shared<Walk>(shard, broker, std::move(report))->add_some();
        },
        [done = std::move(done)](std::vector<Partitions> by_shard) {
            Partitions all;
            for (Partitions& part : by_shard) std::ranges::move(part, std::back_inserter(all));
            done(std::move(all));
        });
}

}  // namespace milena
