// The floor under any broker, under the same clients: it takes a batch, computes its CRC-32C, writes it and
// acknowledges it, and sends what was written by sendfile; it checks, remembers and refuses nothing else. Speaks as
// much of Kafka's protocol as its two clients here need: ApiVersions, Metadata (any topic is there, with six
// partitions), Produce, ListOffsets and Fetch. A thread for each connection, which waits in the system's calls: nothing
// is cheaper.
//
// bare_broker PORT DIRECTORY [--congestion NAME]: on 127.0.0.1, until SIGTERM; logs lie in DIRECTORY as in a broker's.
#include <algorithm>
#include <array>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/big_endian.h"
#include "base/crc32c.h"
#include "wire/codec.h"
#include "wire/header.h"
#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offsets.h"
#include "wire/messages/produce.h"
#include "wire/record_batch.h"

namespace {

using namespace milena;

constexpr int32_t node = 1;
constexpr int32_t partitions = 6;
constexpr size_t crc_covers_from = 21;  // the attributes of a batch, and all after them

int listened_port = 0;
std::string directory;
std::string congestion;  // empty: as the system says

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

class LogFile final : public RangeSource {
  public:
    explicit LogFile(const std::string& path) : descriptor_(::open(path.c_str(), O_CREAT | O_RDWR, 0600)) {
        if (descriptor_ < 0) die(path.c_str());
    }
    int descriptor() const override { return descriptor_; }
    bool is_cached(uint64_t, size_t) const override { return true; }
    void load(uint64_t, size_t, std::function<void(bool)> done) const override { done(true); }

  private:
    const int descriptor_;
};

// One partition's batches.
class Log {
  public:
    explicit Log(const std::string& path) : file_(std::make_shared<LogFile>(path)) {}

    // The offset of the first record.
    int64_t append(const Bytes& batch) {
        auto* const begin = const_cast<std::byte*>(batch.data());
        const auto crc = load_big_endian<uint32_t>(begin + 17);
        if (crc32c(batch.span().subspan(crc_covers_from)) != crc) die("a batch with a wrong CRC");
        const auto last_delta = load_big_endian<int32_t>(begin + 23);
        const std::scoped_lock lock(mutex_);
        store_big_endian(begin, next_offset_);
        const auto at = static_cast<off_t>(bytes_);
        if (::pwrite(file_->descriptor(), begin, batch.size(), at) != static_cast<ssize_t>(batch.size())) die("pwrite");
        batches_.push_back({next_offset_, bytes_});
        bytes_ += batch.size();
        return std::exchange(next_offset_, next_offset_ + last_delta + 1);
    }

    struct Found {
        FileRange range;  // whole batches, at least one if there is one
        int64_t next_offset = 0;
    };
    Found find(int64_t offset, size_t bytes_max) {
        const std::scoped_lock lock(mutex_);
        Found found{{file_, 0, 0}, next_offset_};
        const auto after = [](int64_t wanted, const Batch& batch) { return wanted < batch.offset; };
        const auto next = std::upper_bound(batches_.begin(), batches_.end(), offset, after);
        if (offset >= next_offset_ || next == batches_.begin()) return found;
        found.range.position = std::prev(next)->position;
        const auto beyond = [](size_t end, const Batch& batch) { return end < batch.position; };
        auto end = std::upper_bound(next, batches_.end(), found.range.position + bytes_max, beyond);
        if (end != next && end != batches_.end()) --end;
        found.range.bytes = (end == batches_.end() ? bytes_ : end->position) - found.range.position;
        return found;
    }

  private:
    struct Batch {
        int64_t offset;
        size_t position;
    };
    std::mutex mutex_;
    const std::shared_ptr<const LogFile> file_;
    std::vector<Batch> batches_;
    size_t bytes_ = 0;
    int64_t next_offset_ = 0;
};

// All logs, and who waits for more in any of them.
class Logs {
  public:
    Log& of(std::string_view topic, int32_t partition) {
        const std::string name = std::string(topic) + "-" + std::to_string(partition);
        const std::scoped_lock lock(mutex_);
        std::unique_ptr<Log>& log = logs_[name];
        if (log == nullptr) {
            std::filesystem::create_directories(directory + "/" + name);
            log = std::make_unique<Log>(directory + "/" + name + "/00000000000000000000.log");
        }
        return *log;
    }
    void appended() {
        const std::scoped_lock lock(mutex_);
        ++appends_;
        grown_.notify_all();
    }
    size_t appends() {
        const std::scoped_lock lock(mutex_);
        return appends_;
    }
    // Until there are more appends than these, or the time is up; false in that case.
    bool wait_beyond(size_t appends, std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock(mutex_);
        return grown_.wait_until(lock, deadline, [&] { return appends_ > appends; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable grown_;
    std::map<std::string, std::unique_ptr<Log>, std::less<>> logs_;
    size_t appends_ = 0;
};

Logs logs;

// --- the five APIs ---------------------------------------------------------------------------------------------------

wire::ApiVersionsResponse handle(const wire::ApiVersionsRequest&) {
    wire::ApiVersionsResponse response;
    // Versions without sessions and topic ids.
    response.api_keys = {{wire::ProduceRequest::api.key, 3, 8},
                         {wire::FetchRequest::api.key, 4, 11},
                         {wire::ListOffsetsRequest::api.key, 1, 2},
                         {wire::MetadataRequest::api.key, 0, 8},
                         {wire::ApiVersionsRequest::api.key, 0, 3}};
    return response;
}

wire::MetadataResponse handle(const wire::MetadataRequest& request) {
    wire::MetadataResponse response;
    response.brokers.push_back({.node_id = node, .host = "127.0.0.1", .port = listened_port, .rack = std::nullopt});
    response.controller_id = node;
    const auto& topics = wire::plain(request.topics);
    if (!topics) return response;
    for (const auto& asked : *topics) {
        auto& topic = response.topics.emplace_back();
        topic.name = std::string(wire::plain(asked.name).value_or(""));
        for (int32_t index = 0; index < partitions; ++index)
            topic.partitions.push_back(
                {.partition_index = index, .leader_id = node, .replica_nodes = {node}, .isr_nodes = {node}});
    }
    return response;
}

wire::ProduceResponse handle(const wire::ProduceRequest& request) {
    wire::ProduceResponse response;
    for (const auto& topic : request.topic_data) {
        auto& answered = response.responses.emplace_back();
        answered.name = std::string(wire::plain(topic.name));
        for (const auto& partition : topic.partition_data) {
            const int64_t base = logs.of(wire::plain(topic.name), partition.index).append(*partition.records);
            answered.partition_responses.push_back({.index = partition.index, .base_offset = base});
        }
    }
    logs.appended();
    return response;
}

wire::ListOffsetsResponse handle(const wire::ListOffsetsRequest& request) {
    wire::ListOffsetsResponse response;
    for (const auto& topic : request.topics) {
        auto& answered = response.topics.emplace_back();
        answered.name = std::string(topic.name);
        for (const auto& partition : topic.partitions) {
            const int64_t end = logs.of(topic.name, partition.partition_index).find(0, 0).next_offset;
            const int64_t offset = partition.timestamp == -2 ? 0 : end;
            answered.partitions.push_back({.partition_index = partition.partition_index, .offset = offset});
        }
    }
    return response;
}

wire::FetchResponse read(const wire::FetchRequest& request, size_t* bytes) {
    wire::FetchResponse response;
    size_t room = static_cast<size_t>(std::max(request.max_bytes, 0));
    for (const auto& topic : request.topics) {
        auto& answered = response.responses.emplace_back();
        answered.topic = std::string(wire::plain(topic.topic));
        for (const auto& partition : topic.partitions) {
            const size_t most = std::min(room, static_cast<size_t>(std::max(partition.partition_max_bytes, 0)));
            const auto found =
                logs.of(wire::plain(topic.topic), partition.partition).find(partition.fetch_offset, most);
            auto& one = answered.partitions.emplace_back();
            one.partition_index = partition.partition;
            one.high_watermark = one.last_stable_offset = found.next_offset;
            one.log_start_offset = 0;
            const bool has_some = found.range.bytes > 0 && most > 0;
            one.records = has_some ? wire::Slices(std::vector<Piece>{Piece(found.range)}) : wire::Slices();
            room -= std::min(room, one.records->size());
            *bytes += one.records->size();
        }
    }
    return response;
}

wire::FetchResponse handle(const wire::FetchRequest& request) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(request.max_wait_ms);
    for (;;) {
        const size_t seen = logs.appends();
        size_t bytes = 0;
        wire::FetchResponse response = read(request, &bytes);
        if (bytes >= static_cast<size_t>(std::max(request.min_bytes, 0)) || !logs.wait_beyond(seen, deadline))
            return response;
    }
}

// --- connections -----------------------------------------------------------------------------------------------------

bool receive_all(int from, std::byte* at, size_t bytes) {
    while (bytes > 0) {
        const ssize_t n = ::recv(from, at, bytes, 0);
        if (n <= 0) return false;
        at += n;
        bytes -= static_cast<size_t>(n);
    }
    return true;
}

bool send_all(int to, const Piece& piece, bool is_last) {
    if (piece.is_file()) {
        auto position = static_cast<off_t>(piece.range().position);
        for (size_t left = piece.size(); left > 0;) {
            const ssize_t n = ::sendfile(to, piece.range().source->descriptor(), &position, left);
            if (n <= 0) return false;
            left -= static_cast<size_t>(n);
        }
        return true;
    }
    const int more = is_last ? 0 : MSG_MORE;
    for (size_t sent = 0; sent < piece.size();) {
        const ssize_t n = ::send(to, piece.memory().data() + sent, piece.size() - sent, MSG_NOSIGNAL | more);
        if (n <= 0) return false;
        sent += static_cast<size_t>(n);
    }
    return true;
}

template <class Request>
bool answer(int to, const Bytes& frame, const wire::RequestHeader& header) {
    // Of ApiVersions a version that isn't spoken is answered in version 0.
    const auto version = std::min(header.api_version, Request::api.max);
    const Bytes body = frame.slice(header.size);
    wire::Decoder from(body);
    from.begin(version, Request::api.is_flexible(version));
    Request request;
    wire::read(from, request);
    if (from.has_failed()) return false;
    const wire::EncodedFrame response = wire::encode_response(handle(request), version, header.correlation_id);
    for (const Piece& part : response.parts)
        if (!send_all(to, part, &part == &response.parts.back())) return false;
    return true;
}

bool answer(int to, const Bytes& frame) {
    const auto header = wire::decode_request_header(frame);
    if (!header.has_value()) return false;
    switch (header->api_key) {
        case wire::ProduceRequest::api.key: return answer<wire::ProduceRequest>(to, frame, *header);
        case wire::FetchRequest::api.key: return answer<wire::FetchRequest>(to, frame, *header);
        case wire::ListOffsetsRequest::api.key: return answer<wire::ListOffsetsRequest>(to, frame, *header);
        case wire::MetadataRequest::api.key: return answer<wire::MetadataRequest>(to, frame, *header);
        case wire::ApiVersionsRequest::api.key: return answer<wire::ApiVersionsRequest>(to, frame, *header);
        default: std::fprintf(stderr, "bare_broker: API %d isn't spoken\n", header->api_key); return false;
    }
}

void serve(int client) {
    // One frame's memory, used again: the last frame was answered before the next one is read.
    std::shared_ptr<std::byte[]> memory;
    size_t capacity = 0;
    std::array<std::byte, 4> length;
    while (receive_all(client, length.data(), length.size())) {
        const auto bytes = static_cast<size_t>(load_big_endian<uint32_t>(length.data()));
        if (bytes > capacity) {
            memory = std::make_shared_for_overwrite<std::byte[]>(bytes);
            capacity = bytes;
        }
        if (!receive_all(client, memory.get(), bytes)) break;
        if (!answer(client, Bytes(memory, std::span<const std::byte>(memory.get(), bytes)))) break;
    }
    ::close(client);
}

void set_option(int socket, int option, const void* value, size_t size) {
    if (::setsockopt(socket, IPPROTO_TCP, option, value, static_cast<socklen_t>(size)) != 0) die("setsockopt");
}

}  // namespace

int main(int count, char** words) {
    const bool has_congestion = count == 5 && std::string(words[3]) == "--congestion";
    if (count != 3 && !has_congestion) {
        std::fprintf(stderr, "usage: bare_broker PORT DIRECTORY [--congestion NAME]\n");
        return 2;
    }
    listened_port = std::atoi(words[1]);
    directory = words[2];
    if (has_congestion) congestion = words[4];
    // sendfile(2) has no flag for it: a client that goes ends its connection, not the process.
    std::signal(SIGPIPE, SIG_IGN);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    const int one = 1;
    if (::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0) die("setsockopt");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(listened_port));
    // Inherited by what is accepted: a socket that was under BBR for one moment is paced for ever.
    if (!congestion.empty()) set_option(listener, TCP_CONGESTION, congestion.data(), congestion.size());
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) die("bind");
    if (::listen(listener, 1024) != 0) die("listen");
    for (;;) {
        const int client = ::accept(listener, nullptr, nullptr);
        if (client < 0) die("accept");
        set_option(client, TCP_NODELAY, &one, sizeof(one));
        std::thread(serve, client).detach();
    }
}
