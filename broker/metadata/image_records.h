// The records that an image amounts to, in the order in which Kafka writes them into a snapshot: applied to an empty
// image they give the same state again. Pure.
#pragma once

#include <functional>

#include "metadata/image.h"
#include "metadata/record.h"

namespace milena::metadata {

void write_image(const Image& image, const std::function<void(const Record&)>& emit);

// One partition, in full.
wire::PartitionRecord partition_record(const Uuid& topic_id, PartitionIndex index, const PartitionImage& partition);

}  // namespace milena::metadata
