// What the tests of metadata share: records in one line, and the image after them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metadata/delta.h"
#include "metadata/image.h"
#include "metadata/record.h"

namespace milena::metadata {

inline constexpr Uuid orders_id{1, 1000};
inline constexpr Uuid events_id{2, 1000};
inline constexpr Uuid directory_id{3, 1000};

inline wire::TopicRecord topic(const std::string& name, const Uuid& id) { return {.name = name, .topic_id = id}; }

inline wire::PartitionRecord partition(const Uuid& id, int32_t index, std::vector<int32_t> replicas = {1}) {
    wire::PartitionRecord record;
    record.partition_id = index;
    record.topic_id = id;
    record.directories.assign(replicas.size(), directory_id);
    record.isr = replicas;
    record.leader = replicas.front();
    record.replicas = std::move(replicas);
    record.leader_epoch = 0;
    record.partition_epoch = 0;
    return record;
}

// A topic whose partitions are all with broker 1.
inline Records topic_records(const std::string& name, const Uuid& id, int32_t partitions, const Uuid& directory) {
    Records records{topic(name, id)};
    for (int32_t i = 0; i < partitions; ++i) {
        wire::PartitionRecord record = partition(id, i);
        record.directories = std::vector<Uuid>{directory};
        records.emplace_back(record);
    }
    return records;
}

inline wire::ConfigRecord config(int8_t type, const std::string& resource, const std::string& name,
                                 std::optional<std::string> value) {
    return {.resource_type = type, .resource_name = resource, .name = name, .value = std::move(value)};
}

inline wire::RegisterBrokerRecord broker(int32_t id, int64_t epoch) {
    wire::RegisterBrokerRecord record;
    record.broker_id = id;
    record.broker_epoch = epoch;
    record.incarnation_id = Uuid{7, 7};
    record.end_points.push_back({"PLAINTEXT", "localhost", 9092, 0});
    record.features = {{"eligible.leader.replicas.version", 0, 1}, {"metadata.version", 7, 30}};
    record.log_dirs.push_back(directory_id);
    return record;
}

inline Delta after(std::shared_ptr<const Image> base, const Records& records) {
    ImageBuilder builder(std::move(base));
    for (const Record& record : records) builder.apply(record);
    return std::move(builder).finish({Offset(100), LeaderEpoch(1)});
}

inline std::shared_ptr<const Image> image_of(const Records& records) { return after(Image::empty(), records).after; }

}  // namespace milena::metadata
