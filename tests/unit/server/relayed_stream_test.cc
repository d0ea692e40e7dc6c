#include "server/relayed_stream.h"

#include <gtest/gtest.h>

#include "env/posix/system_world.h"

namespace milena::server {
namespace {

struct RelayedStreamTest : testing::Test {
    env::SystemClock clock;
    shard::Loop loop{clock};
    std::optional<Result<Bytes>> outcome;
    const Bytes request = Bytes::copy_of("request");

    std::unique_ptr<Stream> stream() {
        return relayed_stream(loop, request, [this](Result<Bytes> answer) { outcome = std::move(answer); });
    }
    void run() {
        loop.post([this] { loop.stop(); });
        loop.run();
    }
    static void write(Stream& stream, std::string_view text) {
        const iovec part{const_cast<char*>(text.data()), text.size()};
        EXPECT_EQ(*stream.write_some(std::span(&part, 1), false), text.size());
    }
};

TEST_F(RelayedStreamTest, gives_the_request_with_its_length_in_any_pieces_and_then_nothing) {
    const auto stream = this->stream();
    std::string read;
    std::array<std::byte, 3> piece;
    for (;;) {
        const auto count = stream->read_some(piece);
        if (!count) break;
        read.append(reinterpret_cast<const char*>(piece.data()), *count);
    }
    EXPECT_EQ(read, std::string("\0\0\0\x07request", 11));
    EXPECT_EQ(stream->read_some(piece).error(), StreamEnd::would_block);
}

TEST_F(RelayedStreamTest, tells_the_answer_when_it_is_whole) {
    const auto stream = this->stream();
    write(*stream, std::string_view("\0\0\0\x06"
                                    "ans",
                                    7));
    run();
    EXPECT_FALSE(outcome.has_value());
    write(*stream, "wer");
    EXPECT_FALSE(outcome.has_value()) << "never inside the call";
    run();
    ASSERT_TRUE(outcome.has_value() && outcome->has_value());
    EXPECT_EQ((*outcome)->view(), "answer");
}

TEST_F(RelayedStreamTest, tells_that_there_is_no_answer_when_the_connection_was_closed) {
    auto stream = this->stream();
    stream->close();
    stream.reset();
    run();
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->error(), ErrorCode::network_exception);
}

}  // namespace
}  // namespace milena::server
