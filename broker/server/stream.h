// One client's connection as bytes: what can be read and written without waiting, and a call when that changes. Owned
// by one Connection, used by its shard's thread. TLS will be another Stream; tests bring their own.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include <sys/uio.h>

#include "base/piece.h"
#include "base/result.h"

namespace milena::server {

// The length in front of every request and every answer.
inline constexpr size_t length_bytes = sizeof(int32_t);

enum class StreamEnd : uint8_t { would_block, closed };

struct Stream {
    virtual ~Stream() = default;

    // At least one byte, or why there is none.
    virtual Result<size_t, StreamEnd> read_some(std::span<std::byte> into) = 0;
    // `has_more`: something follows at once, for which the other end need not be woken twice.
    virtual Result<size_t, StreamEnd> write_some(std::span<const iovec> parts, bool has_more) = 0;
    // The same out of a file, which must be cached.
    virtual Result<size_t, StreamEnd> send_some(const FileRange& range) = 0;

    // Calls back once, from the loop; at most one call of each kind may be outstanding. Never after close().
    virtual void when_readable(std::function<void()> call) = 0;
    virtual void when_writable(std::function<void()> call) = 0;
    virtual void close() = 0;
};

}  // namespace milena::server
