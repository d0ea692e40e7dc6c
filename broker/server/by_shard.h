// Work on many partitions at once: each on the shard that owns it, one message there and one back for each shard, the
// results gathered on the shard of the connection. Knows no API.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "replica/partition_table.h"
#include "server/context.h"
#include "shard/shard.h"

namespace milena::server {

template <class Answer>
struct PartitionWork {
    using Found = replica::PartitionTable::Found;

    std::vector<replica::PartitionKey> keys;

    // On the shard of keys[i]; `done` is called there, once, now or later. Without a replica, `found` says why.
    std::function<void(shard::Shard& owner, const Found& found, size_t i, std::function<void(Answer)> done)> work;

    // On the shard that asked, with the answers in the order of `keys`.
    std::function<void(std::vector<Answer>)> finish;
};

template <class Answer>
void ask_partitions(Context& context, PartitionWork<Answer> work) {
    struct Gathered {
        PartitionWork<Answer> work;
        std::vector<Answer> answers;               // each written by the shard of its key, before that one reports
        std::vector<std::vector<size_t>> indexes;  // of the keys, by shard
        size_t shards_missing = 0;
    };
    auto gathered = std::make_shared<Gathered>();
    gathered->work = std::move(work);
    gathered->answers.resize(gathered->work.keys.size());
    gathered->indexes.resize(context.shards.size());
    const auto shard_count = static_cast<uint32_t>(context.shards.size());
    for (size_t i = 0; i < gathered->work.keys.size(); ++i)
        gathered->indexes[replica::shard_of(gathered->work.keys[i], shard_count)].push_back(i);
    for (const auto& indexes : gathered->indexes) gathered->shards_missing += indexes.empty() ? 0 : 1;
    if (gathered->shards_missing == 0) return gathered->work.finish({});

    shard::Shard& home = context.shard;
    for (size_t s = 0; s < shard_count; ++s) {
        if (gathered->indexes[s].empty()) continue;
        shard::Shard& owner = context.shards[s];
        shard::run_on(owner, [gathered, s, &owner, &home] {
            // One more than there are partitions: the shard reports only after the loop has let go of the work, which
            // is used up at home.
            auto missing = std::make_shared<size_t>(gathered->indexes[s].size() + 1);
            const auto one_done = [gathered, missing, &home] {
                if (--*missing > 0) return;
                shard::run_on(home, [gathered] {
                    if (--gathered->shards_missing > 0) return;
                    const PartitionWork<Answer> finished = std::move(gathered->work);
                    finished.finish(std::move(gathered->answers));
                });
            };
            for (const size_t i : gathered->indexes[s]) {
                const auto found = owner.partitions().use(gathered->work.keys[i]);
                gathered->work.work(owner, found, i, [gathered, one_done, i](Answer answer) {
                    gathered->answers[i] = std::move(answer);
                    one_done();
                });
            }
            one_done();
        });
    }
}

}  // namespace milena::server
