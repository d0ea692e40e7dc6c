#include "server/quota_gate.h"

#include <utility>

namespace milena::server {

QuotaGate::QuotaGate(shard::Shards& shards, const QuotaWindow& window, const QuotaWindow& controller_window)
    : shards_(shards) {
    for (size_t i = 0; i < shards.size(); ++i) {
        ClientQuotas::Options options{.window = window, .controller_window = controller_window, .used = nullptr};
        if (shards.size() > 1)
            options.used = [this, i](bool at_once) {
                if (at_once) return tell(i);
                shards_[i].loop().after(ClientQuotas::told_within, [this, i] { tell(i); });
            };
        by_shard_.push_back(std::make_unique<ClientQuotas>(shards[i].clock(), std::move(options)));
    }
}

void QuotaGate::tell(size_t from) const {
    const auto uses = std::make_shared<const std::vector<ClientQuotas::Use>>(by_shard_[from]->take_used());
    if (uses->empty()) return;  // it was told at once
    for (size_t i = 0; i < shards_.size(); ++i)
        if (i != from) shards_[i].post([this, i, uses] { by_shard_[i]->add_used(*uses); });
}

}  // namespace milena::server
