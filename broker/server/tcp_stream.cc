#include "server/tcp_stream.h"

#include <cerrno>

#include <sys/sendfile.h>
#include <sys/socket.h>

#include "base/log.h"
#include "server/pacing.h"

namespace milena::server {
namespace {

bool is_on_this_host(const asio::ip::tcp::socket& socket) {
    asio::error_code gone;
    const auto client = socket.remote_endpoint(gone);
    return !gone && client.address() == socket.local_endpoint(gone).address() && !gone;
}

// Asio says when the socket is ready; the bytes go by plain system calls, straight from and to where they belong.
class TcpStream final : public Stream {
  public:
    explicit TcpStream(asio::ip::tcp::socket socket)
        : socket_(std::make_shared<asio::ip::tcp::socket>(std::move(socket))) {
        asio::error_code ignored;
        socket_->non_blocking(true, ignored);
        socket_->set_option(asio::ip::tcp::no_delay(true), ignored);
        if (!is_on_this_host(*socket_)) pace_as_system(socket_->native_handle());
    }
    ~TcpStream() override { close(); }

    Result<size_t, StreamEnd> read_some(std::span<std::byte> into) override {
        for (;;) {
            const ssize_t n = ::recv(socket_->native_handle(), into.data(), into.size(), 0);
            if (n > 0) return static_cast<size_t>(n);
            if (n == 0) return unexpected(StreamEnd::closed);
            if (errno != EINTR) return unexpected(end_of(errno));
        }
    }

    Result<size_t, StreamEnd> write_some(std::span<const iovec> parts, bool has_more) override {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(parts.data());
        message.msg_iovlen = parts.size();
        for (;;) {
            const ssize_t n = ::sendmsg(socket_->native_handle(), &message, MSG_NOSIGNAL | (has_more ? MSG_MORE : 0));
            if (n >= 0) return static_cast<size_t>(n);
            if (errno != EINTR) return unexpected(end_of(errno));
        }
    }

    Result<size_t, StreamEnd> send_some(const FileRange& range) override {
        for (;;) {
            auto position = static_cast<off_t>(range.position);
            const ssize_t n = ::sendfile(socket_->native_handle(), range.source->descriptor(), &position, range.bytes);
            if (n > 0) return static_cast<size_t>(n);
            if (n == 0) {
                log_error("records gone that an answer has promised: its connection is closed",
                          {{"position", range.position}, {"bytes", range.bytes}});
                return unexpected(StreamEnd::closed);
            }
            if (errno != EINTR) return unexpected(end_of(errno));
        }
    }

    void when_readable(std::function<void()> call) override { wait(asio::socket_base::wait_read, std::move(call)); }
    void when_writable(std::function<void()> call) override { wait(asio::socket_base::wait_write, std::move(call)); }

    void close() override {
        asio::error_code ignored;
        socket_->close(ignored);
    }

  private:
    static StreamEnd end_of(int number) {
        return number == EAGAIN || number == EWOULDBLOCK ? StreamEnd::would_block : StreamEnd::closed;
    }

    void wait(asio::socket_base::wait_type kind, std::function<void()> call) {
        // The socket is held so that a call that is on its way when the stream ends finds it closed.
        socket_->async_wait(kind, [socket = socket_, call = std::move(call)](const asio::error_code& error) {
            if (!error && socket->is_open()) call();
        });
    }

    std::shared_ptr<asio::ip::tcp::socket> socket_;
};

}  // namespace

std::unique_ptr<Stream> tcp_stream(asio::ip::tcp::socket socket) {
    return std::make_unique<TcpStream>(std::move(socket));
}

}  // namespace milena::server
