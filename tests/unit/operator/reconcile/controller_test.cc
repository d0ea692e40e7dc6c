#include "reconcile/controller.h"

#include <atomic>
#include <mutex>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/operator/kube/manual_world.h"

namespace milena::reconcile {
namespace {

struct RealClock final : env::Clock {
    Instant now() override { return {std::chrono::steady_clock::now().time_since_epoch()}; }
    Timestamp wall() override { return no_timestamp; }
};

// A controller whose reconciler answers from a list, the last one for ever.
struct Answered {
    explicit Answered(std::vector<Verdict> list)
        : verdicts(std::move(list)),
          controller("KafkaCluster", queue, [this](const kube::ObjectKey&) { return next(); }, clock) {
        controller.start(2);
        queue.add({"a", "demo"});
    }

    Verdict next() {
        const size_t index = static_cast<size_t>(count++);
        return verdicts[std::min(index, verdicts.size() - 1)];
    }
    void await(int times) {
        while (count < times) std::this_thread::yield();
    }

    RealClock clock;
    kube::FixedRandom random;
    kube::WorkQueue queue{clock, random, {Milliseconds(1), Milliseconds(10)}};
    std::vector<Verdict> verdicts;
    std::atomic<int> count = 0;
    Controller controller;
};

TEST(Controller, an_error_comes_back_until_it_goes_well) {
    const Verdict failed{.error = kube::Error{kube::Reason::conflict, 409, ""}};
    Answered answered({failed, failed, Verdict{}});
    answered.await(3);
    answered.controller.stop();
    EXPECT_EQ(3u, answered.controller.stats().reconciles);
    EXPECT_EQ(2u, answered.controller.stats().errors);
    EXPECT_EQ(2u, answered.queue.stats().retries);
}

TEST(Controller, A4_what_happens_while_the_server_asks_to_wait_waits_as_well) {
    RealClock clock;
    kube::FixedRandom random;
    kube::WorkQueue queue(clock, random, {Milliseconds(1), Milliseconds(10)});
    std::atomic<int> count = 0;
    std::atomic<Instant> first, second;
    Controller controller(
        "KafkaCluster", queue,
        [&](const kube::ObjectKey& key) -> Verdict {
            (count == 0 ? first : second) = clock.now();
            if (count++ > 0) return {};
            queue.add(key);
            return {.error = kube::Error{kube::Reason::too_many_requests, 429, "", Milliseconds(50)}};
        },
        clock);
    controller.start(2);
    queue.add({"a", "demo"});
    while (count < 2) std::this_thread::yield();
    controller.stop();
    EXPECT_GE(second.load() - first.load(), Duration(Milliseconds(50)));
}

TEST(Controller, it_looks_again_when_the_plan_says) {
    Answered answered({Verdict{.look_again = Milliseconds(1)}, Verdict{}});
    answered.await(2);
    answered.controller.stop();
    EXPECT_EQ(0u, answered.queue.stats().retries);
}

TEST(Controller, an_object_that_is_not_as_its_kind_promises_ends_no_worker) {
    RealClock clock;
    kube::FixedRandom random;
    kube::WorkQueue queue(clock, random, {Milliseconds(1), Milliseconds(10)});
    std::atomic<int> count = 0;
    Controller controller(
        "KafkaCluster", queue,
        [&](const kube::ObjectKey&) -> Verdict {
            if (count++ == 0) return {.look_again = Milliseconds(nlohmann::json::object().at("missing").get<int>())};
            return {};
        },
        clock);
    controller.start(1);
    queue.add({"a", "demo"});
    while (count < 2) std::this_thread::yield();
    controller.stop();
    EXPECT_EQ(1u, controller.stats().errors);
}

// A controller of the kind that takes several keys, with one worker and three keys that wait before it begins.
struct Batches {
    explicit Batches(std::function<void(const std::vector<kube::ObjectKey>&)> look)
        : controller(
              "KafkaTopic", queue,
              [this, look](const std::vector<kube::ObjectKey>& keys) {
                  look(keys);
                  const std::lock_guard lock(mutex);
                  for (const kube::ObjectKey& key : keys) seen.push_back(key.name);
                  ++batches;
                  return std::vector<Verdict>(keys.size());
              },
              2, clock) {
        for (const char* name : {"one", "two", "three"}) queue.add({"a", name});
        controller.start(1);
    }
    // Until all three were looked at well.
    std::vector<std::string> await() {
        while (true) {
            std::this_thread::yield();
            const std::lock_guard lock(mutex);
            if (seen.size() >= 3) return seen;
        }
    }

    RealClock clock;
    kube::FixedRandom random;
    kube::WorkQueue queue{clock, random, {Milliseconds(1), Milliseconds(10)}};
    std::mutex mutex;
    std::vector<std::string> seen;
    std::atomic<int> batches = 0;
    Controller controller;
};

TEST(Controller, keys_that_wait_are_looked_at_together_as_many_as_are_allowed) {
    Batches batches([](const std::vector<kube::ObjectKey>&) {});
    EXPECT_EQ((std::vector<std::string>{"one", "two", "three"}), batches.await());
    batches.controller.stop();
    EXPECT_EQ(2, batches.batches);
    EXPECT_EQ(3u, batches.controller.stats().reconciles);
}

TEST(Controller, one_that_is_unreadable_keeps_no_other_from_being_looked_at) {
    std::atomic<int> throws = 0;
    Batches batches([&](const std::vector<kube::ObjectKey>& keys) {
        if (keys.front().name == "one" && throws++ < 2) (void)nlohmann::json::object().at("missing");
    });
    EXPECT_EQ((std::set<std::string>{"one", "three", "two"}), [&] {
        const auto seen = batches.await();
        return std::set<std::string>(seen.begin(), seen.end());
    }());
    batches.controller.stop();
    EXPECT_EQ(1u, batches.controller.stats().errors);
}

}  // namespace
}  // namespace milena::reconcile
