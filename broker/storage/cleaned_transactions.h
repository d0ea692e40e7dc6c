// What compaction knows of the transactions of a log while it reads it from one end to the other: whether a batch
// belongs to one that was aborted, whether anything is left of the one that a marker ends, and so which aborted
// transactions the index of the compacted segments must still name. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "storage/transaction_index.h"
#include "wire/record_batch.h"

namespace milena::storage {

class CleanedTransactions {
  public:
    // Those that the index says were aborted in what is read next; the same ones may come more than once.
    void expect_aborted(std::span<const AbortedEntry> entries);

    // True if the batch, which is no control batch, belongs to an aborted transaction.
    bool read_batch(const wire::BatchHeader& batch);

    // True if nothing was read of the transaction that the control batch ends, so that it may go in time.
    bool read_control_batch(const wire::BatchHeader& header, std::span<const std::byte> batch);

    // The aborted transactions whose markers were read and must stay, since the last call.
    std::vector<AbortedEntry> take_retained() { return std::exchange(retained_, {}); }

  private:
    struct Aborted {
        AbortedEntry entry;
        bool has_batches = false;
    };

    void begin_aborted(Offset up_to);

    std::multimap<Offset, AbortedEntry> expected_;  // by first offset
    std::unordered_map<ProducerId, Aborted> aborted_;
    std::set<ProducerId> committed_;
    std::vector<AbortedEntry> retained_;
};

}  // namespace milena::storage
