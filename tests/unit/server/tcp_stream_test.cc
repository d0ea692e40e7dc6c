#include "server/tcp_stream.h"

#include <asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace milena::server {
namespace {

struct MemoryFile final : RangeSource {
    explicit MemoryFile(const std::string& content) {
        EXPECT_EQ(::write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
    }
    ~MemoryFile() override { ::close(fd); }
    int descriptor() const override { return fd; }
    bool is_cached(uint64_t, size_t) const override { return true; }
    void load(uint64_t, size_t, std::function<void(bool)>) const override {}

    const int fd = ::memfd_create("range", MFD_CLOEXEC);
};

struct TcpStreamTest : testing::Test {
    using tcp = asio::ip::tcp;

    asio::io_context io;
    tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    tcp::socket client{io};
    std::unique_ptr<Stream> stream;

    void SetUp() override {
        client.connect(acceptor.local_endpoint());
        stream = tcp_stream(acceptor.accept());
    }
    std::string receive(size_t bytes) {
        std::string text(bytes, '?');
        for (size_t got = 0; got < bytes;) got += client.read_some(asio::buffer(text.data() + got, bytes - got));
        return text;
    }
};

TEST_F(TcpStreamTest, sends_a_range_of_a_file_behind_what_was_written) {
    std::string head = "head,";
    const iovec part{head.data(), head.size()};
    EXPECT_EQ(stream->write_some(std::span(&part, 1), true).value(), 5U);
    EXPECT_EQ(stream->send_some({std::make_shared<MemoryFile>("0123456789"), 3, 4}).value(), 4U);
    EXPECT_EQ(receive(9), "head,3456");
}

TEST_F(TcpStreamTest, sends_as_much_as_the_client_takes) {
    std::string content(32U << 20, ' ');
    for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + i % 23);
    const auto file = std::make_shared<MemoryFile>(content);
    size_t sent = 0;
    for (;;) {
        const auto bytes = stream->send_some({file, sent, content.size() - sent});
        if (!bytes.has_value()) {
            EXPECT_EQ(bytes.error(), StreamEnd::would_block);
            break;
        }
        sent += *bytes;
        ASSERT_LT(sent, content.size());
    }
    EXPECT_TRUE(receive(sent) == content.substr(0, sent));
}

TEST_F(TcpStreamTest, a_file_that_was_cut_short_ends_the_stream) {
    const auto file = std::make_shared<MemoryFile>("0123456789");
    EXPECT_EQ(stream->send_some({file, 8, 4}).value(), 2U);
    const auto rest = stream->send_some({file, 10, 2});
    ASSERT_FALSE(rest.has_value());
    EXPECT_EQ(rest.error(), StreamEnd::closed);
}

}  // namespace
}  // namespace milena::server
