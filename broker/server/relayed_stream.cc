#include "server/relayed_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include <unistd.h>

#include "base/big_endian.h"

namespace milena::server {
namespace {

class RelayedStream final : public Stream {
  public:
    RelayedStream(shard::Loop& loop, const Bytes& frame, Relayed done)
        : loop_(loop), frame_(frame), done_(std::make_shared<Relayed>(std::move(done))) {
        store_big_endian(length_.data(), static_cast<int32_t>(frame.size()));
    }
    ~RelayedStream() override { end(unexpected(ErrorCode::network_exception)); }

    Result<size_t, StreamEnd> read_some(std::span<std::byte> into) override {
        if (!is_open_) return unexpected(StreamEnd::closed);
        const std::span<const std::byte> rest = read_ < length_bytes
                                                    ? std::span<const std::byte>(length_).subspan(read_)
                                                    : frame_.span().subspan(read_ - length_bytes);
        if (rest.empty()) return unexpected(StreamEnd::would_block);
        const size_t count = std::min(rest.size(), into.size());
        std::memcpy(into.data(), rest.data(), count);
        read_ += count;
        return count;
    }

    Result<size_t, StreamEnd> write_some(std::span<const iovec> parts, bool) override {
        if (!is_open_) return unexpected(StreamEnd::closed);
        size_t count = 0;
        for (const iovec& part : parts) {
            const auto* from = static_cast<const std::byte*>(part.iov_base);
            answer_.insert(answer_.end(), from, from + part.iov_len);
            count += part.iov_len;
        }
        end_if_whole();
        return count;
    }

    Result<size_t, StreamEnd> send_some(const FileRange& range) override {
        const size_t before = answer_.size();
        answer_.resize(before + range.bytes);
        const ssize_t count = ::pread(range.source->descriptor(), answer_.data() + before, range.bytes,
                                      static_cast<off_t>(range.position));
        if (count <= 0) return unexpected(StreamEnd::closed);
        answer_.resize(before + static_cast<size_t>(count));
        end_if_whole();
        return static_cast<size_t>(count);
    }

    // Until the request has been read; after that there is nothing to come.
    void when_readable(std::function<void()> call) override {
        if (read_ < length_bytes + frame_.size()) loop_.post(std::move(call));
    }
    void when_writable(std::function<void()> call) override { loop_.post(std::move(call)); }
    void close() override {
        is_open_ = false;
        end(unexpected(ErrorCode::network_exception));
    }

  private:
    void end_if_whole() {
        if (answer_.size() < length_bytes) return;
        const auto length = static_cast<size_t>(load_big_endian<int32_t>(answer_.data()));
        if (answer_.size() < length_bytes + length) return;
        const Bytes whole = Bytes::from(std::move(answer_));
        end(whole.slice(length_bytes, length));
    }

    // Never inside the call of the connection that it ends.
    void end(const Result<Bytes>& outcome) {
        if (!done_) return;
        loop_.post([done = std::exchange(done_, nullptr), outcome] { (*done)(outcome); });
    }

    shard::Loop& loop_;
    const Bytes frame_;
    std::array<std::byte, length_bytes> length_{};
    std::shared_ptr<Relayed> done_;  // null: was called
    size_t read_ = 0;                // of length and frame
    std::vector<std::byte> answer_;  // with its length
    bool is_open_ = true;
};

}  // namespace

std::unique_ptr<Stream> relayed_stream(shard::Loop& loop, const Bytes& frame, Relayed done) {
    return std::make_unique<RelayedStream>(loop, frame, std::move(done));
}

}  // namespace milena::server
