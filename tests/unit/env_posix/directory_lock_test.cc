#include "env/posix/directory_lock.h"

#include <gtest/gtest.h>

#include "unit/env_posix/test_directory.h"

namespace milena::env {
namespace {

TEST(DirectoryLock, a_directory_is_held_by_one_only) {
    const TestDirectory directory;
    const auto first = DirectoryLock::take(directory.path());
    ASSERT_TRUE(first);
    EXPECT_EQ(DirectoryLock::take(directory.path()).error(), DiskError::already_exists);
}

TEST(DirectoryLock, the_lock_ends_with_its_holder) {
    const TestDirectory directory;
    {
        ASSERT_TRUE(DirectoryLock::take(directory.path()));
    }
    EXPECT_TRUE(DirectoryLock::take(directory.path()));
}

}  // namespace
}  // namespace milena::env
