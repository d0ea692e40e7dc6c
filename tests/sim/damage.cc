#include "sim/damage.h"

#include <memory>
#include <optional>

#include "sim/checker.h"
#include "sim/consumer.h"
#include "sim/producer.h"
#include "sim/sim_broker.h"
#include "storage/log_directory.h"

namespace milena::sim {
namespace {

using std::chrono::seconds;

class Damage {
  public:
    explicit Damage(uint64_t seed) : world_(seed) {
        for (int32_t i = 0; i < partition_count; ++i) {
            consumers_.push_back(std::make_unique<Consumer>(network_, checker_, PartitionIndex(i)));
            producers_.push_back(
                std::make_unique<Producer>(network_, checker_, static_cast<uint32_t>(i), PartitionIndex(i)));
        }
    }

    DamageReport run() {
        start_broker();
        for (const auto& consumer : consumers_) consumer->start();
        produce();
        if (world_.random.one_in(2)) (void)broker_->stop_cleanly();
        broker_.reset();
        disk_.restart();
        const std::string file = disk_.flip_bit(".log").value_or("");
        const std::optional<PartitionIndex> partition = partition_of(file);
        if (partition) expect_damage(*partition);
        start_broker();
        produce(partition);
        read_everything(partition);
        return {
            .damaged_file = file, .acknowledged = checker_.acknowledged_count(), .violations = checker_.violations()};
    }

  private:
    void run_for(Duration duration) {
        world_.run_until(world_.clock.now() + duration, [] { return false; });
    }

    void produce(std::optional<PartitionIndex> except = {}) {
        for (size_t i = 0; i < producers_.size(); ++i)
            if (!except || i != static_cast<size_t>(except->value)) producers_[i]->start();
        run_for(seconds(10));
        for (const auto& producer : producers_) producer->stop();
        run_for(seconds(2));
    }

    // A flip in the metadata log may keep the broker from starting at all: refusing it is right.
    void start_broker() { broker_ = std::make_unique<SimBroker>(world_, disk_, BrokerSetup{.policy = Policy::fsync}); }

    static std::optional<PartitionIndex> partition_of(const std::string& file) {
        const size_t end = file.rfind('/');
        const size_t begin = file.rfind('/', end - 1) + 1;
        const auto directory = storage::parse_partition_directory(file.substr(begin, end - begin));
        if (!directory || directory->topic != topic_name) return std::nullopt;
        return directory->partition;
    }

    // What recovery cuts off is lost.
    void expect_damage(PartitionIndex partition) {
        const auto index = static_cast<size_t>(partition.value);
        consumers_[index]->expect_damage();
        consumers_[index]->allow_losses();
    }

    void read_everything(std::optional<PartitionIndex> damaged) {
        if (!damaged) return;
        if (broker_->must_restart() || broker_->has_lost_a_directory())
            checker_.complain("damaged records took more with them than their partition");
        for (const auto& consumer : consumers_) consumer->start_over();
        run_for(seconds(100));
        for (size_t i = 0; i < consumers_.size(); ++i) {
            const PartitionIndex partition(static_cast<int32_t>(i));
            if (partition == *damaged) continue;
            if (!producers_[i]->is_idle()) checker_.complain("another partition took no more records");
            if (!consumers_[i]->is_at_end()) checker_.complain("another partition could not be read");
            checker_.finish(partition, consumers_[i]->log_start(), consumers_[i]->values());
        }
    }

    World world_;
    SimDisk disk_{world_.random, world_.clock,
                  [this](Duration delay, std::function<void()> event) { world_.after(delay, event); }};
    Checker checker_;
    Network network_{.world = world_, .broker = [this] { return broker_.get(); }};
    std::vector<std::unique_ptr<Producer>> producers_;
    std::vector<std::unique_ptr<Consumer>> consumers_;
    std::unique_ptr<SimBroker> broker_;
};

}  // namespace

DamageReport run_damage(uint64_t seed) { return Damage(seed).run(); }

}  // namespace milena::sim
