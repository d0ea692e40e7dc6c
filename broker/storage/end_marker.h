// The record that a transaction coordinator writes at the end of a transaction: the only one of its control batch.
//
//     key:   version int16 | type int16: 0 abort, 1 commit
//     value: version int16 | coordinator epoch int32
#pragma once

#include <optional>
#include <span>

#include "storage/producer_state.h"

namespace milena::storage {

// Nothing if the whole batch `batch` is no such control batch, or an empty one that compaction left.
std::optional<EndTransactionMarker> parse_end_marker(const wire::BatchHeader& header, std::span<const std::byte> batch);

}  // namespace milena::storage
