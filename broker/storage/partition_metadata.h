// partition.metadata: which topic, by id, the directory of a partition belongs to, so that a topic that was deleted
// and created again under its old name doesn't take over the records of its predecessor.
//
//     version: 0
//     topic_id: 4uzOAAAAQAKAAAAAAAAAAg
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"

namespace milena::storage {

inline constexpr std::string_view partition_metadata_file = "partition.metadata";

std::string partition_metadata_text(Uuid topic_id);
// Nothing if it isn't whole: a crash may leave the file empty.
std::optional<Uuid> parse_partition_metadata(std::string_view text);

}  // namespace milena::storage
