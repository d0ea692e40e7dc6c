#include "controller/balance_plan.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "controller/broker_loads.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

using metadata::PartitionImage;
using Nodes = std::vector<NodeId>;

std::string text(size_t number) { return std::to_string(number); }
std::string text(NodeId node) { return std::to_string(node.value); }

// A partition as the plan would leave it.
struct Planned {
    const metadata::TopicImage* topic = nullptr;
    size_t index = 0;
    Nodes replicas;
    std::string reason;  // empty: it stays as it is

    const PartitionImage& partition() const { return *topic->partitions[index]; }
};

class Balance {
  public:
    Balance(const metadata::Image& image, const BalanceLimits& limits)
        : image_(image), limits_(limits), loads_(image, {}), moving_(moving_count(image)) {
        for (const auto& topic : image.topics->by_name) {
            for (size_t i = 0; i < topic->partitions.size(); ++i) {
                const PartitionImage& partition = *topic->partitions[i];
                if (!is_moving(partition) && !partition.replicas.empty())
                    planned_.push_back({topic.get(), i, partition.replicas, ""});
            }
        }
    }

    std::vector<ReplicaMove> plan() {
        spread_over_racks();
        while (may_move() && even_out_replicas()) continue;
        even_out_leaders();
        std::vector<ReplicaMove> moves;
        for (Planned& planned : planned_) {
            if (planned.reason.empty()) continue;
            moves.push_back({.topic_id = planned.topic->id,
                             .topic = planned.topic->name,
                             .partition = PartitionIndex(static_cast<int32_t>(planned.index)),
                             .from = planned.partition().replicas,
                             .to = std::move(planned.replicas),
                             .reason = std::move(planned.reason)});
        }
        return moves;
    }

  private:
    bool may_move() const { return moving_ < limits_.moving_max; }

    void replace(Planned& planned, Nodes replicas, std::string reason) {
        loads_.move(planned.replicas, replicas);
        planned.replicas = std::move(replicas);
        planned.reason = std::move(reason);
    }

    // A partition with two replicas in one rack, while another rack has none.
    void spread_over_racks() {
        const size_t racks_count = loads_.racks_count();
        for (Planned& planned : planned_) {
            if (!may_move()) return;
            const size_t before = loads_.racks_count(planned.replicas);
            if (before >= std::min(planned.replicas.size(), racks_count)) continue;
            auto better = in_more_racks(planned.replicas, before);
            if (!better) continue;
            ++moving_;
            std::string reason = "its replicas are in " + text(before) + " rack(s), and could be in " +
                                 text(loads_.racks_count(*better));
            replace(planned, std::move(*better), std::move(reason));
        }
    }

    // One replica elsewhere; a follower, if that helps.
    std::optional<Nodes> in_more_racks(const Nodes& replicas, size_t racks_before) const {
        for (size_t i = replicas.size(); i-- > 0;) {
            Nodes others = replicas;
            others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
            const auto best = loads_.best_beside(others);
            if (!best) return std::nullopt;
            Nodes result = replicas;
            result[i] = *best;
            if (loads_.racks_count(result) > racks_before) return result;
        }
        return std::nullopt;
    }

    // One replica from a broker that has many to one that has few. False: they are even enough.
    bool even_out_replicas() {
        std::vector<std::pair<size_t, NodeId>> donors;
        for (const auto& [id, load] : loads_.by_broker()) donors.emplace_back(load.replicas_count, id);
        std::ranges::sort(donors, std::greater());
        return std::ranges::any_of(donors, [&](const auto& donor) { return move_one_from(donor.second, donor.first); });
    }

    bool move_one_from(NodeId from, size_t replicas_count) {
        const size_t least = least_replicas();
        Planned* best = nullptr;
        std::optional<NodeId> to;
        for (Planned& planned : planned_) {
            if (!planned.reason.empty() || !contains(planned.replicas, from)) continue;
            const auto candidate = receiver(planned.replicas, from, replicas_count);
            if (!candidate) continue;
            if (best != nullptr && loads_.of(*candidate)->replicas_count >= loads_.of(*to)->replicas_count) continue;
            best = &planned;
            to = candidate;
            if (loads_.of(*to)->replicas_count == least) break;
        }
        if (best == nullptr) return false;
        ++moving_;
        Nodes replicas = best->replicas;
        std::ranges::replace(replicas, from, *to);
        std::string reason = "broker " + text(from) + " has " + text(replicas_count) + " replicas, broker " +
                             text(*to) + " has " + text(loads_.of(*to)->replicas_count);
        replace(*best, std::move(replicas), std::move(reason));
        return true;
    }

    // The one with the fewest replicas that differs enough, and leaves the partition in as many racks.
    std::optional<NodeId> receiver(const Nodes& replicas, NodeId from, size_t replicas_count) const {
        const auto tolerated =
            std::max<size_t>(1, static_cast<size_t>(std::floor(limits_.tolerance * mean_replicas())));
        std::optional<NodeId> best;
        for (const auto& [id, load] : loads_.by_broker()) {
            if (load.replicas_count + tolerated >= replicas_count || contains(replicas, id)) continue;
            if (best && load.replicas_count >= loads_.of(*best)->replicas_count) continue;
            Nodes after = replicas;
            std::ranges::replace(after, from, id);
            if (loads_.racks_count(after) >= loads_.racks_count(replicas)) best = id;
        }
        return best;
    }

    size_t least_replicas() const {
        const auto by_count = [](const auto& entry) { return entry.second.replicas_count; };
        return std::ranges::min_element(loads_.by_broker(), {}, by_count)->second.replicas_count;
    }

    double mean_replicas() const {
        size_t total = 0;
        for (const auto& [id, load] : loads_.by_broker()) total += load.replicas_count;
        return static_cast<double>(total) / static_cast<double>(loads_.by_broker().size());
    }

    // Preferred leaderships to replicas in sync whose brokers are preferred by two fewer or more. What is passed by is
    // seen again by the next plan.
    void even_out_leaders() {
        size_t count = 0;
        for (Planned& planned : planned_) {
            if (count >= limits_.leaderships_max) return;
            const NodeId leader = planned.replicas.front();
            const BrokerLoad* its = loads_.of(leader);
            if (!planned.reason.empty() || its == nullptr) continue;
            const auto other = less_preferred(planned, its->leaders_count);
            if (!other) continue;
            ++count;
            std::string reason = "broker " + text(leader) + " is preferred by " + text(its->leaders_count) +
                                 " partitions, broker " + text(*other) + " by " +
                                 text(loads_.of(*other)->leaders_count);
            Nodes replicas = planned.replicas;
            std::erase(replicas, *other);
            replicas.insert(replicas.begin(), *other);
            replace(planned, std::move(replicas), std::move(reason));
        }
    }

    std::optional<NodeId> less_preferred(const Planned& planned, size_t leaders_count) const {
        std::optional<NodeId> best;
        for (const NodeId node : planned.replicas) {
            const BrokerLoad* load = loads_.of(node);
            if (load == nullptr || load->leaders_count + 2 > leaders_count) continue;
            if (!contains(planned.partition().isr, node) || !can_serve(image_, planned.partition(), node)) continue;
            if (!best || load->leaders_count < loads_.of(*best)->leaders_count) best = node;
        }
        return best;
    }

    const metadata::Image& image_;
    const BalanceLimits limits_;
    BrokerLoads loads_;
    size_t moving_;
    std::vector<Planned> planned_;
};

}  // namespace

std::vector<ReplicaMove> plan_balance(const metadata::Image& image, const BalanceLimits& limits) {
    return Balance(image, limits).plan();
}

}  // namespace milena::controller
