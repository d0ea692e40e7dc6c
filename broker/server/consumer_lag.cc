#include "server/consumer_lag.h"

#include <algorithm>
#include <map>
#include <utility>

#include "group/smallest_groups.h"

namespace milena::server {
namespace {

// What a shard does before others have their turn: some hundred microseconds.
constexpr size_t steps_a_slice = 2'000;

}  // namespace

// Over the coordinators of one shard: which groups have room, then what these have committed. A group that comes or
// goes meanwhile is seen or not.
class ConsumerLagReader::Walk : public std::enable_shared_from_this<Walk> {
  public:
    using WalkDone = std::function<void(ConsumerLag)>;

    Walk(shard::Shard& shard, const group::CoordinatorHost& host, size_t partitions_max, WalkDone done)
        : shard_(shard), host_(host), smallest_(partitions_max), done_(std::move(done)) {}

    void count_some() {
        size_t steps = 0;
        bool is_over = true;
        host_.each_from(key_, [&](const replica::PartitionKey& key, const group::Coordinator& coordinator) {
            if (key != key_) group_.clear();
            key_ = key;
            coordinator.offsets().each_from(group_, [&](const std::string& name, const Topics& topics) {
                is_over = steps < steps_a_slice;
                group_ = name;
                if (!is_over) return false;
                size_t partitions = 0;
                for (const auto& [topic, offsets] : topics) partitions += offsets.size();
                smallest_.offer(name, partitions);
                steps += 1 + partitions / 64;
                return true;
            });
            return is_over;
        });
        if (!is_over) return shard_.post([self = shared_from_this()] { self->count_some(); });
        lag_.groups_left_out = smallest_.groups_left_out();
        lag_.partitions_left_out = smallest_.partitions_left_out();
        next_ = smallest_.kept().begin();
        collect_some();
    }

  private:
    using Topics = group::CommittedOffsets::Topics;

    void collect_some() {
        for (size_t steps = 0; next_ != smallest_.kept().end(); ++next_) {
            if (steps >= steps_a_slice) return shard_.post([self = shared_from_this()] { self->collect_some(); });
            steps += 1 + next_->first;
            collect(next_->second);
        }
        done_(std::move(lag_));
    }

    void collect(const std::string& name) {
        const auto key = GroupGate::partition_of(*shard_.image(), name);
        if (!key) return;
        host_.each_from(*key, [&](const replica::PartitionKey& found, const group::Coordinator& coordinator) {
            const Topics* topics = found == *key ? coordinator.offsets().of_group(name) : nullptr;
            if (topics != nullptr) add(name, *topics);
            return false;
        });
    }

    void add(const std::string& name, const Topics& topics) {
        GroupLag group{.group = name, .partitions = 0, .topics = {}};
        for (const auto& [topic_name, offsets] : topics) {
            group.partitions += offsets.size();
            // What was committed for a topic that was deleted is soon forgotten, and not shown until then.
            const metadata::TopicImage* topic = shard_.image()->topic(topic_name);
            if (topic == nullptr) continue;
            TopicLag& lag = group.topics.emplace_back(TopicLag{topic_name, topic->id, {}});
            lag.partitions.reserve(offsets.size());
            offsets.each([&](const group::CommittedOffset& committed) {
                const bool is_of_this = committed.topic_id == Uuid() || committed.topic_id == topic->id;
                if (!is_of_this || committed.offset.value < 0) return;
                const metadata::PartitionImage* partition = topic->partition(committed.partition);
                const NodeId leader = partition == nullptr ? no_node : partition->leader;
                lag.partitions.push_back({committed.partition, committed.offset, leader, std::nullopt});
            });
        }
        lag_.groups.push_back(std::move(group));
    }

    shard::Shard& shard_;
    const group::CoordinatorHost& host_;
    group::SmallestGroups smallest_;
    const WalkDone done_;
    // Where to go on: in the first round, then in the second.
    replica::PartitionKey key_;
    std::string group_;
    group::SmallestGroups::Groups::const_iterator next_;
    ConsumerLag lag_;
};

ConsumerLagReader::ConsumerLagReader(Environment environment)
    : environment_(std::move(environment)), meter_(environment_.shards, environment_.home) {}

void ConsumerLagReader::read(Done done) {
    waiting_.push_back(std::move(done));
    if (waiting_.size() > 1) return;
    environment_.shards.gather<ConsumerLag>(
        environment_.home,
        [this](shard::Shard& shard, auto report) {
            const group::CoordinatorHost* host = environment_.groups.host(shard);
            if (host == nullptr || environment_.partitions_max == 0) return report({});
            std::make_shared<Walk>(shard, *host, environment_.partitions_max, std::move(report))->count_some();
        },
        [this](std::vector<ConsumerLag> by_shard) { walked(std::move(by_shard)); });
}

void ConsumerLagReader::walked(std::vector<ConsumerLag> by_shard) {
    lag_ = {};
    group::SmallestGroups smallest(environment_.partitions_max);
    for (const ConsumerLag& one : by_shard) {
        for (const GroupLag& group : one.groups) smallest.offer(group.group, group.partitions);
        lag_.groups_left_out += one.groups_left_out;
        lag_.partitions_left_out += one.partitions_left_out;
    }
    lag_.groups_left_out += smallest.groups_left_out();
    lag_.partitions_left_out += smallest.partitions_left_out();
    for (ConsumerLag& one : by_shard)
        for (GroupLag& group : one.groups)
            if (smallest.contains(group.group, group.partitions)) lag_.groups.push_back(std::move(group));

    asked_.clear();
    std::vector<replica::LagPosition> positions;
    for (GroupLag& group : lag_.groups)
        for (TopicLag& topic : group.topics)
            for (PartitionLag& partition : topic.partitions) {
                positions.push_back({{topic.topic_id, partition.partition}, partition.committed});
                asked_.push_back({positions.back(), &partition});
            }
    meter_.measure(positions, [this](const LagMeter::Lags& lags) { measured(lags); });
}

// What isn't known here its leader knows.
void ConsumerLagReader::measured(const LagMeter::Lags& lags) {
    std::map<NodeId, std::vector<Asked>> elsewhere;
    for (size_t i = 0; i < asked_.size(); ++i) {
        PartitionLag& partition = *asked_[i].answer;
        partition.lag = lags[i];
        const bool is_led_elsewhere = partition.leader != no_node && partition.leader != environment_.node;
        if (!partition.lag && is_led_elsewhere) elsewhere[partition.leader].push_back(asked_[i]);
    }
    answers_missing_ = 1 + elsewhere.size();
    for (const auto& [leader, asked] : elsewhere) {
        std::vector<replica::LagPosition> positions;
        for (const Asked& each : asked) positions.push_back(each.position);
        environment_.ask_leader(leader, std::move(positions), [this, asked](const LagMeter::Lags& told) {
            for (size_t i = 0; i < std::min(asked.size(), told.size()); ++i) asked[i].answer->lag = told[i];
            finish();
        });
    }
    finish();
}

void ConsumerLagReader::finish() {
    if (--answers_missing_ > 0) return;
    for (const Done& done : std::exchange(waiting_, {})) done(lag_);
}

}  // namespace milena::server
