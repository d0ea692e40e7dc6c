// The world of the fuzz targets that open directories: files in memory, a clock that stands still, numbers that don't
// vary. One thread; what is asked for asynchronously is answered by settle().
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/big_endian.h"
#include "base/check.h"
#include "env/clock.h"
#include "env/disk.h"
#include "env/random.h"
#include "wire/record_batch.h"

namespace milena::fuzz {

using Content = std::vector<std::byte>;
using Completions = std::deque<std::function<void()>>;

class MemoryFile final : public env::File {
  public:
    MemoryFile(std::shared_ptr<Content> content, std::shared_ptr<Completions> completions)
        : content_(std::move(content)), completions_(std::move(completions)) {}

    uint64_t size() const override { return content_->size(); }
    env::DiskResult<Timestamp> modified() override { return no_timestamp; }
    env::DiskResult<void> write_at(uint64_t position, std::span<const Bytes> parts) override {
        check(position <= size());
        for (const Bytes& part : parts) {
            if (content_->size() < position + part.size()) content_->resize(position + part.size());
            std::copy(part.span().begin(), part.span().end(),
                      content_->begin() + static_cast<std::ptrdiff_t>(position));
            position += part.size();
        }
        return {};
    }
    env::DiskResult<size_t> read_at(uint64_t position, std::span<std::byte> into) override {
        if (position >= size()) return size_t{0};
        const size_t bytes = std::min<size_t>(into.size(), size() - position);
        std::copy_n(content_->begin() + static_cast<std::ptrdiff_t>(position), bytes, into.begin());
        return bytes;
    }
    env::DiskResult<size_t> read_cached(uint64_t position, std::span<std::byte> into) override {
        return read_at(position, into);
    }
    // What is cached is all there is, so whoever gets here reads beyond the end of a file.
    void read_async(uint64_t, size_t, env::DiskDone<Bytes> done) override {
        completions_->push_back([done = std::move(done)] { done(Bytes()); });
    }
    void load_async(uint64_t, size_t, env::DiskDone<void> done) override {
        completions_->push_back([done = std::move(done)] { done({}); });
    }
    env::DiskResult<void> truncate(uint64_t bytes) override {
        content_->resize(bytes);
        return {};
    }
    void sync(env::Urgency, env::DiskDone<void> done) override {
        completions_->push_back([done = std::move(done)] { done({}); });
    }
    env::DiskResult<void> sync_now() override { return {}; }
    std::optional<FileRange> cached_range(uint64_t, size_t) override { return std::nullopt; }
    void start_writeback(uint64_t, uint64_t) override {}

  private:
    std::shared_ptr<Content> content_;
    std::shared_ptr<Completions> completions_;
};

// Directories are where files are; nobody has to create them.
class MemoryDisk final : public env::Disk {
  public:
    std::map<std::string, std::shared_ptr<Content>> files;

    void settle() {
        while (!completions_->empty()) {
            const auto next = std::move(completions_->front());
            completions_->pop_front();
            next();
        }
    }

    env::DiskResult<std::unique_ptr<env::File>> open(const std::string& path, env::OpenMode mode) override {
        const bool creates = mode == env::OpenMode::create || mode == env::OpenMode::create_truncate;
        if (!creates && !files.contains(path)) return unexpected(env::DiskError::not_found);
        auto& content = files[path];
        if (content == nullptr || mode == env::OpenMode::create_truncate) content = std::make_shared<Content>();
        return std::unique_ptr<env::File>(std::make_unique<MemoryFile>(content, completions_));
    }
    env::DiskResult<std::vector<env::DirectoryEntry>> list(const std::string& directory) override {
        std::vector<env::DirectoryEntry> entries;
        for (const auto& [path, content] : files) {
            if (!path.starts_with(directory + "/")) continue;
            const std::string name = path.substr(directory.size() + 1);
            if (name.find('/') == std::string::npos) entries.push_back({name, false, content->size()});
        }
        return entries;
    }
    env::DiskResult<void> create_directories(const std::string&) override { return {}; }
    env::DiskResult<void> remove(const std::string& path) override {
        if (files.erase(path) == 0) return unexpected(env::DiskError::not_found);
        return {};
    }
    env::DiskResult<void> rename(const std::string& from, const std::string& to) override {
        const auto file = files.find(from);
        if (file == files.end()) return unexpected(env::DiskError::not_found);
        const auto content = file->second;
        files.erase(file);
        files[to] = content;
        return {};
    }
    env::DiskResult<void> sync_directory(const std::string&) override { return {}; }
    void sync_directory_async(const std::string&, env::Urgency, env::DiskDone<void> done) override {
        completions_->push_back([done = std::move(done)] { done({}); });
    }
    env::DiskResult<env::DiskSpace> space(const std::string&) override { return env::DiskSpace{}; }
    bool may_refer() const override { return false; }

  private:
    std::shared_ptr<Completions> completions_ = std::make_shared<Completions>();
};

struct StillClock final : env::Clock {
    Instant now() override { return {}; }
    Timestamp wall() override { return Timestamp(1'700'000'000'000); }
};

struct SameRandom final : env::Random {
    uint64_t next() override { return 4; }
};

// An input holds files one after the other, `kind | size | content`: kind and content of each are given to `take`.
template <class F>
void each_file(std::span<const std::byte> input, F take) {
    constexpr size_t head_bytes = 3;
    while (input.size() > head_bytes) {
        const size_t size = std::min<size_t>(load_big_endian<uint16_t>(input.data() + 1), input.size() - head_bytes);
        const auto content = input.subspan(head_bytes, size);
        take(static_cast<uint8_t>(input[0]), Content(content.begin(), content.end()));
        input = input.subspan(head_bytes + size);
    }
}

// Of all batches up to the first that isn't one. Hardly any input would get past the checksums otherwise.
inline void make_checksums_right(Content& records) {
    for (size_t at = 0; at < records.size();) {
        const auto batch = std::span(records).subspan(at);
        const auto header = wire::parse_batch_header(batch);
        if (!header || header->size_bytes() > batch.size()) return;
        const auto whole = batch.first(header->size_bytes());
        store_big_endian(whole.data() + wire::batch_field::crc, wire::batch_crc(whole));
        at += whole.size();
    }
}

}  // namespace milena::fuzz
