#include "server/tcp_stream.h"

#include <cerrno>

#include <sys/socket.h>

namespace milena::server {
namespace {

// Asio says when the socket is ready; the bytes go by plain system calls, straight from and to where they belong.
class TcpStream final : public Stream {
  public:
    explicit TcpStream(asio::ip::tcp::socket socket)
        : socket_(std::make_shared<asio::ip::tcp::socket>(std::move(socket))) {
        asio::error_code ignored;
        socket_->non_blocking(true, ignored);
        socket_->set_option(asio::ip::tcp::no_delay(true), ignored);
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

    Result<size_t, StreamEnd> write_some(std::span<const iovec> parts) override {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(parts.data());
        message.msg_iovlen = parts.size();
        for (;;) {
            const ssize_t n = ::sendmsg(socket_->native_handle(), &message, MSG_NOSIGNAL);
            if (n >= 0) return static_cast<size_t>(n);
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
