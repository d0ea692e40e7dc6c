#include "wire/api_info.h"

#include <algorithm>

#include "wire/api_list.h"

namespace milena::wire {

std::span<const ApiInfo> all_apis() { return Apis::infos; }

const ApiInfo* find_api(int16_t key) {
    const auto found = std::ranges::lower_bound(Apis::infos, key, {}, [](const ApiInfo& info) { return info.api.key; });
    return found != Apis::infos.end() && found->api.key == key ? &*found : nullptr;
}

}  // namespace milena::wire
