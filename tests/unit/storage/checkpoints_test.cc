#include "storage/checkpoints.h"

#include <gtest/gtest.h>

#include "storage/checkpoint_text.h"
#include "unit/storage/log_fixture.h"

namespace milena::storage {
namespace {

class Checkpoints : public LogFixture {};

TEST_F(Checkpoints, are_read_as_they_were_written) {
    const std::vector<PartitionOffset> offsets = {
        {"orders", PartitionIndex(0), Offset(12)},
        {"with-dash.and_more", PartitionIndex(17), Offset(1) + INT64_MAX / 2}};
    ASSERT_TRUE(env::replace_file(disk, "/data/x", offsets_text(offsets)).has_value());
    EXPECT_EQ(read_checkpoint(disk, "/data/x").value(), offsets);
    EXPECT_EQ(env::read_file(disk, "/data/x", 1000)->view().substr(0, 16), "0\n2\norders 0 12\n");
}

TEST_F(Checkpoints, of_nothing_are_empty) {
    EXPECT_TRUE(read_checkpoint(disk, "/data/none").value().empty());
    EXPECT_TRUE(parse_checkpoint("").value().empty());
    EXPECT_TRUE(parse_checkpoint("0\n0\n").value().empty());
}

TEST_F(Checkpoints, that_are_not_whole_are_refused) {
    for (const char* text : {"x", "0\n", "0\n1\n", "0\n1\na 0\n", "0\n1\na 0 1 2\n", "0\n1\na -1 0\n", "0\n1\na 0 -5\n",
                             "1\n0\n", "0\n99999999999999999999\n", "0\n0\na 0 0\n"})
        EXPECT_EQ(parse_checkpoint(text).error(), CheckpointFault::malformed) << text;
}

TEST_F(Checkpoints, survive_a_power_loss_whole) {
    const std::vector<PartitionOffset> first = {{"orders", PartitionIndex(0), Offset(1)}};
    const std::vector<PartitionOffset> second = {{"orders", PartitionIndex(0), Offset(2)}};
    ASSERT_TRUE(env::replace_file(disk, "/data/x", offsets_text(first)).has_value());
    ASSERT_TRUE(env::replace_file(disk, "/data/x", offsets_text(second)).has_value());
    disk.lose_power();
    EXPECT_EQ(read_checkpoint(disk, "/data/x").value(), second);
}

}  // namespace
}  // namespace milena::storage
