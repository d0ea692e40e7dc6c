#include "controller/broker_liveness.h"

#include <gtest/gtest.h>

#include "unit/metadata/records_fixture.h"

namespace milena::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr NodeId one{1};
constexpr NodeId two{2};

// Brokers 1 and 2, unfenced, with their ids as epochs.
class Liveness : public testing::Test {
  public:
    Liveness() {
        for (const int32_t id : {1, 2}) {
            auto record = metadata::broker(id, id);
            record.fenced = false;
            records.emplace_back(record);
        }
        image = metadata::image_of(records);
        liveness.begin(*image, at(0));
    }
    static Instant at(int64_t ms) { return {milliseconds(ms)}; }
    // Asks twice a second, as the controller does, until then.
    std::vector<NodeId> silent_until(int64_t ms) {
        std::vector<NodeId> result;
        for (; now_ms <= ms; now_ms += 500) {
            result.clear();
            for (const auto& silent : liveness.silent(*image, at(now_ms))) result.push_back(silent.broker);
        }
        return result;
    }

    metadata::Records records;
    std::shared_ptr<const metadata::Image> image;
    BrokerLiveness liveness{seconds(9)};
    int64_t now_ms = 0;
};

TEST_F(Liveness, new_controller_gives_everybody_a_full_session) {
    EXPECT_TRUE(silent_until(8'500).empty());
    EXPECT_EQ(silent_until(9'000), (std::vector{one, two}));
}

TEST_F(Liveness, heartbeat_begins_the_session_anew) {
    EXPECT_TRUE(silent_until(5'000).empty());
    liveness.heard(one, 1, Offset(7), at(5'000));
    EXPECT_EQ(silent_until(9'000), std::vector{two});
    EXPECT_TRUE(liveness.is_alive(one, 1, at(9'000)));
    EXPECT_FALSE(liveness.is_alive(one, 1, at(14'000)));
}

TEST_F(Liveness, only_who_was_heard_by_this_controller_is_known_to_live) {
    EXPECT_FALSE(liveness.is_alive(one, 1, at(1)));
    liveness.heard(one, 1, Offset(7), at(1));
    EXPECT_TRUE(liveness.is_alive(one, 1, at(2)));
    EXPECT_FALSE(liveness.is_alive(one, 0, at(2))) << "another registration";
}

TEST_F(Liveness, late_words_of_a_former_incarnation_count_for_nothing) {
    liveness.registered(one, 30, at(0));
    liveness.heard(one, 1, Offset(7), at(8'000));
    EXPECT_EQ(silent_until(9'000), (std::vector{one, two}));
}

TEST_F(Liveness, what_a_broker_has_said_of_itself_holds_as_long_as_its_registration) {
    const metadata::BrokerImage& broker = *image->broker(one);
    const Uuid& directory = broker.directories.front();
    liveness.heard(one, 1, Offset(7), at(1));
    liveness.has_full(one, {directory});
    liveness.registered(one, 1, at(5'000));
    EXPECT_TRUE(liveness.is_full(broker, directory)) << "the same process, elsewhere";
    EXPECT_TRUE(liveness.is_alive(one, 1, at(13'000)));
    liveness.registered(one, 2, at(5'000));
    metadata::BrokerImage anew = broker;
    anew.epoch = 2;
    EXPECT_FALSE(liveness.is_full(anew, directory));
}

TEST_F(Liveness, broken_connection_is_evidence_that_needs_no_waiting) {
    liveness.heard(one, 1, Offset(7), at(0));
    liveness.lost(one);
    EXPECT_FALSE(liveness.is_alive(one, 1, at(1)));
    EXPECT_EQ(silent_until(0), std::vector{one});
    liveness.heard(one, 1, Offset(8), at(400));
    EXPECT_TRUE(silent_until(500).empty()) << "it lives after all";
}

TEST_F(Liveness, fenced_brokers_are_not_named_again) {
    auto fenced = metadata::broker(1, 1);
    image = metadata::after(image, {fenced}).after;
    EXPECT_EQ(silent_until(20'000), std::vector{two});
}

TEST_F(Liveness, time_in_which_the_controller_stood_still_is_held_against_nobody) {
    liveness.heard(one, 1, Offset(7), at(0));
    EXPECT_TRUE(silent_until(1'000).empty());
    EXPECT_TRUE(liveness.silent(*image, at(31'000)).empty());
    now_ms = 31'500;
    EXPECT_TRUE(silent_until(38'500).empty());
    EXPECT_EQ(silent_until(39'500), (std::vector{one, two}));
}

TEST_F(Liveness, leave_is_known_when_all_active_brokers_have_the_record) {
    liveness.heard(one, 1, Offset(90), at(0));
    liveness.heard(two, 2, Offset(90), at(0));
    liveness.leaves(one, Offset(100));
    EXPECT_FALSE(liveness.is_leave_known(*image, one));
    liveness.heard(two, 2, Offset(100), at(1));
    EXPECT_TRUE(liveness.is_leave_known(*image, one));
}

}  // namespace
}  // namespace milena::controller
