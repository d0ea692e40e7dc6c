#include "metadata/sorted_index.h"

#include <string>

#include <gtest/gtest.h>

namespace milena::metadata {
namespace {

struct First {
    char operator()(const std::string& text) const { return text.front(); }
};
using Index = SortedIndex<std::string, First>;

std::shared_ptr<const std::string> text(const char* t) { return std::make_shared<const std::string>(t); }

std::string joined(const Index& index) {
    std::string all;
    for (const auto& value : index) all += *value;
    return all;
}

TEST(SortedIndex, merging_adds_replaces_and_removes) {
    const Index first = Index().merged({{'b', text("b1")}, {'d', text("d1")}});
    const Index second =
        first.merged({{'a', text("a2")}, {'b', text("b2")}, {'c', text("c2")}, {'d', nullptr}, {'e', text("e2")}});
    EXPECT_EQ(joined(first), "b1d1");
    EXPECT_EQ(joined(second), "a2b2c2e2");
}

TEST(SortedIndex, removing_what_is_not_there_changes_nothing) {
    const Index index = Index().merged({{'b', text("b")}}).merged({{'a', nullptr}, {'c', nullptr}});
    EXPECT_EQ(joined(index), "b");
}

TEST(SortedIndex, finds_only_what_is_there) {
    const Index index = Index().merged({{'b', text("b")}, {'d', text("d")}});
    EXPECT_EQ(*index.find('d'), "d");
    EXPECT_EQ(index.find('c'), nullptr);
    EXPECT_EQ(index.find('e'), nullptr);
    EXPECT_EQ(index.share('a'), nullptr);
}

TEST(SortedIndex, equal_content_is_equal) {
    EXPECT_TRUE(Index().merged({{'a', text("a")}}) == Index().merged({{'a', text("a")}}));
    EXPECT_FALSE(Index().merged({{'a', text("a")}}) == Index().merged({{'a', text("ax")}}));
    EXPECT_FALSE(Index().merged({{'a', text("a")}}) == Index());
}

}  // namespace
}  // namespace milena::metadata
