// The floor under any broker: what the kernel and one checksum cost when nothing else is done.
// bare_loop produce|fetch|cold DIRECTORY GIGABYTES [--frame-bytes N] [--congestion NAME]
//
// produce: a client on loopback sends frames; the loop receives each, computes its CRC-32C, appends it to a file and
// acknowledges it. fetch: the client asks for one part of a file after the other, as consumers do, and the loop answers
// each by sendfile; cold: after the page cache has let go of the file.
// --congestion is how the loop's end of the connection is controlled, else as the system says. Prints one JSON object:
// the bytes, and the CPU seconds of the loop's thread alone.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/crc32c.h"

namespace {

constexpr size_t acknowledgement_bytes = 60;
constexpr size_t request_bytes = 100;
constexpr size_t answer_bytes = 1U << 20;  // what a consumer takes of a partition at once
constexpr size_t frames_in_flight_max = 5;

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

double thread_cpu_s() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Arguments {
    std::string mode;
    std::string directory;
    size_t bytes = 0;
    size_t frame_bytes = 65536;
    std::string congestion;  // empty: as the system says
};

// Two ends of one TCP connection.
std::array<int, 2> connected_pair() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener, generic, size) != 0 || ::listen(listener, 1) != 0) die("listen");
    ::getsockname(listener, generic, &size);
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(client, generic, size) != 0) die("connect");
    const int server = ::accept(listener, nullptr, nullptr);
    if (server < 0) die("accept");
    ::close(listener);
    const int one = 1;
    for (const int end : {client, server}) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return {client, server};
}

bool receive_all(int from, void* into, size_t bytes) {
    auto* at = static_cast<char*>(into);
    while (bytes > 0) {
        const ssize_t n = ::recv(from, at, bytes, 0);
        if (n <= 0) return false;
        at += n;
        bytes -= static_cast<size_t>(n);
    }
    return true;
}

void send_all(int to, const void* from, size_t bytes) {
    const auto* at = static_cast<const char*>(from);
    while (bytes > 0) {
        const ssize_t n = ::send(to, at, bytes, MSG_NOSIGNAL);
        if (n <= 0) die("send");
        at += n;
        bytes -= static_cast<size_t>(n);
    }
}

void send_frames(int server, const Arguments& arguments) {
    const auto length = static_cast<uint32_t>(arguments.frame_bytes);
    std::vector<char> frame(sizeof(length) + arguments.frame_bytes, 'x');
    std::memcpy(frame.data(), &length, sizeof(length));
    std::array<char, acknowledgement_bytes> acknowledgement;
    size_t in_flight = 0;
    for (size_t sent = 0; sent < arguments.bytes; sent += arguments.frame_bytes) {
        if (in_flight == frames_in_flight_max) {
            if (!receive_all(server, acknowledgement.data(), acknowledgement.size())) die("recv");
            --in_flight;
        }
        send_all(server, frame.data(), frame.size());
        ++in_flight;
    }
    ::shutdown(server, SHUT_WR);
    while (::recv(server, acknowledgement.data(), acknowledgement.size(), 0) > 0) continue;
    ::close(server);
}

size_t take_frames(int client, int file) {
    std::vector<std::byte> frame;
    std::array<char, acknowledgement_bytes> acknowledgement{};
    size_t position = 0;
    uint32_t length = 0;
    while (receive_all(client, &length, sizeof(length))) {
        frame.resize(length);
        if (!receive_all(client, frame.data(), length)) die("recv");
        const uint32_t checksum = milena::crc32c(frame);
        std::memcpy(acknowledgement.data(), &checksum, sizeof(checksum));
        if (::pwrite(file, frame.data(), length, static_cast<off_t>(position)) != static_cast<ssize_t>(length))
            die("pwrite");
        position += length;
        send_all(client, acknowledgement.data(), acknowledgement.size());
    }
    return position;
}

size_t answer_requests(int client, int file, size_t bytes) {
    std::array<char, request_bytes> request;
    off_t position = 0;
    while (receive_all(client, request.data(), request.size())) {
        const size_t end = std::min(bytes, static_cast<size_t>(position) + answer_bytes);
        const auto length = static_cast<uint32_t>(end - static_cast<size_t>(position));
        if (::send(client, &length, sizeof(length), MSG_NOSIGNAL | MSG_MORE) != sizeof(length)) die("send");
        while (static_cast<size_t>(position) < end)
            if (::sendfile(client, file, &position, end - static_cast<size_t>(position)) <= 0) die("sendfile");
    }
    return static_cast<size_t>(position);
}

void request_all(int server, size_t bytes) {
    const std::array<char, request_bytes> request{};
    std::vector<char> answer(answer_bytes);
    for (uint32_t length = 0; bytes > 0; bytes -= length) {
        send_all(server, request.data(), request.size());
        if (!receive_all(server, &length, sizeof(length)) || length > answer.size()) die("recv");
        if (!receive_all(server, answer.data(), length)) die("recv");
    }
    ::close(server);
}

void fill(int file, size_t bytes) {
    const std::vector<char> block(1U << 20, 'x');
    for (size_t written = 0; written < bytes; written += block.size())
        if (::write(file, block.data(), block.size()) < 0) die("write");
}

void drop_from_page_cache(int file) {
    if (::fsync(file) != 0) die("fsync");  // a dirty page stays
    if (::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) die("posix_fadvise");
}

void set_congestion(int end, const std::string& name) {
    if (name.empty()) return;
    if (::setsockopt(end, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) != 0)
        die(name.c_str());
}

[[noreturn]] void explain() {
    std::fprintf(stderr,
                 "usage: bare_loop produce|fetch|cold DIRECTORY GIGABYTES [--frame-bytes N] "
                 "[--congestion NAME]\n");
    std::exit(2);
}

Arguments parse(int count, char** words) {
    if (count < 4 || count % 2 != 0) explain();
    Arguments arguments{words[1], words[2], static_cast<size_t>(std::atof(words[3]) * 1e9), 65536, {}};
    if (arguments.mode != "produce" && arguments.mode != "fetch" && arguments.mode != "cold") explain();
    for (int index = 4; index < count; index += 2) {
        const std::string option = words[index];
        if (option == "--frame-bytes")
            arguments.frame_bytes = static_cast<size_t>(std::atoll(words[index + 1]));
        else if (option == "--congestion")
            arguments.congestion = words[index + 1];
        else
            explain();
    }
    return arguments;
}

}  // namespace

int main(int count, char** words) {
    const Arguments arguments = parse(count, words);
    const std::string path = arguments.directory + "/bare_loop";
    const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
    if (file < 0) die(path.c_str());
    ::unlink(path.c_str());
    const bool is_produce = arguments.mode == "produce";
    if (!is_produce) fill(file, arguments.bytes);
    if (arguments.mode == "cold") drop_from_page_cache(file);

    const auto [client_end, loop_end] = connected_pair();
    set_congestion(loop_end, arguments.congestion);
    std::thread client([&arguments, is_produce, server = client_end] {
        // As the load generator against a broker: the loop comes first.
        if (::nice(5) == -1) die("nice");
        is_produce ? send_frames(server, arguments) : request_all(server, arguments.bytes);
    });
    const double before = thread_cpu_s();
    const size_t bytes = is_produce ? take_frames(loop_end, file) : answer_requests(loop_end, file, arguments.bytes);
    const double cpu_s = thread_cpu_s() - before;
    ::close(loop_end);
    client.join();
    std::printf("{\"bytes\": %zu, \"cpu_s\": %.4f, \"cpu_s_per_gb\": %.4f}\n", bytes, cpu_s,
                cpu_s / (static_cast<double>(bytes) / 1e9));
    return 0;
}
