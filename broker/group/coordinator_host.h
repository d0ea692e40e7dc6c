// CoordinatorHost: the group coordinators of one shard, one for each partition of __consumer_offsets that is led there,
// with one deadline for all of them. It is told of every metadata image after the partitions have taken it in. Its
// shard's thread only.
#pragma once

#include <map>
#include <memory>

#include "group/hosted_coordinator.h"
#include "metadata/delta.h"
#include "settings/broker_config.h"

namespace milena::group {

class CoordinatorHost {
  public:
    // Begins to load what is led here already.
    CoordinatorHost(HostEnvironment environment, const metadata::Image& image, const settings::BrokerConfig& config);
    CoordinatorHost(const CoordinatorHost&) = delete;
    CoordinatorHost& operator=(const CoordinatorHost&) = delete;

    void apply(const metadata::Delta& delta, const settings::BrokerConfig& config);
    // What has become due; the environment was told when.
    void tick();
    // Before the shard stops: nobody waits for a group any longer.
    void resign();

    // work(coordinator), or why there is none that could be asked: NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS.
    template <class Work>
    ErrorCode use(const replica::PartitionKey& key, Work&& work) {
        const auto at = hosted_.find(key);
        if (at == hosted_.end()) return ErrorCode::not_coordinator;
        // Kept alive: what is answered may bring the next image.
        const std::shared_ptr<HostedCoordinator> hosted = at->second;
        if (hosted->unavailable() != ErrorCode::none) return hosted->unavailable();
        // Another one may have got commits that aren't known here.
        if (hosted->is_forsaken()) return ErrorCode::not_coordinator;
        hosted->use(std::forward<Work>(work));
        return ErrorCode::none;
    }

    // visit(key, coordinator) of those that have loaded, in the order of their keys beginning with `first`, until it
    // returns false. Nothing is asked of a coordinator here: no answer leaves.
    template <class F>
    void each_from(const replica::PartitionKey& first, F&& visit) const {
        for (auto at = hosted_.lower_bound(first); at != hosted_.end(); ++at)
            if (at->second->unavailable() == ErrorCode::none && !visit(at->first, at->second->coordinator())) return;
    }

    GroupMetrics metrics() const;

  private:
    void agree(const metadata::TopicImage& topic, PartitionIndex partition, const settings::BrokerConfig& config);
    void wake_at(Instant next);

    const HostEnvironment environment_;
    const std::shared_ptr<MembersMemory> members_ = std::make_shared<MembersMemory>();
    const std::shared_ptr<GroupCounts> counts_ = std::make_shared<GroupCounts>();
    std::map<replica::PartitionKey, std::shared_ptr<HostedCoordinator>> hosted_;
    Instant wakes_at_ = never;
};

}  // namespace milena::group
