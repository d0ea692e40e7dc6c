#include "controller/registered_images.h"

#include <gtest/gtest.h>

namespace milena::controller {
namespace {

constexpr NodeId node{1};
constexpr Uuid former{1, 1};
constexpr Uuid own{1, 2};

// The delta by which a broker is registered with this incarnation.
metadata::Delta registration(const std::shared_ptr<const metadata::Image>& before, const Uuid& incarnation) {
    wire::RegisterBrokerRecord record;
    record.broker_id = node.value;
    record.incarnation_id = incarnation;
    record.broker_epoch = before->offset.value + 1;
    metadata::ImageBuilder builder(before);
    builder.apply(record);
    return std::move(builder).finish({before->offset + 1, LeaderEpoch(1)});
}

TEST(RegisteredImages, what_a_former_process_was_is_not_shown) {
    RegisteredImages images(node, own);
    EXPECT_FALSE(images.next(registration(metadata::Image::empty(), former)).has_value());
}

TEST(RegisteredImages, the_first_image_with_the_own_registration_is_shown_as_new_in_all) {
    RegisteredImages images(node, own);
    const metadata::Delta before = registration(metadata::Image::empty(), former);
    (void)images.next(before);
    const auto shown = images.next(registration(before.after, own));
    ASSERT_TRUE(shown.has_value());
    EXPECT_EQ(shown->before->offset, no_offset);
    EXPECT_EQ(shown->after->broker(node)->incarnation_id, own);
}

TEST(RegisteredImages, after_that_every_change_is_shown_as_it_is) {
    RegisteredImages images(node, own);
    const metadata::Delta first = registration(metadata::Image::empty(), own);
    (void)images.next(first);
    const auto shown = images.next(registration(first.after, former));
    ASSERT_TRUE(shown.has_value());
    EXPECT_EQ(shown->before, first.after);
}

}  // namespace
}  // namespace milena::controller
