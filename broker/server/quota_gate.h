// QuotaGate: the client quotas of every shard, and what they tell each other: what was used on one counts on all of
// them a moment later. Shared by all shards; each touches only its own quotas.
#pragma once

#include <memory>
#include <vector>

#include "server/client_quotas.h"
#include "shard/shard.h"

namespace milena::server {

class QuotaGate {
  public:
    QuotaGate(shard::Shards& shards, const QuotaWindow& window, const QuotaWindow& controller_window);
    QuotaGate(const QuotaGate&) = delete;
    QuotaGate& operator=(const QuotaGate&) = delete;

    // On that shard.
    ClientQuotas& of(const shard::Shard& shard) const { return *by_shard_[shard.id().value]; }

  private:
    void tell(size_t from) const;

    shard::Shards& shards_;
    std::vector<std::unique_ptr<ClientQuotas>> by_shard_;
};

}  // namespace milena::server
