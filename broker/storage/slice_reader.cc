#include "storage/slice_reader.h"

namespace milena::storage {

std::optional<env::DiskResult<Bytes>> SliceReader::next() {
    if (asked_ != nullptr) {
        if (!asked_->bytes.has_value()) return std::nullopt;
        const std::shared_ptr<Answer> answer = std::move(asked_);
        return std::move(answer->bytes);
    }
    const size_t bytes = wanted_bytes();
    auto memory = std::make_shared_for_overwrite<std::byte[]>(bytes);
    const std::span<std::byte> writable(memory.get(), bytes);
    const auto cached = file_->read_cached(position_, writable);
    if (!cached.has_value()) return env::DiskResult<Bytes>(unexpected(cached.error()));
    if (*cached == bytes) return env::DiskResult<Bytes>(Bytes(std::move(memory), writable));
    asked_ = std::make_shared<Answer>();
    file_->read_async(position_, bytes,
                      [answer = asked_](env::DiskResult<Bytes> read) { answer->bytes = std::move(read); });
    return std::nullopt;
}

void SliceReader::consumed(size_t bytes, size_t bytes_needed) {
    position_ += bytes;
    wanted_bytes_ = std::max(slice_bytes_, bytes_needed);
}

}  // namespace milena::storage
