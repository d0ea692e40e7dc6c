#include <condition_variable>
#include <deque>
#include <mutex>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <replication.grpc.pb.h>

#include "loop_thread.h"
#include "peer/byte_buffer.h"
#include "peer/replication_client.h"
#include "peer/replication_service.h"
#include "peer/server.h"

namespace milena::peer {
namespace {

using namespace std::chrono_literals;

const replica::PartitionKey key{Uuid::from_random(1, 2), PartitionIndex(3)};

replica::FollowerFrame granting(uint64_t bytes) {
    replica::FollowerFrame frame;
    frame.subscribe = {{key, LeaderEpoch(1), Offset(2), LeaderEpoch(1), Offset(0)}};
    frame.bytes_granted = bytes;
    return frame;
}

replica::LeaderFrame with_records(size_t size, Offset high_watermark = Offset(1)) {
    replica::LeaderFrame frame;
    frame.partitions.push_back({.key = key,
                                .leader_epoch = LeaderEpoch(1),
                                .error = ErrorCode::none,
                                .diverging = std::nullopt,
                                .high_watermark = high_watermark,
                                .log_start_offset = Offset(0),
                                .records = {Bytes::copy_of(std::string(size, 'r'))}});
    frame.records_bytes = size;
    return frame;
}

// What an end of a stream has been told, to be waited for by the test. Shared with the handlers.
template <class Frame>
class Told {
  public:
    void received(Frame frame) {
        change([&] { frames_.push_back(std::move(frame)); });
    }
    void writable() {
        change([&] { ++writable_; });
    }
    void ended(StreamEnd why) {
        change([&] {
            EXPECT_FALSE(end_.has_value());
            end_ = why;
        });
    }

    std::optional<Frame> frame(std::chrono::milliseconds time = patience) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, time, [&] { return !frames_.empty(); })) return std::nullopt;
        Frame frame = std::move(frames_.front());
        frames_.pop_front();
        return frame;
    }
    bool becomes_writable(int times, std::chrono::milliseconds time = patience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, time, [&] { return writable_ >= times; });
    }
    std::optional<StreamEnd> end(std::chrono::milliseconds time = patience) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, time, [&] { return end_.has_value(); });
        return end_;
    }
    int writable_times() {
        const std::lock_guard lock(mutex_);
        return writable_;
    }

  private:
    void change(const std::function<void()>& what) {
        const std::lock_guard lock(mutex_);
        what();
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Frame> frames_;
    int writable_ = 0;
    std::optional<StreamEnd> end_;
};

// One end with what it was told. Everything happens on its thread.
template <class End, class Frame>
struct Held {
    LoopThread& thread;
    std::unique_ptr<End> stream;
    std::shared_ptr<Told<Frame>> told = std::make_shared<Told<Frame>>();

    // On the thread.
    void start() {
        stream->start({.received =
                           [this, kept = told](Frame frame) {
                               EXPECT_TRUE(thread.is_current());
                               kept->received(std::move(frame));
                           },
                       .writable = [kept = told] { kept->writable(); },
                       .ended = [kept = told](StreamEnd why) { kept->ended(why); }});
    }
    void read_next() {
        thread.run([this] { stream->read_next(); });
    }
    template <class Out>
    void write(const Out& frame) {
        thread.run([&] { stream->write(frame); });
    }
    void let_go() {
        thread.run([this] { stream.reset(); });
    }
};

using HeldLeader = Held<LeaderEnd, replica::FollowerFrame>;
using HeldFollower = Held<FollowerEnd, replica::LeaderFrame>;

class ReplicationTest : public testing::Test {
  protected:
    LoopThread first_, second_, follower_thread_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<HeldLeader>> accepted_;
    Hello hello_;  // the last
    bool drops_ = false;
    std::unique_ptr<ReplicationService> service_;
    std::unique_ptr<Server> server_;
    std::unique_ptr<ReplicationClient> client_;

    void SetUp() override {
        service_ = std::make_unique<ReplicationService>(
            std::vector<Post>{first_.post(), second_.post()},
            [this](const Hello& hello, std::unique_ptr<LeaderEnd> stream) { accept(hello, std::move(stream)); });
        const settings::Endpoint endpoint{"INTERNAL", settings::SecurityProtocol::grpc, "127.0.0.1", 0};
        auto started = Server::start({endpoint}, {service_.get()});
        ASSERT_TRUE(started.has_value());
        server_ = std::move(*started);
        client_ = std::make_unique<ReplicationClient>(follower_thread_.post());
    }

    void TearDown() override {
        client_.reset();
        server_.reset();
        // A stream that the server has handed over last may still be on its way.
        for (LoopThread* thread : {&first_, &second_}) thread->run([] {});
        for (const auto& leader : accepted_) leader->let_go();
    }

    void accept(const Hello& hello, std::unique_ptr<LeaderEnd> stream) {
        LoopThread& thread = hello.leader_shard == ShardId(0) ? first_ : second_;
        EXPECT_TRUE(thread.is_current());
        const std::lock_guard lock(mutex_);
        hello_ = hello;
        if (drops_) return;
        auto leader = std::make_shared<HeldLeader>(HeldLeader{thread, std::move(stream)});
        leader->start();
        accepted_.push_back(std::move(leader));
        changed_.notify_all();
    }

    std::shared_ptr<HeldLeader> accepted(size_t index = 0) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(changed_.wait_for(lock, patience, [&] { return accepted_.size() > index; }));
        return accepted_[index];
    }

    std::unique_ptr<HeldFollower> open(uint16_t port, const Hello& hello) {
        auto follower = std::make_unique<HeldFollower>(HeldFollower{follower_thread_, nullptr});
        follower_thread_.run([&] {
            follower->stream = client_->open("127.0.0.1", port, hello);
            EXPECT_FALSE(follower->stream->is_writable());
            follower->start();
        });
        return follower;
    }
    std::unique_ptr<HeldFollower> open(ShardId shard = ShardId(0)) {
        return open(server_->ports().front(), {"cluster", NodeId(4), 77, shard, 1 << 20});
    }
};

TEST_F(ReplicationTest, a_stream_comes_to_the_shard_that_it_asks_for) {
    const auto follower = open(ShardId(1));
    const auto leader = accepted();
    EXPECT_EQ(&leader->thread, &second_);
    EXPECT_EQ(hello_, (Hello{"cluster", NodeId(4), 77, ShardId(1), 1 << 20}));
    EXPECT_TRUE(follower->told->becomes_writable(1));
    follower->let_go();
    EXPECT_EQ(leader->told->end(), StreamEnd::closed);
}

TEST_F(ReplicationTest, frames_travel_both_ways) {
    const auto follower = open();
    const auto leader = accepted();
    ASSERT_TRUE(follower->told->becomes_writable(1));
    leader->read_next();
    follower->read_next();
    follower->write(granting(1000));
    EXPECT_EQ(leader->told->frame(), granting(1000));
    ASSERT_TRUE(follower->told->becomes_writable(2));
    leader->write(with_records(300'000, Offset(42)));
    const auto frame = follower->told->frame();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->records_bytes, 300'000u);
    ASSERT_EQ(frame->partitions.size(), 1u);
    EXPECT_EQ(frame->partitions[0].high_watermark, Offset(42));
    EXPECT_EQ(frame->partitions[0].records, with_records(300'000).partitions[0].records);
    EXPECT_TRUE(leader->told->becomes_writable(1));
    follower->let_go();
}

TEST_F(ReplicationTest, frames_keep_their_order) {
    const auto follower = open();
    const auto leader = accepted();
    for (int i = 0; i < 200; ++i) {
        leader->write(with_records(static_cast<size_t>(i) * 100 + 1, Offset(i)));
        follower->read_next();
        const auto frame = follower->told->frame();
        ASSERT_TRUE(frame.has_value());
        EXPECT_EQ(frame->partitions[0].high_watermark, Offset(i));
        EXPECT_EQ(frame->records_bytes, static_cast<size_t>(i) * 100 + 1);
        ASSERT_TRUE(leader->told->becomes_writable(i + 1));
    }
    follower->let_go();
}

TEST_F(ReplicationTest, nothing_is_received_that_was_not_asked_for) {
    const auto follower = open();
    const auto leader = accepted();
    leader->write(with_records(10));
    EXPECT_EQ(follower->told->frame(50ms), std::nullopt);
    follower->read_next();
    EXPECT_TRUE(follower->told->frame().has_value());
    follower->let_go();
}

// Writes until the connection takes no more; the number of frames.
int fill(HeldLeader& leader, size_t bytes) {
    int written = leader.told->writable_times();
    do {
        leader.write(with_records(bytes));
        ++written;
    } while (written < 1000 && leader.told->becomes_writable(written, 300ms));
    return written;
}

TEST_F(ReplicationTest, a_follower_that_stops_reading_stalls_only_its_own_stream) {
    const auto stalled = open(ShardId(0));
    const auto stalled_leader = accepted(0);
    const auto other = open(ShardId(0));
    const auto other_leader = accepted(1);
    EXPECT_LT(fill(*stalled_leader, 1 << 20), 100);
    for (int i = 0; i < 20; ++i) {
        other_leader->write(with_records(1 << 20));
        other->read_next();
        ASSERT_TRUE(other->told->frame().has_value());
        ASSERT_TRUE(other_leader->told->becomes_writable(i + 1));
    }
    EXPECT_EQ(stalled->told->end(0ms), std::nullopt);
    other->let_go();
    stalled->let_go();
    EXPECT_EQ(stalled_leader->told->end(), StreamEnd::closed);
}

TEST_F(ReplicationTest, a_leader_leaves_a_follower_that_does_not_read) {
    const auto follower = open();
    const auto leader = accepted();
    fill(*leader, 1 << 20);
    leader->let_go();
    for (int i = 0; i < 100 && !follower->told->end(0ms); ++i) {
        follower->thread.run([&] {
            if (!follower->told->end(0ms)) follower->stream->read_next();
        });
        if (!follower->told->frame(1s)) break;
    }
    EXPECT_EQ(follower->told->end(), StreamEnd::closed);
}

TEST_F(ReplicationTest, a_follower_learns_that_its_leader_has_left) {
    const auto follower = open();
    const auto leader = accepted();
    follower->read_next();
    leader->let_go();
    EXPECT_EQ(follower->told->end(), StreamEnd::closed);
    follower->thread.run([&] { EXPECT_FALSE(follower->stream->is_writable()); });
}

TEST_F(ReplicationTest, a_stream_that_nobody_wants_ends) {
    drops_ = true;
    const auto follower = open();
    follower->read_next();
    EXPECT_EQ(follower->told->end(), StreamEnd::closed);
}

TEST_F(ReplicationTest, a_shard_that_is_not_there_is_refused) {
    const auto follower = open(ShardId(2));
    follower->read_next();
    EXPECT_EQ(follower->told->end(), StreamEnd::refused);
}

TEST_F(ReplicationTest, a_refused_connection_is_evidence_within_100_ms) {
    DeafPort port;
    port.close();
    const auto follower = open(port.port(), {"cluster", NodeId(4), 77, ShardId(0), 1 << 20});
    EXPECT_EQ(follower->told->end(100ms), StreamEnd::unreachable);
}

TEST_F(ReplicationTest, silence_is_no_evidence) {
    const DeafPort port;
    const auto follower = open(port.port(), {"cluster", NodeId(4), 77, ShardId(0), 1 << 20});
    EXPECT_EQ(follower->told->end(), StreamEnd::timed_out);
}

TEST_F(ReplicationTest, streams_end_with_the_client_and_the_server) {
    const auto follower = open();
    const auto leader = accepted();
    follower->read_next();
    leader->read_next();
    client_.reset();
    EXPECT_EQ(leader->told->end(), StreamEnd::closed);
    follower->thread.run([&] { EXPECT_FALSE(follower->told->end(0ms) == StreamEnd::refused); });
    follower->let_go();
    client_ = std::make_unique<ReplicationClient>(follower_thread_.post());
    const auto another = open();
    const auto another_leader = accepted(1);
    another->read_next();
    const auto begin = std::chrono::steady_clock::now();
    server_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_TRUE(another->told->end().has_value());
    EXPECT_EQ(another_leader->told->end(), StreamEnd::closed);
}

TEST_F(ReplicationTest, a_stream_may_be_let_go_within_its_own_handler) {
    std::unique_ptr<FollowerEnd> stream;
    const Awaited<bool> gone;
    follower_thread_.run([&] {
        stream = client_->open("127.0.0.1", server_->ports().front(), {"cluster", NodeId(4), 77, ShardId(0), 1});
        stream->start({.received = nullptr,
                       .writable =
                           [&] {
                               stream.reset();
                               gone.set(true);
                           },
                       .ended = [](StreamEnd) { ADD_FAILURE(); }});
    });
    EXPECT_TRUE(gone.value());
}

// Sends these messages on a stream of its own and returns how it ends.
grpc::StatusCode status_after(uint16_t port, const std::vector<Bytes>& messages) {
    const auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
    const auto stub = replication::v1::Replication::NewStub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    const auto stream = stub->Replicate(&context);
    for (const Bytes& bytes : messages) {
        replication::v1::FollowerMessage message;
        EXPECT_TRUE(message.ParseFromString(std::string(bytes.view())));
        stream->Write(message);
    }
    replication::v1::LeaderMessage answer;
    while (stream->Read(&answer)) {
    }
    return stream->Finish().error_code();
}

TEST_F(ReplicationTest, a_stream_begins_with_one_hello) {
    const uint16_t port = server_->ports().front();
    const Bytes hello = encode(Hello{"cluster", NodeId(4), 77, ShardId(0), 1});
    const Bytes frame = encode(granting(1));
    EXPECT_EQ(status_after(port, {frame}), grpc::StatusCode::INVALID_ARGUMENT);
    std::thread reader([this] { accepted()->read_next(); });
    EXPECT_EQ(status_after(port, {hello, hello}), grpc::StatusCode::INVALID_ARGUMENT);
    reader.join();
    EXPECT_EQ(accepted()->told->end(), StreamEnd::refused);
}

TEST_F(ReplicationTest, a_follower_without_an_id_is_refused) {
    replication::v1::FollowerMessage message;
    message.mutable_hello()->set_node(-1);
    EXPECT_EQ(status_after(server_->ports().front(), {Bytes::copy_of(message.SerializeAsString())}),
              grpc::StatusCode::INVALID_ARGUMENT);
}

// A leader that talks nonsense.
class Babbling final : public replication::v1::Replication::CallbackService {
  public:
    grpc::ServerBidiReactor<replication::v1::FollowerMessage, replication::v1::LeaderMessage>* Replicate(
        grpc::CallbackServerContext*) override {
        class Reactor final
            : public grpc::ServerBidiReactor<replication::v1::FollowerMessage, replication::v1::LeaderMessage> {
          public:
            Reactor() {
                message_.mutable_header()->add_partitions()->add_records_bytes(1'000'000);
                message_.set_records("x");
                StartWrite(&message_);
            }
            void OnCancel() override { Finish(grpc::Status::CANCELLED); }
            void OnDone() override { delete this; }

          private:
            replication::v1::LeaderMessage message_;
        };
        return new Reactor;
    }
};

TEST_F(ReplicationTest, a_leader_that_talks_nonsense_is_left) {
    Babbling service;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    const auto server = builder.BuildAndStart();
    const auto follower = open(static_cast<uint16_t>(port), {"cluster", NodeId(4), 77, ShardId(0), 1});
    follower->read_next();
    EXPECT_EQ(follower->told->end(), StreamEnd::refused);
    EXPECT_EQ(follower->told->frame(0ms), std::nullopt);
}

TEST(ByteBuffer, gives_back_what_it_was_given_and_lets_go_of_it) {
    const std::vector<Bytes> pieces{Bytes::copy_of(std::string(5000, 'a')), Bytes{}, Bytes::copy_of("b")};
    std::vector<Bytes> slices;
    {
        const grpc::ByteBuffer buffer = buffer_of(pieces);
        slices = slices_of(buffer);
        EXPECT_GT(pieces[0].owner().use_count(), 1);
    }
    ASSERT_EQ(slices.size(), 2u);
    EXPECT_EQ(slices[0].data(), pieces[0].data());
    EXPECT_EQ(slices[0], pieces[0]);
    EXPECT_EQ(slices[1], pieces[2]);
    slices.clear();
    EXPECT_EQ(pieces[0].owner().use_count(), 1);
}

}  // namespace
}  // namespace milena::peer
