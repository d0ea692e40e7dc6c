// A Stream whose other end is the test: it decides what arrives, and how much may be written.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>

#include "server/stream.h"

namespace milena::server {

struct FakePeer {
    std::string to_read;           // sent by the client, not read yet
    std::string written;           // taken by the client
    size_t write_room = SIZE_MAX;  // what the client's window still takes
    size_t read_bytes_max = SIZE_MAX;
    size_t reads = 0;
    size_t writes = 0;
    bool is_closed_by_client = false;
    bool is_closed_by_server = false;
    std::function<void()> readable;
    std::function<void()> writable;

    // As the event loop would: calls whoever waits, as long as there is a reason to.
    void run() {
        for (bool is_busy = true; is_busy;) {
            is_busy = false;
            if (readable && (!to_read.empty() || is_closed_by_client)) {
                std::exchange(readable, nullptr)();
                is_busy = true;
            }
            if (writable && write_room > 0) {
                std::exchange(writable, nullptr)();
                is_busy = true;
            }
        }
    }
};

class FakeStream final : public Stream {
  public:
    explicit FakeStream(FakePeer& peer) : peer_(peer) {}

    Result<size_t, StreamEnd> read_some(std::span<std::byte> into) override {
        ++peer_.reads;
        const size_t bytes = std::min({into.size(), peer_.to_read.size(), peer_.read_bytes_max});
        if (bytes == 0) return unexpected(peer_.is_closed_by_client ? StreamEnd::closed : StreamEnd::would_block);
        std::memcpy(into.data(), peer_.to_read.data(), bytes);
        peer_.to_read.erase(0, bytes);
        return bytes;
    }
    // "<position+bytes>" in place of the content.
    Result<size_t, StreamEnd> send_some(const FileRange& range) override {
        const size_t bytes = std::min(range.bytes, peer_.write_room);
        if (bytes == 0) return unexpected(StreamEnd::would_block);
        peer_.write_room -= bytes;
        peer_.written += "<" + std::to_string(range.position) + "+" + std::to_string(bytes) + ">";
        return bytes;
    }
    Result<size_t, StreamEnd> write_some(std::span<const iovec> parts, bool) override {
        ++peer_.writes;
        size_t total = 0;
        for (const iovec& part : parts) {
            const size_t bytes = std::min(part.iov_len, peer_.write_room);
            peer_.written.append(static_cast<const char*>(part.iov_base), bytes);
            peer_.write_room -= bytes;
            total += bytes;
        }
        if (total == 0) return unexpected(StreamEnd::would_block);
        return total;
    }
    void when_readable(std::function<void()> call) override { peer_.readable = std::move(call); }
    void when_writable(std::function<void()> call) override { peer_.writable = std::move(call); }
    void close() override {
        peer_.is_closed_by_server = true;
        peer_.readable = nullptr;
        peer_.writable = nullptr;
    }

  private:
    FakePeer& peer_;
};

}  // namespace milena::server
