#include "kube/backoff.h"

#include <algorithm>

namespace milena::kube {

Duration delay_after(int failures, const Backoff& backoff, std::optional<Milliseconds> retry_after,
                     env::Random& random) {
    Duration delay = backoff.least;
    for (int i = 1; i < failures && delay < backoff.most; ++i) delay *= 2;
    delay = std::min(delay, backoff.most);
    if (retry_after) delay = std::max<Duration>(delay, *retry_after);
    const auto half = static_cast<uint64_t>(delay.count() / 2);
    return delay + Duration(static_cast<int64_t>(random.next() % (half + 1)));
}

}  // namespace milena::kube
