#include "api/time_text.h"

#include <gtest/gtest.h>

namespace milena::api {
namespace {

TEST(TimeText, times_are_written_as_kubernetes_reads_them) {
    EXPECT_EQ("2026-11-30T01:02:03.456000Z", micro_time_text(Timestamp(1'796'000'523'456)));
    EXPECT_EQ("2026-11-30T01:02:03Z", time_text(Timestamp(1'796'000'523'456)));
}

}  // namespace
}  // namespace milena::api
