// BalanceDraft: the cluster as a plan would leave it, so far, and how much the plan may still move. Each goal of the
// plan (balance_plan.cc, balance_disks.h, balance_traffic.h) changes it in turn. A value that lives as long as one
// plan.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/balance_plan.h"
#include "controller/broker_loads.h"
#include "metadata/image.h"

namespace milena::controller {

// A partition as the plan would leave it.
struct Planned {
    const metadata::TopicImage* topic = nullptr;
    size_t index = 0;
    std::vector<NodeId> replicas;
    PartitionWeight weight;
    std::string reason;  // empty: it stays as it is. What has one isn't moved again

    const metadata::PartitionImage& partition() const { return *topic->partitions[index]; }
    std::string name() const { return topic->name + "-" + std::to_string(index); }
    bool is_untouched() const { return reason.empty(); }
};

class BalanceDraft {
  public:
    // All outlive the draft. Partitions that are being moved already are not in it.
    BalanceDraft(const metadata::Image& image, const Weights& weights, const BalanceLimits& limits);

    const metadata::Image& image() const { return image_; }
    const BalanceLimits& limits() const { return limits_; }
    const BrokerLoads& loads() const { return loads_; }
    // Every broker has told what it stores: bytes and traffic may be compared.
    bool is_weighed() const { return is_weighed_; }
    // By how many replicas brokers may differ: at least one.
    size_t tolerated_replicas() const;

    std::vector<Planned>& partitions() { return planned_; }
    // Those that the image says have a replica on the broker, from small to large.
    const std::vector<Planned*>& on(NodeId broker) { return on_[broker]; }

    // Whether so many partitions more may be moved at once, and preferred leaderships in this plan.
    bool may_move(size_t count = 1) const { return moving_ + count <= limits_.moving_max; }
    bool is_moving() const { return moving_ > 0; }
    bool may_lead(size_t count = 1) const { return leaderships_ + count <= limits_.leaderships_max; }

    void move(Planned& planned, std::vector<NodeId> replicas, std::string reason);
    // The replica on `from` goes to `to`.
    void move(Planned& planned, NodeId from, NodeId to, std::string reason);
    // One of its replicas is preferred from now on.
    void prefer(Planned& planned, NodeId leader, std::string reason);

    // Ordered by name and partition.
    std::vector<ReplicaMove> moves() const;

  private:
    void replace(Planned& planned, std::vector<NodeId> replicas, std::string reason);

    const metadata::Image& image_;
    const BalanceLimits& limits_;
    const bool is_weighed_;
    BrokerLoads loads_;
    size_t moving_;
    size_t leaderships_ = 0;
    std::vector<Planned> planned_;
    std::map<NodeId, std::vector<Planned*>> on_;
};

// As long as two brokers differ by more than is tolerated, lets `step` bring them closer, who has more first; those
// that differ most come first. Where it returns false, it is asked again when no other pair comes closer any more.
void bring_closer(const BalanceDraft& draft, double BrokerLoad::* amount, double tolerated,
                  const std::function<bool(NodeId more, NodeId less)>& step);

// "broker 3", and an amount of bytes, for reasons.
std::string broker_text(NodeId broker);
std::string amount_text(double bytes);

}  // namespace milena::controller
