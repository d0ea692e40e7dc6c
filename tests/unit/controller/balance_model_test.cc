// Clusters of all kinds, balanced until nothing is left to do: it ends, and what one plan has made better none makes
// worse.
#include <chrono>
#include <random>

#include "controller/balance_draft.h"
#include "unit/controller/weighed_fixture.h"

namespace milena::controller {
namespace {

// What a plan may make smaller, but never larger, unless what stands before it has become smaller.
struct Badness {
    int64_t racks_missing = 0;
    int64_t replicas = 0;  // by how many brokers differ beyond what is tolerated, over all pairs
    double bytes = 0;      // sum of the squares
    int64_t leaders = 0;   // likewise
    double traffic = 0;    // likewise

    auto operator<=>(const Badness&) const = default;
};

class BalanceModel : public WeighedFixture {
  public:
    void make(uint32_t seed) {
        std::mt19937 numbers(seed);
        const auto any = [&](int64_t least, int64_t most) {
            return std::uniform_int_distribution<int64_t>(least, most)(numbers);
        };
        const auto brokers = static_cast<int32_t>(any(2, 7));
        const int64_t racks = any(1, 3);
        for (int32_t id = 1; id <= brokers; ++id)
            start(id, racks == 1 ? "" : std::string(1, static_cast<char>('a' + any(0, racks - 1))));
        const auto factor = any(1, std::min<int64_t>(3, brokers));
        const int64_t count = any(3, 60);
        for (int64_t i = 0; i < count; ++i) {
            std::vector<int32_t> ids;
            while (static_cast<int64_t>(ids.size()) < factor) {
                // Those with small ids have more.
                const auto id = static_cast<int32_t>(std::min(any(1, brokers), any(1, brokers)));
                if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
            }
            const auto size = static_cast<uint64_t>(any(0, 1) == 0 ? any(0, 2) : any(0, 100)) * gigabyte;
            add_weighed(ids, size, static_cast<uint64_t>(any(0, 50)) * megabyte);
        }
        for (int32_t id = 1; id <= brokers; ++id)
            if (any(0, 3) == 0) disks[id] = disk_of(NodeId(id)).logs_bytes * 10 / 8 + gigabyte;
        limits.moving_max = static_cast<size_t>(any(1, 6));
        limits.tolerance = any(0, 1) == 0 ? 0.05 : 0.3;
    }
    Badness badness() {
        const BrokerLoads loads(*image, {}, {.weights = &weights});
        Badness result;
        const auto tolerated = static_cast<int64_t>(BalanceDraft(*image, weights, limits).tolerated_replicas());
        for (const auto& [id, load] : loads.by_broker()) {
            result.bytes += load.bytes * load.bytes;
            result.leaders += static_cast<int64_t>(load.leaders_count * load.leaders_count);
            result.traffic += load.traffic * load.traffic;
            for (const auto& [other, its] : loads.by_broker())
                result.replicas += std::max<int64_t>(0, static_cast<int64_t>(load.replicas_count) -
                                                            static_cast<int64_t>(its.replicas_count) - tolerated);
        }
        for (int32_t i = 0; i < partitions_count; ++i)
            result.racks_missing -= static_cast<int64_t>(loads.racks_count(partition(i).replicas));
        return result;
    }
    // Whoever has got something is within the limit.
    void expect_room(const std::vector<ReplicaMove>& moves) {
        const BrokerLoads loads(*image, {}, {.weights = &weights, .disk_max_percent = limits.disk_max_percent});
        for (const ReplicaMove& move : moves)
            for (const NodeId node : move.to) {
                if (std::ranges::find(move.from, node) == move.from.end() && known[move.partition.value].bytes > 0)
                    EXPECT_LE(loads.of(node)->bytes_peak, loads.of(node)->bytes_max) << node.value;
            }
    }
    // One round; false: there was nothing to do.
    bool go_on() {
        tell();
        const Badness before = badness();
        const auto moves = plan_balance(*image, weights, limits);
        const bool is_copying = std::ranges::any_of(moves, [](const auto& move) { return !move.is_of_leadership(); });
        if (moves.empty()) return false;
        EXPECT_EQ(done(MoveReplicas{moves})->count, moves.size());
        expect_room(moves);
        for (const ReplicaMove& move : moves) arrive(move.topic_id, move.partition);
        const Badness after = badness();
        if (is_copying)
            EXPECT_LT(std::tie(after.racks_missing, after.replicas, after.bytes),
                      std::tie(before.racks_missing, before.replicas, before.bytes));
        else
            EXPECT_LT(after, before);
        return true;
    }

    BalanceLimits limits;
};

class BalanceSeeds : public BalanceModel, public testing::WithParamInterface<uint32_t> {};

TEST_P(BalanceSeeds, balancing_ends_and_nothing_becomes_worse) {
    make(GetParam());
    int rounds = 0;
    while (rounds < 500 && !HasFailure() && go_on()) ++rounds;
    EXPECT_LT(rounds, 500);
}

INSTANTIATE_TEST_SUITE_P(Clusters, BalanceSeeds, testing::Range(1U, 101U));

// Measured, not asserted tightly: this may run under a sanitizer.
TEST_F(BalanceModel, ten_thousand_partitions_are_planned_quickly) {
    constexpr int32_t brokers = 10;
    start_all(brokers);
    std::mt19937 numbers(1);
    metadata::Records records{metadata::topic("orders", metadata::orders_id)};
    for (int32_t i = 0; i < 10'000; ++i) {
        std::vector<int32_t> ids;
        while (ids.size() < 3) {
            const auto id = static_cast<int32_t>(numbers() % brokers) + 1;
            if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
        }
        auto record = metadata::partition(metadata::orders_id, i, ids);
        record.directories.clear();
        for (const int32_t id : ids) record.directories.push_back(directory(id));
        records.emplace_back(record);
        // A few brokers have what is large and busy.
        const uint64_t factor = ids.front() < 4 ? 10 : 1;
        weigh(i, factor * (numbers() % 1000) * megabyte, factor * (numbers() % 1'000'000));
    }
    partitions_count = 10'000;
    apply(records);
    tell();
    for (const size_t moving_max : {size_t{20}, size_t{0}}) {
        limits.moving_max = moving_max;
        const auto begun = std::chrono::steady_clock::now();
        const auto moves = plan_balance(*image, weights, limits);
        const auto took = std::chrono::steady_clock::now() - begun;
        EXPECT_FALSE(moves.empty());
        EXPECT_LT(took, std::chrono::seconds(2));
        std::printf("%zu moves of 10000 partitions planned in %.1f ms\n", moves.size(),
                    std::chrono::duration<double, std::milli>(took).count());
    }
}

}  // namespace
}  // namespace milena::controller
