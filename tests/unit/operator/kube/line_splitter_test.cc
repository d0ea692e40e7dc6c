#include "kube/line_splitter.h"

#include <gtest/gtest.h>

namespace milena::kube {
namespace {

TEST(LineSplitter, lines_are_the_same_wherever_the_bytes_are_cut) {
    const std::string text = "one\r\n\ntwo\nthree\nrest";
    for (size_t cut = 0; cut <= text.size(); ++cut) {
        LineSplitter lines(100);
        std::vector<std::string> found;
        for (const auto& piece : {text.substr(0, cut), text.substr(cut)}) {
            lines.append(piece);
            while (auto line = lines.next()) found.push_back(*line);
        }
        EXPECT_EQ((std::vector<std::string>{"one", "two", "three"}), found);
        EXPECT_EQ(4u, lines.size());
    }
}

TEST(LineSplitter, a_line_that_is_too_long_ends_it_whole_or_not) {
    LineSplitter lines(5);
    lines.append("12345\n123456");
    EXPECT_EQ("12345", lines.next());
    EXPECT_FALSE(lines.next());
    EXPECT_TRUE(lines.is_overlong());
    lines.append("\nok\n");
    EXPECT_FALSE(lines.next());
    LineSplitter whole(5);
    whole.append("123456\nok\n");
    EXPECT_FALSE(whole.next());
    EXPECT_TRUE(whole.is_overlong());
}

}  // namespace
}  // namespace milena::kube
