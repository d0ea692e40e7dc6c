// The way from any shard to the coordinator of a group, which lives on the shard that owns the group's partition, and
// back. Shared by all shards; each touches only its own host.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "group/coordinator_host.h"
#include "group/partition_for.h"
#include "group/reply.h"
#include "metadata/image.h"
#include "shard/shard.h"

namespace milena::server {

class GroupGate {
  public:
    explicit GroupGate(shard::Shards& shards) : shards_(shards), hosts_(shards.size()) {}
    GroupGate(const GroupGate&) = delete;
    GroupGate& operator=(const GroupGate&) = delete;

    // On that shard, from when it serves until it serves no more.
    void open(shard::Shard& shard) { hosts_[shard.id().value] = std::make_unique<Host>(shard, shards_.size()); }
    void apply(const shard::Shard& shard, const metadata::Delta& delta) {
        if (const auto& host = hosts_[shard.id().value]) host->coordinators.apply(delta, *shard.config());
    }
    void close(const shard::Shard& shard) {
        if (const auto& host = hosts_[shard.id().value]) host->coordinators.resign();
    }

    // On that shard. Null before it serves.
    const group::CoordinatorHost* host(const shard::Shard& shard) const {
        const auto& host = hosts_[shard.id().value];
        return host ? &host->coordinators : nullptr;
    }

    // Nothing while there is no such topic.
    static std::optional<replica::PartitionKey> partition_of(const metadata::Image& image, std::string_view group_id) {
        const metadata::TopicImage* topic = image.topic(group::offsets_topic);
        if (topic == nullptr) return std::nullopt;
        return replica::PartitionKey{topic->id,
                                     group::partition_for(group_id, static_cast<int32_t>(topic->partitions.size()))};
    }

    // work(coordinator, reply) on the coordinator's shard; what it replies, or why it can't, to `done` on `home`.
    template <class Response, class Work>
    void ask(shard::Shard& home, const replica::PartitionKey& key, Work work, group::Reply<Response> done) const {
        shard::Shard& owner = shards_.owner_of(key);
        group::Reply<Response> reply = [&home, done = std::move(done)](Result<Response> response) {
            // Shared, because a message must be copyable.
            auto shared = std::make_shared<Result<Response>>(std::move(response));
            shard::run_on(home, [done, shared] { done(std::move(*shared)); });
        };
        shard::run_on(owner, [this, &owner, key, work = std::move(work), reply = std::move(reply)] {
            const auto& host = hosts_[owner.id().value];
            ErrorCode error = ErrorCode::coordinator_load_in_progress;
            if (host)
                error = host->coordinators.use(key, [&](group::Coordinator& coordinator) { work(coordinator, reply); });
            if (error != ErrorCode::none) reply(unexpected(error));
        });
    }
    // Of the group's partition.
    template <class Response, class Work>
    void ask(shard::Shard& home, std::string_view group_id, Work work, group::Reply<Response> done) const {
        const auto key = partition_of(*home.image(), group_id);
        if (!key) return done(unexpected(ErrorCode::not_coordinator));
        ask<Response>(home, *key, std::move(work), std::move(done));
    }

  private:
    // The coordinators of one shard and the timer that wakes them.
    struct Host {
        Host(shard::Shard& on, size_t shards_count)
            : shard(on),
              coordinators({.partitions = on.partitions(),
                            .clock = on.clock(),
                            .random = on.random(),
                            .codecs = on.codecs(),
                            .post = [&on](shard::Task task) { on.post(std::move(task)); },
                            .wake_at = [this](Instant next) { wake_at(next); },
                            .shards_count = shards_count},
                           *on.image(), *on.config()) {}
        ~Host() { shard.loop().cancel(timer); }
        Host(const Host&) = delete;
        Host& operator=(const Host&) = delete;

        void wake_at(Instant next) {
            shard.loop().cancel(timer);
            timer = shard.loop().at(next, [this] { coordinators.tick(); });
        }

        shard::Shard& shard;
        shard::TimerId timer;
        group::CoordinatorHost coordinators;
    };

    shard::Shards& shards_;
    std::vector<std::unique_ptr<Host>> hosts_;  // by shard
};

}  // namespace milena::server
