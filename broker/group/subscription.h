// What a member of a consumer group subscribes to, read from what it tells the group's leader. The only look that a
// coordinator takes into those bytes, so that offsets of subscribed topics don't expire. Pure.
#pragma once

#include <set>
#include <string>

#include "base/bytes.h"

namespace milena::group {

// Adds the topics; false if the bytes are no subscription. Only what every version of it begins with is read.
bool read_subscribed_topics(const Bytes& metadata, std::set<std::string, std::less<>>& topics);

}  // namespace milena::group
