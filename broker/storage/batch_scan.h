// Reads the batches of a file one after the other, in blocks, for recovery and for all that is built anew out of the
// records. May wait for the device: never used on the way of an append or a fetch. Never trusts a length: a batch that
// would reach beyond the end of the range is not looked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/result.h"
#include "env/disk.h"
#include "wire/record_batch.h"

namespace milena::storage {

class BatchScan {
  public:
    enum class Depth : uint8_t {
        headers,  // bodies are passed over, those of control batches excepted
        whole,    // every batch is read and its checksum compared
    };
    enum class Fault : uint8_t {
        damaged,  // torn or corrupt: the records end here
        disk,     // disk_error() says why
    };
    struct Batch {
        wire::BatchHeader header;
        uint64_t position = 0;
        std::span<const std::byte> bytes;  // the whole batch, or nothing if only headers are asked for
    };

    // The range [position, end) of `file`.
    BatchScan(env::File& file, uint64_t position, uint64_t end, Depth depth)
        : file_(file), position_(position), end_(end), depth_(depth) {}

    // The next batch, valid until the next call; nothing at the end of the range. A fault stays.
    Result<std::optional<Batch>, Fault> next();

    // Where the next batch begins or should begin.
    uint64_t position() const { return position_; }
    env::DiskError disk_error() const { return disk_error_; }

  private:
    // The bytes of the file from position_ on: at least `bytes` of them, or as many as there are.
    Result<std::span<const std::byte>, Fault> look(size_t bytes);

    env::File& file_;
    uint64_t position_;
    uint64_t end_;
    Depth depth_;
    size_t block_bytes_ = 16U << 10;  // grows while it is read on
    env::DiskError disk_error_ = env::DiskError::failed;
    std::unique_ptr<std::byte[]> memory_;
    size_t memory_bytes_ = 0;
    uint64_t loaded_from_ = 0;  // memory_ holds [loaded_from_, loaded_from_ + loaded_bytes_) of the file
    size_t loaded_bytes_ = 0;
};

}  // namespace milena::storage
