#include "server/fetch_sessions.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace milena::server {
namespace {

using namespace std::chrono_literals;
using wire::FetchRequest;
using wire::FetchResponse;

struct CountingRandom final : env::Random {
    uint64_t state = 0;
    uint64_t next() override { return state += uint64_t{1} << 33; }
};

struct FetchSessionsTest : testing::Test {
    static constexpr wire::Version version = 13;
    CountingRandom random;
    FetchSessions sessions{random, {.sessions_max = 2}};
    Instant now{};

    static Uuid topic(uint64_t number) { return {7, number}; }
    static FetchRequest request(int32_t id, int32_t epoch, const std::vector<uint64_t>& topics) {
        FetchRequest result;
        result.session_id = id;
        result.session_epoch = epoch;
        for (const uint64_t number : topics) {
            FetchRequest::Topic& asked = result.topics.emplace_back();
            asked.topic_id = topic(number);
            asked.partitions.push_back({.partition = 0, .fetch_offset = 5});
        }
        return result;
    }
    static std::vector<FetchResponse::Partition> answers(const FetchContext& context, int64_t high_watermark = 10) {
        std::vector<FetchResponse::Partition> result(context.wishes.size());
        for (auto& answer : result) answer.high_watermark = high_watermark;
        return result;
    }
    int32_t open(const std::vector<uint64_t>& topics) {
        FetchContext context = sessions.begin(request(0, 0, topics), version, now);
        return finish(context, answers(context));
    }
    int32_t finish(FetchContext& context, std::vector<FetchResponse::Partition> answered) {
        return sessions.finish(context, answered, is_told, now);
    }
    std::vector<bool> is_told;
};

TEST_F(FetchSessionsTest, a_full_fetch_opens_a_session) {
    const int32_t id = open({1, 2});
    EXPECT_NE(id, 0);
    EXPECT_EQ(is_told, (std::vector{true, true}));
}

TEST_F(FetchSessionsTest, a_fetch_without_session_leaves_none) {
    FetchContext context = sessions.begin(request(0, -1, {1}), version, now);
    EXPECT_EQ(context.wishes.size(), 1U);
    EXPECT_EQ(finish(context, answers(context)), 0);
    EXPECT_EQ(sessions.count(), 0U);
}

TEST_F(FetchSessionsTest, an_incremental_fetch_remembers_what_it_was_about) {
    const int32_t id = open({1, 2});
    const FetchContext context = sessions.begin(request(id, 1, {}), version, now);
    ASSERT_EQ(context.error, ErrorCode::none);
    EXPECT_EQ(context.wishes.size(), 2U);
    EXPECT_EQ(context.wishes[0].request.fetch_offset, 5);
}

TEST_F(FetchSessionsTest, what_did_not_change_is_not_told) {
    const int32_t id = open({1, 2, 3});
    FetchContext context = sessions.begin(request(id, 1, {}), version, now);
    auto answered = answers(context);
    answered[1].high_watermark = 11;
    EXPECT_EQ(finish(context, answered), id);
    EXPECT_EQ(is_told, (std::vector{false, true, false}));
}

TEST_F(FetchSessionsTest, whom_to_ask_instead_is_told_each_time) {
    const int32_t id = open({1, 2});
    for (int32_t epoch = 1; epoch <= 2; ++epoch) {
        FetchContext context = sessions.begin(request(id, epoch, {}), version, now);
        auto answered = answers(context);
        answered[0].preferred_read_replica = 0;
        finish(context, answered);
        EXPECT_EQ(is_told, (std::vector{true, false}));
    }
}

TEST_F(FetchSessionsTest, the_end_of_an_error_is_told) {
    const int32_t id = open({1});
    FetchContext failing = sessions.begin(request(id, 1, {}), version, now);
    auto answered = answers(failing);
    answered[0].error_code = ErrorCode::not_leader_or_follower;
    finish(failing, answered);
    EXPECT_TRUE(is_told[0]);
    FetchContext context = sessions.begin(request(id, 2, {}), version, now);
    finish(context, answers(context));
    EXPECT_TRUE(is_told[0]);
}

TEST_F(FetchSessionsTest, whoever_got_data_comes_last_the_next_time) {
    const int32_t id = open({1, 2});
    FetchContext context = sessions.begin(request(id, 1, {}), version, now);
    auto answered = answers(context);
    answered[0].records = wire::Slices(Bytes::copy_of("data"));
    finish(context, answered);
    const FetchContext next = sessions.begin(request(id, 2, {}), version, now);
    EXPECT_EQ(next.wishes[0].key.topic_id, topic(2));
    EXPECT_EQ(next.wishes[1].key.topic_id, topic(1));
}

TEST_F(FetchSessionsTest, partitions_join_and_leave) {
    const int32_t id = open({1, 2});
    FetchRequest change = request(id, 1, {3});
    change.forgotten_topics_data.push_back({.topic_id = topic(1), .partitions = {0}});
    const FetchContext context = sessions.begin(change, version, now);
    ASSERT_EQ(context.wishes.size(), 2U);
    EXPECT_EQ(context.wishes[0].key.topic_id, topic(2));
    EXPECT_EQ(context.wishes[1].key.topic_id, topic(3));
}

TEST_F(FetchSessionsTest, a_session_without_partitions_ends) {
    const int32_t id = open({1});
    FetchRequest change = request(id, 1, {});
    change.forgotten_topics_data.push_back({.topic_id = topic(1), .partitions = {0}});
    FetchContext context = sessions.begin(change, version, now);
    EXPECT_EQ(context.error, ErrorCode::none);
    EXPECT_EQ(finish(context, {}), 0);
    EXPECT_EQ(sessions.count(), 0U);
}

TEST_F(FetchSessionsTest, a_wrong_epoch_id_or_kind_is_refused) {
    const int32_t id = open({1});
    EXPECT_EQ(sessions.begin(request(id, 7, {}), version, now).error, ErrorCode::invalid_fetch_session_epoch);
    EXPECT_EQ(sessions.begin(request(id + 1, 1, {}), version, now).error, ErrorCode::fetch_session_id_not_found);
    EXPECT_EQ(sessions.begin(request(id, 1, {}), 12, now).error, ErrorCode::fetch_session_topic_id_error);
}

TEST_F(FetchSessionsTest, a_full_fetch_that_names_a_session_ends_it) {
    const int32_t id = open({1});
    FetchContext context = sessions.begin(request(id, -1, {1}), version, now);
    EXPECT_EQ(sessions.count(), 0U);
}

TEST_F(FetchSessionsTest, young_sessions_give_way_to_nobody) {
    open({1});
    open({2});
    EXPECT_EQ(open({3, 4, 5}), 0);
}

TEST_F(FetchSessionsTest, a_session_that_is_not_used_gives_way) {
    open({1});
    now = now + 3min;
    const int32_t second = open({2});
    EXPECT_NE(open({3}), 0);
    EXPECT_EQ(sessions.begin(request(second, 1, {}), version, now).error, ErrorCode::none);
}

FetchRequest many(int32_t id, int32_t epoch, int32_t first, int32_t count) {
    FetchRequest request;
    request.session_id = id;
    request.session_epoch = epoch;
    FetchRequest::Topic& asked = request.topics.emplace_back();
    asked.topic_id = Uuid{7, 1};
    for (int32_t i = first; i < first + count; ++i) asked.partitions.push_back({.partition = i});
    return request;
}

TEST_F(FetchSessionsTest, that_take_more_memory_than_there_is_for_them_are_not_opened) {
    FetchSessions few(random, {.sessions_max = 100, .bytes_max = 100'000});
    const auto open = [&](int32_t count) {
        FetchContext context = few.begin(many(0, 0, 0, count), version, now);
        auto answered = answers(context);
        const int32_t id = few.finish(context, answered, is_told, now);
        EXPECT_EQ(std::ranges::count(is_told, true), count);
        return id;
    };
    EXPECT_EQ(open(1'000), 0);
    EXPECT_NE(open(300), 0);
    EXPECT_EQ(open(300), 0);
    EXPECT_NE(open(10), 0);
    EXPECT_LE(few.bytes(), 100'000U);
    // Those that nobody uses give way, as many as it takes.
    now = now + 3min;
    EXPECT_NE(open(350), 0);
    EXPECT_EQ(few.count(), 1U);
}

TEST_F(FetchSessionsTest, one_that_outgrows_the_memory_for_all_of_them_ends) {
    FetchSessions few(random, {.sessions_max = 100, .bytes_max = 100'000});
    FetchContext context = few.begin(many(0, 0, 0, 10), version, now);
    auto answered = answers(context);
    const int32_t id = few.finish(context, answered, is_told, now);
    const size_t bytes = few.bytes();
    EXPECT_EQ(few.begin(many(id, 1, 0, 10), version, now).wishes.size(), 10U);
    EXPECT_EQ(few.bytes(), bytes);
    EXPECT_EQ(few.begin(many(id, 2, 10, 1'000), version, now).error, ErrorCode::fetch_session_id_not_found);
    EXPECT_EQ(few.count(), 0U);
    EXPECT_EQ(few.bytes(), 0U);
}

TEST_F(FetchSessionsTest, a_name_is_there_once_for_all_partitions_of_its_entry) {
    const std::string impossible(30'000, 'x');
    FetchRequest request = many(0, 0, 0, 3);
    request.topics.front().topic_id = Uuid{};
    request.topics.front().topic = std::string_view(impossible);
    FetchContext context = sessions.begin(request, 12, now);
    ASSERT_EQ(context.wishes.size(), 3U);
    EXPECT_EQ(context.wishes[0].key.name(), impossible);
    EXPECT_EQ(context.wishes[0].key.topic, context.wishes[2].key.topic);
    // Which no topic can have, so that nobody need remember it.
    EXPECT_EQ(finish(context, answers(context)), 0);
}

TEST_F(FetchSessionsTest, ids_of_shards_differ) {
    CountingRandom same;
    FetchSessions other(same, {.sessions_max = 10, .shard = 3, .shard_count = 4});
    for (int i = 0; i < 5; ++i) {
        FetchContext context = other.begin(request(0, 0, {1}), version, now);
        auto answered = answers(context);
        EXPECT_EQ(other.finish(context, answered, is_told, now) % 4, 3);
    }
}

}  // namespace
}  // namespace milena::server
