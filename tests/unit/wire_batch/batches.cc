#include "unit/wire_batch/batches.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "base/big_endian.h"

namespace milena::wire {

ByteVector golden(const std::string& name) {
    std::ifstream file(std::string(GOLDEN_DIRECTORY) + "/" + name + ".batch", std::ios::binary);
    EXPECT_TRUE(file.is_open()) << name;
    const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto bytes = bytes_of(content);
    return {bytes.begin(), bytes.end()};
}

ByteVector batch_of(std::initializer_list<std::string_view> values, const BatchOptions& options,
                    Timestamp base_timestamp) {
    RecordBatchBuilder builder(options);
    for (const std::string_view value : values) {
        builder.add({.timestamp = base_timestamp, .key = bytes_of("k"), .value = bytes_of(value), .headers = {}});
        ++base_timestamp;
    }
    Compressor compressor;
    return builder.build(compressor);
}

ByteVector batch_around(std::span<const std::byte> section, int32_t records_count, Codec codec) {
    BatchHeader header;
    header.batch_length = static_cast<int32_t>(batch_header_bytes - batch_prefix_bytes + section.size());
    header.attributes = static_cast<int16_t>(codec);
    header.last_offset_delta = records_count - 1;
    header.records_count = records_count;
    ByteVector batch(batch_header_bytes);
    batch.insert(batch.end(), section.begin(), section.end());
    header.crc = 0;
    store_batch_header(std::span(batch).first<batch_header_bytes>(), header);
    store_big_endian(batch.data() + batch_field::crc, batch_crc(batch));
    return batch;
}

template <class T>
void overwrite(ByteVector& batch, size_t field, T value) {
    store_big_endian(batch.data() + field, value);
    store_big_endian(batch.data() + batch_field::crc, batch_crc(batch));
}

template void overwrite(ByteVector&, size_t, int8_t);
template void overwrite(ByteVector&, size_t, int16_t);
template void overwrite(ByteVector&, size_t, int32_t);
template void overwrite(ByteVector&, size_t, int64_t);

}  // namespace milena::wire
