#include "kube/body_pipe.h"

#include <thread>

#include <gtest/gtest.h>

namespace milena::kube {
namespace {

TEST(BodyPipe, a_writer_is_woken_when_there_is_room_again) {
    BodyPipe pipe(4);
    int woken = 0;
    pipe.write("1234", [&] { ++woken; });
    EXPECT_EQ(1, woken);
    pipe.write("5", [&] { ++woken; });
    EXPECT_EQ(1, woken);
    EXPECT_EQ("12345", **pipe.read(Milliseconds(0)));
    EXPECT_EQ(2, woken);
}

TEST(BodyPipe, what_was_written_is_read_before_the_end_and_before_the_error) {
    BodyPipe ended(10);
    ended.write("a", [] {});
    ended.end();
    EXPECT_EQ("a", **ended.read(Milliseconds(0)));
    EXPECT_FALSE(*ended.read(Milliseconds(0)));
    BodyPipe cut(10);
    cut.write("a", [] {});
    cut.fail({Reason::no_answer, 0, "cut"});
    cut.fail({Reason::canceled, 0, "later"});
    EXPECT_EQ("a", **cut.read(Milliseconds(0)));
    EXPECT_EQ(Reason::no_answer, cut.read(Milliseconds(0)).error().reason);
}

TEST(BodyPipe, a_writer_that_waits_is_woken_by_a_failure) {
    BodyPipe pipe(0);
    bool is_woken = false;
    pipe.write("1", [&] { is_woken = true; });
    EXPECT_FALSE(is_woken);
    pipe.fail({Reason::canceled, 0, "canceled"});
    EXPECT_TRUE(is_woken);
}

TEST(BodyPipe, bytes_cross_from_thread_to_thread) {
    BodyPipe pipe(1000);
    std::thread writer([&] {
        for (int i = 0; i < 1000; ++i) pipe.write("x", [] {});
        pipe.end();
    });
    size_t bytes = 0;
    while (const auto piece = *pipe.read(Milliseconds(10'000))) bytes += piece->size();
    writer.join();
    EXPECT_EQ(1000u, bytes);
}

}  // namespace
}  // namespace milena::kube
