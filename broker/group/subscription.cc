#include "group/subscription.h"

#include "wire/decoder.h"

namespace milena::group {

bool read_subscribed_topics(const Bytes& metadata, std::set<std::string, std::less<>>& topics) {
    constexpr size_t topic_bytes_min = sizeof(int16_t);
    wire::Decoder from(metadata);
    from.begin(0, false);
    if (from.fixed<int16_t>() < 0) return false;
    const int32_t count = from.array_count(topic_bytes_min, sizeof(std::string_view));
    for (int32_t i = 0; i < count && !from.has_failed(); ++i) topics.emplace(from.string());
    (void)from.nullable_bytes();
    return !from.has_failed() && count >= 0;
}

}  // namespace milena::group
