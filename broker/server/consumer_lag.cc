#include "server/consumer_lag.h"

#include <algorithm>
#include <span>
#include <utility>

#include "group/smallest_groups.h"

namespace milena::server {
namespace {

// What a shard does before others have their turn: some hundred microseconds.
constexpr size_t steps_a_slice = 2'000;
constexpr Duration slice_time = std::chrono::microseconds(500);
constexpr size_t partitions_between_looks = 16;  // at the clock

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
                if (is_of_this && committed.offset.value >= 0)
                    lag.partitions.push_back({committed.partition, committed.offset, std::nullopt});
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

// Of the partitions that one shard owns.
class ConsumerLagReader::Measurement : public std::enable_shared_from_this<Measurement> {
  public:
    struct Question {
        replica::PartitionKey key;
        PartitionLag* answer = nullptr;  // ours alone until we have reported
    };

    Measurement(shard::Shard& shard, replica::LagReader& reader, std::vector<Question> questions,
                std::function<void()> done)
        : shard_(shard), reader_(reader), questions_(std::move(questions)), done_(std::move(done)) {}

    void begin() {
        reader_.begin();
        // Where time doesn't suffice for all, it shall not be the same ones each time that go without.
        const auto first = shard_.random().next() % questions_.size();
        std::ranges::rotate(questions_, questions_.begin() + static_cast<std::ptrdiff_t>(first));
        measure_some();
    }

  private:
    void measure_some() {
        const Instant begin = shard_.clock().now();
        while (next_ < questions_.size()) {
            const std::span rest = std::span(questions_).subspan(next_);
            for (const Question& question : rest.first(std::min(rest.size(), partitions_between_looks)))
                question.answer->lag = reader_.lag(question.key, question.answer->committed);
            next_ += partitions_between_looks;
            if (shard_.clock().now() - begin >= slice_time && next_ < questions_.size())
                return shard_.post([self = shared_from_this()] { self->measure_some(); });
        }
        done_();
    }

    shard::Shard& shard_;
    replica::LagReader& reader_;
    std::vector<Question> questions_;
    const std::function<void()> done_;
    size_t next_ = 0;
};

ConsumerLagReader::ConsumerLagReader(const shard::Shards& shards, const GroupGate& groups, shard::Loop& home,
                                     size_t partitions_max)
    : shards_(shards), groups_(groups), home_(home), partitions_max_(partitions_max) {
    for (size_t i = 0; i < shards.size(); ++i)
        readers_.push_back(
            std::make_unique<replica::LagReader>(shards[i].partitions(), shards[i].clock(), shards[i].codecs()));
}

void ConsumerLagReader::read(Done done) {
    waiting_.push_back(std::move(done));
    if (waiting_.size() > 1) return;
    shards_.gather<ConsumerLag>(
        home_,
        [this](shard::Shard& shard, auto report) {
            const group::CoordinatorHost* host = groups_.host(shard);
            if (host == nullptr || partitions_max_ == 0) return report({});
            std::make_shared<Walk>(shard, *host, partitions_max_, std::move(report))->count_some();
        },
        [this](std::vector<ConsumerLag> by_shard) { walked(std::move(by_shard)); });
}

void ConsumerLagReader::walked(std::vector<ConsumerLag> by_shard) {
    lag_ = std::make_shared<ConsumerLag>();
    group::SmallestGroups smallest(partitions_max_);
    for (const ConsumerLag& one : by_shard) {
        for (const GroupLag& group : one.groups) smallest.offer(group.group, group.partitions);
        lag_->groups_left_out += one.groups_left_out;
        lag_->partitions_left_out += one.partitions_left_out;
    }
    lag_->groups_left_out += smallest.groups_left_out();
    lag_->partitions_left_out += smallest.partitions_left_out();
    for (ConsumerLag& one : by_shard)
        for (GroupLag& group : one.groups)
            if (smallest.contains(group.group, group.partitions)) lag_->groups.push_back(std::move(group));

    std::vector<std::vector<Measurement::Question>> questions(shards_.size());
    for (GroupLag& group : lag_->groups)
        for (TopicLag& topic : group.topics)
            for (PartitionLag& partition : topic.partitions) {
                const replica::PartitionKey key{topic.topic_id, partition.partition};
                questions[shards_.owner_of(key).id().value].push_back({key, &partition});
            }
    shards_missing_ = 1;
    for (size_t i = 0; i < shards_.size(); ++i) {
        if (questions[i].empty()) continue;
        ++shards_missing_;
        auto measurement = std::make_shared<Measurement>(shards_[i], *readers_[i], std::move(questions[i]),
                                                         // Holds what is written to, should we be gone.
                                                         [this, lag = lag_] { home_.post([this] { finish(); }); });
        shards_[i].post([measurement] { measurement->begin(); });
    }
    finish();
}

void ConsumerLagReader::finish() {
    if (--shards_missing_ > 0) return;
    const std::shared_ptr<const ConsumerLag> lag = std::exchange(lag_, nullptr);
    for (const Done& done : std::exchange(waiting_, {})) done(*lag);
}

}  // namespace milena::server
