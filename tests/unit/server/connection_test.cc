#include "server/connection.h"

#include <gtest/gtest.h>

#include "base/big_endian.h"
#include "unit/server/fake_clock.h"
#include "unit/server/fake_stream.h"

namespace milena::server {
namespace {

using namespace std::chrono_literals;

struct FakeSource final : RangeSource {
    bool cached = true;
    mutable std::function<void(bool)> loaded;
    int descriptor() const override { return 3; }
    bool is_cached(uint64_t, size_t) const override { return cached; }
    void load(uint64_t, size_t, std::function<void(bool)> done) const override { loaded = std::move(done); }
};

// The content of a frame is a word; the answer to it is the word in brackets. "wait…" is answered when the test says
// so.
struct ConnectionTest : testing::Test {
    FakeClock clock;
    shard::Loop loop{clock};
    Budget budget{1000};
    RequestMetrics metrics;
    std::vector<std::byte> scratch = std::vector<std::byte>(300);
    FakePeer peer;
    std::vector<std::string> seen;
    std::vector<SlotId> waiting;
    size_t closed = 0;
    ConnectionHost host{
        .loop = loop,
        .budget = budget,
        .metrics = metrics,
        .scratch = scratch,
        .limits = {.frame_bytes_max = 800, .requests_max = 4, .requests_bytes_max = 600, .always_bytes_max = 0},
        .dispatch = [this](Connection& from, SlotId slot, const Bytes& frame) { return dispatch(from, slot, frame); },
        .closed = [this](Connection&) { ++closed; }};
    std::shared_ptr<Connection> connection = std::make_shared<Connection>(
        host, std::make_unique<FakeStream>(peer), ClientInfo{.address = "client:1", .listener = "L"});

    static wire::EncodedFrame encoded(const std::string& text) {
        return {.parts = {Bytes::copy_of(std::string_view(text))}, .size = text.size()};
    }
    // Two MiB of a file between two words.
    static wire::EncodedFrame around(std::shared_ptr<const RangeSource> file) {
        const Bytes head = Bytes::copy_of(std::string_view("head,"));
        const Bytes foot = Bytes::copy_of(std::string_view(",foot"));
        return {.parts = {head, FileRange{std::move(file), 100, 2U << 20}, foot}, .size = 10 + (2U << 20)};
    }
    // An answer that begins to leave a while after it was given, and whose file has left the page cache meanwhile.
    std::shared_ptr<FakeSource> owe_cold_range() {
        auto file = std::make_shared<FakeSource>();
        file->cached = false;
        send(framed("wait"));
        connection->answer(waiting[0], around(file));
        clock.time = clock.time + 20ms;
        run();
        return file;
    }
    static std::string framed(const std::string& content) {
        std::string frame(4, '\0');
        store_big_endian(reinterpret_cast<std::byte*>(frame.data()), static_cast<int32_t>(content.size()));
        return frame + content;
    }
    bool dispatch(Connection& from, SlotId slot, const Bytes& frame) {
        const std::string word(frame.view());
        seen.push_back(word);
        if (word == "refuse") return false;
        if (word.starts_with("wait"))
            waiting.push_back(slot);
        else
            from.answer(slot, encoded("[" + word.substr(0, 20) + "]"));
        return true;
    }
    void send(const std::string& bytes) {
        peer.to_read += bytes;
        run();
    }
    // The client's events, and what the connection has posted to itself.
    void run() {
        for (int i = 0; i < 10; ++i) {
            peer.run();
            loop.post([this] { loop.stop(); });
            loop.run();
        }
    }
    void answer(SlotId slot, const std::string& text) {
        connection->answer(slot, encoded(text));
        run();
    }
    // The loop's alarm rings in real time.
    void run_until_seen(size_t count) {
        while (seen.size() < count) run();
    }
    void SetUp() override { connection->start(); }
    void TearDown() override { connection->close(""); }
};

TEST_F(ConnectionTest, a_frame_is_answered) {
    send(framed("hello"));
    EXPECT_EQ(peer.written, "[hello]");
}

TEST_F(ConnectionTest, many_frames_in_one_read_are_answered_in_order) {
    send(framed("a") + framed("b") + framed("c"));
    EXPECT_EQ(peer.written, "[a][b][c]");
    EXPECT_LE(peer.reads, 2U);
}

TEST_F(ConnectionTest, a_frame_may_come_byte_by_byte) {
    peer.read_bytes_max = 1;
    send(framed("hello") + framed("world"));
    EXPECT_EQ(peer.written, "[hello][world]");
}

TEST_F(ConnectionTest, a_frame_larger_than_the_scratch_memory_comes_whole) {
    const std::string word(500, 'x');
    send(framed(word) + framed("next"));
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen.front(), word);
    EXPECT_EQ(seen.back(), "next");
}

TEST_F(ConnectionTest, answers_leave_in_the_order_of_requests) {
    send(framed("wait") + framed("quick"));
    EXPECT_EQ(peer.written, "");
    answer(waiting[0], "[late]");
    EXPECT_EQ(peer.written, "[late][quick]");
}

TEST_F(ConnectionTest, answers_given_at_a_time_leave_in_one_write) {
    send(framed("wait") + framed("wait") + framed("quick"));
    connection->answer(waiting[0], encoded("[a]"));
    connection->answer(waiting[1], encoded("[b]"));
    run();
    EXPECT_EQ(peer.written, "[a][b][quick]");
    EXPECT_EQ(peer.writes, 1U);
}

TEST_F(ConnectionTest, ranges_of_files_are_sent_in_their_place_and_take_no_memory) {
    send(framed("wait") + framed("quick"));
    peer.write_room = 8;
    connection->answer(waiting[0], around(std::make_shared<FakeSource>()));
    run();
    EXPECT_EQ(peer.written, "head,<100+3>");
    EXPECT_LT(budget.bytes_used(), 100U);
    peer.write_room = SIZE_MAX;
    run();
    EXPECT_EQ(peer.written, "head,<100+3><103+1048576><1048679+1048573>,foot[quick]");
    EXPECT_EQ(budget.bytes_used(), 0U);
}

TEST_F(ConnectionTest, what_has_left_the_page_cache_is_loaded_before_it_is_sent) {
    const auto file = owe_cold_range();
    EXPECT_EQ(peer.written, "head,");
    ASSERT_TRUE(file->loaded);
    EXPECT_FALSE(connection->silent_since());  // it is we who owe
    std::exchange(file->loaded, nullptr)(true);
    run();
    EXPECT_EQ(peer.written, "head,<100+1048576>");  // though it has gone again
    file->cached = true;
    std::exchange(file->loaded, nullptr)(true);
    run();
    EXPECT_EQ(peer.written, "head,<100+1048576><1048676+1048576>,foot");
}

TEST_F(ConnectionTest, what_was_in_memory_a_moment_ago_is_sent_without_asking_again) {
    const auto file = std::make_shared<FakeSource>();
    file->cached = false;
    send(framed("wait"));
    connection->answer(waiting[0], around(file));
    run();
    EXPECT_EQ(peer.written, "head,<100+1048576><1048676+1048576>,foot");
    EXPECT_FALSE(file->loaded);
}

TEST_F(ConnectionTest, what_can_not_be_loaded_ends_the_connection) {
    const auto file = owe_cold_range();
    file->loaded(false);
    run();
    EXPECT_EQ(peer.written, "head,");
    EXPECT_TRUE(peer.is_closed_by_server);
}

TEST_F(ConnectionTest, may_be_closed_while_a_range_is_loaded) {
    const auto file = owe_cold_range();
    connection->close("");
    file->loaded(true);
    run();
    EXPECT_EQ(peer.written, "head,");
    EXPECT_EQ(budget.bytes_used(), 0U);
}

TEST_F(ConnectionTest, large_answers_are_made_one_after_the_other) {
    std::string begun;
    const auto ask = [&](char name, SlotId slot) { connection->in_turn(slot, [&begun, name] { begun += name; }); };
    send(framed("wait") + framed("wait") + framed("wait"));
    peer.write_room = 0;
    ask('a', waiting[0]);
    ask('b', waiting[1]);
    ask('c', waiting[2]);
    EXPECT_EQ(begun, "a");
    answer(waiting[0], "small");
    EXPECT_EQ(begun, "ab");
    answer(waiting[1], std::string(host.limits.answers_bytes_max, 'x'));  // and nobody reads it
    EXPECT_EQ(begun, "ab");
    peer.write_room = SIZE_MAX;
    run();
    EXPECT_EQ(begun, "abc");
}

TEST_F(ConnectionTest, what_waits_for_its_turn_goes_with_the_connection) {
    int begun = 0;
    send(framed("wait") + framed("wait"));
    connection->in_turn(waiting[0], [&] { ++begun; });
    connection->in_turn(waiting[1], [&, kept = connection] { ++begun; });
    connection->close("");
    run();
    EXPECT_EQ(begun, 1);
}

TEST_F(ConnectionTest, an_answer_of_nothing_lets_the_next_one_out) {
    send(framed("wait") + framed("quick"));
    connection->answer_nothing(waiting[0]);
    run();
    EXPECT_EQ(peer.written, "[quick]");
}

TEST_F(ConnectionTest, a_slow_reader_gets_its_answers_piece_by_piece) {
    peer.write_room = 3;
    send(framed("hello") + framed("world"));
    EXPECT_EQ(peer.written, "[he");
    for (int i = 0; i < 20; ++i) {
        peer.write_room = 1;
        run();
    }
    EXPECT_EQ(peer.written, "[hello][world]");
}

TEST_F(ConnectionTest, a_negative_length_closes_the_connection) {
    send(std::string("\xff\xff\xff\xff", 4));
    EXPECT_TRUE(peer.is_closed_by_server);
}

TEST_F(ConnectionTest, a_frame_over_the_limit_closes_the_connection_before_it_is_read) {
    send(std::string("\x7f\xff\xff\xff", 4) + "abc");
    EXPECT_TRUE(peer.is_closed_by_server);
    EXPECT_TRUE(seen.empty());
    EXPECT_EQ(budget.bytes_used(), 0U);
}

TEST_F(ConnectionTest, a_refused_request_closes_the_connection_but_not_what_came_before) {
    send(framed("a") + framed("refuse") + framed("b"));
    EXPECT_EQ(seen, (std::vector<std::string>{"a", "refuse"}));
    EXPECT_TRUE(peer.is_closed_by_server);
    EXPECT_EQ(closed, 1U);
}

TEST_F(ConnectionTest, over_the_limit_of_requests_nothing_more_is_read) {
    for (int i = 0; i < 6; ++i) send(framed("wait" + std::to_string(i)));
    EXPECT_EQ(seen.size(), 4U);
    answer(waiting[0], "x");
    run();
    EXPECT_EQ(seen.size(), 5U);
    answer(waiting[1], "x");
    answer(waiting[2], "x");
    run();
    EXPECT_EQ(seen.size(), 6U);
}

TEST_F(ConnectionTest, a_client_that_never_reads_is_not_read_from_either) {
    host.limits.answers_bytes_max = 30;
    peer.write_room = 0;
    for (int i = 0; i < 20; ++i) send(framed("0123456789"));
    EXPECT_LE(seen.size(), 4U);
    EXPECT_FALSE(peer.is_closed_by_server);
}

TEST_F(ConnectionTest, without_room_in_the_budget_the_frame_waits_its_turn) {
    ASSERT_TRUE(budget.try_take(900));
    send(framed(std::string(200, 'x')));
    EXPECT_TRUE(seen.empty());
    budget.give_back(900);
    run();
    EXPECT_EQ(seen.size(), 1U);
}

TEST_F(ConnectionTest, who_asks_little_is_served_though_others_hold_all_memory) {
    host.limits.always_bytes_max = 10;
    ASSERT_TRUE(budget.try_take(1000));
    send(framed("hello"));
    EXPECT_EQ(peer.written, "[hello]");
}

TEST_F(ConnectionTest, a_closed_connection_gives_back_what_it_held) {
    send(framed("wait") + framed("wait") + framed(std::string(100, 'x')).substr(0, 50));
    EXPECT_GT(budget.bytes_used(), 100U);
    connection->close("");
    EXPECT_EQ(budget.bytes_used(), 0U);
}

TEST_F(ConnectionTest, an_answer_after_the_end_is_dropped) {
    send(framed("wait"));
    connection->close("");
    answer(waiting[0], "x");
    EXPECT_EQ(peer.written, "");
    EXPECT_EQ(budget.bytes_used(), 0U);
}

TEST_F(ConnectionTest, whoever_waits_is_told_of_the_end) {
    send(framed("wait"));
    bool is_told = false;
    connection->on_close(waiting[0], [&] { is_told = true; });
    peer.is_closed_by_client = true;
    run();
    EXPECT_TRUE(is_told);
    EXPECT_EQ(closed, 1U);
}

TEST_F(ConnectionTest, a_client_we_owe_an_answer_is_not_silent) {
    EXPECT_TRUE(connection->silent_since());
    send(framed("wait"));
    EXPECT_FALSE(connection->silent_since());
    answer(waiting[0], "x");
    EXPECT_TRUE(connection->silent_since());
}

TEST_F(ConnectionTest, a_trickle_of_bytes_is_silence) {
    const Instant begin = *connection->silent_since();
    const std::string frame = framed(std::string(100, 'x'));
    for (size_t i = 0; i < 50; ++i) {
        clock.time = clock.time + 1s;
        send(frame.substr(i, 1));
    }
    EXPECT_EQ(*connection->silent_since(), begin);
    EXPECT_EQ(connection->bytes_held_by_client(), 100U);
}

TEST_F(ConnectionTest, finishing_waits_for_answers_but_takes_no_more_requests) {
    send(framed("wait"));
    connection->finish();
    send(framed("more"));
    EXPECT_EQ(seen.size(), 1U);
    answer(waiting[0], "bye");
    EXPECT_EQ(peer.written, "bye");
    EXPECT_TRUE(peer.is_closed_by_server);
}

TEST_F(ConnectionTest, finishing_waits_for_no_long_poll) {
    send(framed("wait"));
    connection->on_close(waiting[0], [] {});
    connection->finish();
    EXPECT_TRUE(peer.is_closed_by_server);
}

TEST_F(ConnectionTest, throttled_client_gets_his_answers_and_is_not_listened_to_until_the_time_is_over) {
    send(framed("wait"));
    connection->throttle(5ms);
    connection->throttle(3ms);  // changes nothing: the longer one counts
    answer(waiting.front(), "[done]");
    send(framed("one") + framed("two"));
    EXPECT_EQ(peer.written, "[done]");
    EXPECT_EQ(seen.size(), 1U);
    clock.time = clock.time + 4ms;
    run();
    EXPECT_EQ(seen.size(), 1U);
    clock.time = clock.time + 1ms;
    run_until_seen(3);
    EXPECT_EQ(peer.written, "[done][one][two]");
}

TEST_F(ConnectionTest, throttle_holds_up_a_request_that_has_half_arrived) {
    const std::string frame = framed(std::string(500, 'x'));
    send(frame.substr(0, 400));
    connection->throttle(5ms);
    send(frame.substr(400));
    EXPECT_TRUE(seen.empty());
    EXPECT_EQ(connection->bytes_held_by_client(), 0U);  // no fault of his
    clock.time = clock.time + 5ms;
    run_until_seen(1);
    EXPECT_EQ(seen.size(), 1U);
}

TEST_F(ConnectionTest, throttled_client_is_idle_for_as_long_as_he_has_been_silent) {
    const Instant before = clock.time;
    connection->throttle(1h);
    clock.time = clock.time + 1min;
    send(framed("one"));
    EXPECT_EQ(connection->silent_since(), before);
}

TEST_F(ConnectionTest, throttled_connection_that_is_closed_stays_closed) {
    connection->throttle(5ms);
    connection->close("");
    connection->throttle(5ms);
    clock.time = clock.time + 5ms;
    run();
    EXPECT_EQ(closed, 1U);
}

}  // namespace
}  // namespace milena::server
