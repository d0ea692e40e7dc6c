// What cpprestsdk does in ways of its own, each with a test that our transport is right all the same.
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "operator/fake_kube/certificates.h"
#include "operator/fake_kube/http_server.h"
#include "operator/world.h"

namespace milena::kube {
namespace {

using fake::Connection;
using fake::HttpServer;
using fake::Request;

struct Served {
    explicit Served(HttpServer::Handler handler, TransportLimits limits = {})
        : server(std::move(handler)),
          transport(
              make_cpprest_transport(std::make_shared<Access>(AccessConfig{.server = server.url()}, clock), limits)) {}

    HttpServer server;
    env::SystemClock clock;
    std::unique_ptr<HttpTransport> transport;
};

bool eventually(const std::function<bool()>& is_true) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    for (int i = 0; i < 5000 && !is_true(); ++i) never.wait_for(lock, std::chrono::milliseconds(2));
    return is_true();
}

constexpr Milliseconds patience{10'000};

TEST(Transport, an_answer_has_status_body_and_retry_after) {
    Served world([](const Request& request, Connection& connection) {
        connection.answer(429, request.method + request.path + request.body, "Retry-After: 7\r\n");
    });
    const auto answer =
        world.transport->call({.method = "PUT", .target = "/a%20b", .body = "{}", .content_type = "x/y"});
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(429, answer->status);
    EXPECT_EQ("PUT/a b{}", answer->body);
    EXPECT_EQ(Milliseconds(7000), answer->retry_after);
}

// The library's timeout begins anew with each piece.
TEST(Transport, a_deadline_holds_for_a_body_that_drips) {
    std::atomic<bool> is_over = false;
    Served world([&](const Request&, Connection& connection) {
        connection.begin_chunks();
        while (!is_over && connection.chunk("drop")) ::usleep(5000);
    });
    const Instant begin = world.clock.now();
    const auto answer = world.transport->call({.target = "/", .deadline = Milliseconds(200)});
    is_over = true;
    ASSERT_FALSE(answer);
    EXPECT_EQ(Reason::timed_out, answer.error().reason);
    EXPECT_LT(in_seconds(world.clock.now() - begin), 2.0);
}

TEST(Transport, a_server_that_never_answers_costs_the_deadline_and_no_more) {
    Served world([](const Request&, Connection& connection) { connection.hold(); });
    const auto answer = world.transport->call({.target = "/", .deadline = Milliseconds(100)});
    ASSERT_FALSE(answer);
    EXPECT_EQ(Reason::timed_out, answer.error().reason);
    const auto stream = world.transport->stream({.target = "/", .deadline = Milliseconds(100)});
    ASSERT_FALSE(stream);
}

TEST(Transport, a_stream_on_which_nothing_comes_is_noticed) {
    Served world([](const Request&, Connection& connection) {
        connection.begin_chunks();
        connection.chunk("one\n");
        connection.hold();
    });
    const auto stream = world.transport->stream({.target = "/"});
    ASSERT_TRUE(stream) << stream.error().to_string();
    EXPECT_EQ("one", *(*stream)->next(patience));
    const auto nothing = (*stream)->next(Milliseconds(50));
    ASSERT_FALSE(nothing);
    EXPECT_EQ(Reason::timed_out, nothing.error().reason);
}

TEST(Transport, lines_come_whole_however_they_are_cut_into_chunks) {
    Served world([](const Request&, Connection& connection) {
        connection.begin_chunks();
        for (const char* piece : {"on", "e\ntwo\nthr", "ee", "\n"}) connection.chunk(piece);
        connection.end_chunks();
    });
    const auto stream = world.transport->stream({.target = "/"});
    ASSERT_TRUE(stream);
    EXPECT_EQ("one", *(*stream)->next(patience));
    EXPECT_EQ("two", *(*stream)->next(patience));
    EXPECT_EQ("three", *(*stream)->next(patience));
    const auto end = (*stream)->next(patience);
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->has_value());
}

// FIN without the last chunk is no end.
TEST(Transport, a_stream_that_is_cut_is_an_error_and_its_half_line_is_lost) {
    Served world([](const Request&, Connection& connection) {
        connection.begin_chunks();
        connection.chunk("one\nhal");
        connection.close();
    });
    const auto stream = world.transport->stream({.target = "/"});
    ASSERT_TRUE(stream);
    EXPECT_EQ("one", *(*stream)->next(patience));
    const auto cut = (*stream)->next(patience);
    ASSERT_FALSE(cut);
    EXPECT_EQ(Reason::no_answer, cut.error().reason);
}

// The library sends a request again when its pooled connection is dropped without an answer.
TEST(Transport, a_request_on_a_new_connection_is_sent_once_though_its_answer_is_lost) {
    std::atomic<int> posts = 0;
    Served world([&](const Request& request, Connection& connection) {
        if (request.method == "GET") return connection.answer(200, "{}");
        ++posts;
        connection.close();
    });
    ASSERT_TRUE(world.transport->call({.target = "/"}));
    const auto answer = world.transport->call(
        {.method = "POST", .target = "/", .body = "{}", .content_type = "x/y", .on_new_connection = true});
    ASSERT_FALSE(answer);
    EXPECT_EQ(Reason::no_answer, answer.error().reason);
    EXPECT_EQ(1, posts);
}

// The library has a fixed number of threads, and whoever waits on one of them takes it from all.
TEST(Transport, a_hundred_open_streams_leave_requests_alone) {
    Served world([](const Request& request, Connection& connection) {
        if (request.path != "/stream") return connection.answer(200, "{}");
        connection.begin_chunks();
        connection.chunk("one\n");
        connection.hold();
    });
    std::vector<std::shared_ptr<HttpStream>> streams;
    for (int i = 0; i < 100; ++i) {
        auto stream = world.transport->stream({.target = "/stream"});
        ASSERT_TRUE(stream) << stream.error().to_string();
        ASSERT_EQ("one", *(*stream)->next(patience));
        streams.push_back(*std::move(stream));
    }
    EXPECT_TRUE(world.transport->call({.target = "/", .deadline = patience}));
}

TEST(Transport, a_reader_that_is_slow_holds_back_the_sender) {
    std::atomic<size_t> sent = 0;
    const std::string piece(100'000, 'x');
    Served world(
        [&](const Request& request, Connection& connection) {
            if (request.path != "/stream") return connection.answer(200, "{}");
            connection.begin_chunks();
            while (sent < 400'000'000 && connection.chunk(piece + "\n")) sent += piece.size();
        },
        {.ahead_bytes_max = 1 << 20});
    const auto stream = world.transport->stream({.target = "/stream"});
    ASSERT_TRUE(stream);
    // While a reader that reads would have had all of it.
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(world.transport->call({.target = "/"}));
    EXPECT_LT(sent, 40'000'000u);
    for (int i = 0; i < 600; ++i) {
        const auto line = (*stream)->next(patience);
        ASSERT_TRUE(line) << line.error().to_string();
        ASSERT_EQ(piece.size(), (*line)->size());
    }
}

TEST(Transport, a_line_and_a_body_that_are_too_long_are_refused) {
    Served world(
        [&](const Request& request, Connection& connection) {
            if (request.path != "/stream") return connection.answer(200, std::string(200'000, 'x'));
            connection.begin_chunks();
            connection.chunk("one\n" + std::string(20'000, 'x'));
            connection.hold();
        },
        {.body_bytes_max = 100'000, .line_bytes_max = 10'000});
    const auto answer = world.transport->call({.target = "/"});
    ASSERT_FALSE(answer);
    EXPECT_EQ(Reason::too_large, answer.error().reason);
    const auto stream = world.transport->stream({.target = "/stream"});
    ASSERT_TRUE(stream);
    EXPECT_EQ("one", *(*stream)->next(patience));
    const auto line = (*stream)->next(patience);
    ASSERT_FALSE(line);
    EXPECT_EQ(Reason::too_large, line.error().reason);
}

TEST(Transport, cancelling_wakes_the_reader) {
    Served world([](const Request&, Connection& connection) {
        connection.begin_chunks();
        connection.hold();
    });
    const auto stream = world.transport->stream({.target = "/"});
    ASSERT_TRUE(stream);
    std::thread other([&] { (*stream)->cancel(); });
    const auto line = (*stream)->next(patience);
    other.join();
    ASSERT_FALSE(line);
    EXPECT_EQ(Reason::canceled, line.error().reason);
}

// Else the token would go wherever an answer points to.
TEST(Transport, redirects_are_not_followed) {
    std::atomic<int> elsewhere = 0;
    HttpServer other([&](const Request&, Connection& connection) {
        ++elsewhere;
        connection.answer(200, "{}");
    });
    Served world([&](const Request&, Connection& connection) {
        connection.answer(302, "", "Location: " + other.url() + "/\r\n");
    });
    const auto answer = world.transport->call({.target = "/"});
    EXPECT_TRUE(!answer || answer->status == 302);
    EXPECT_EQ(0, elsewhere);
}

TEST(Transport, a_client_recovers_when_the_server_comes_back) {
    Served world([](const Request&, Connection& connection) { connection.answer(200, "{}"); });
    ASSERT_TRUE(world.transport->call({.target = "/"}));
    world.server.pause();
    for (int i = 0; i < 8; ++i) EXPECT_FALSE(world.transport->call({.target = "/"}));
    world.server.resume();
    EXPECT_TRUE(eventually([&] { return world.transport->call({.target = "/"}).has_value(); }));
}

TEST(Transport, A16_a_token_that_was_rotated_costs_one_more_request) {
    const std::string file = "/tmp/milena-token-" + std::to_string(::getpid());
    const auto write = [&](const std::string& token) { std::ofstream(file) << token << "\n"; };
    write("old");
    KubeWorld world;
    world.fake.set_required_token("old");
    const auto access =
        std::make_shared<Access>(AccessConfig{.server = world.fake.url(), .token = {.file = file}}, world.clock);
    const auto transport = make_cpprest_transport(access);
    Client client(*transport);
    ASSERT_TRUE(client.list(resource_type("ConfigMap"), "a", {}));
    world.fake.set_required_token("new");
    EXPECT_FALSE(client.list(resource_type("ConfigMap"), "a", {}));  // nobody has written it yet
    write("new");
    world.fake.forget_log();
    EXPECT_TRUE(client.list(resource_type("ConfigMap"), "a", {}));
    EXPECT_EQ(2, world.fake.count("LIST"));
    ::unlink(file.c_str());
}

// A server with a certificate, to which one goes with an authority that may change.
struct Secured {
    Secured() : file("/tmp/milena-authority-of-" + std::to_string(::getpid())) {
        trust(first);
        const auto handler = [](const Request&, Connection& connection) { connection.answer(200, "{}"); };
        server = std::make_unique<HttpServer>(handler, tls(first));
    }
    ~Secured() { ::unlink(file.c_str()); }

    static fake::TlsServer tls(const fake::Pem& authority) {
        const fake::Pem own = fake::make_certificate("server", authority);
        return {own.certificate, own.key, ""};
    }
    void trust(const fake::Pem& authority) const { std::ofstream(file) << authority.certificate; }
    std::unique_ptr<HttpTransport> make(const fake::Pem& client = {}) {
        AccessConfig config{.server = server->url(), .authority = {.file = file}};
        config.certificate.text = client.certificate;
        config.key.text = client.key;
        return make_cpprest_transport(std::make_shared<Access>(config, clock));
    }

    const fake::Pem first = fake::make_authority("first");
    const fake::Pem second = fake::make_authority("second");
    const std::string file;
    env::SystemClock clock;
    std::unique_ptr<HttpServer> server;
};

TEST(Transport, A17_an_authority_that_was_rotated_is_used_by_the_next_connection) {
    Secured world;
    const auto transport = world.make();
    const auto answer = transport->call({.target = "/", .on_new_connection = true});
    ASSERT_TRUE(answer) << answer.error().to_string();
    world.server->use(Secured::tls(world.second));
    EXPECT_FALSE(transport->call({.target = "/", .on_new_connection = true}));
    world.trust(world.second);
    EXPECT_TRUE(transport->call({.target = "/", .on_new_connection = true}));
}

TEST(Transport, a_server_that_demands_a_client_certificate_gets_ours) {
    Secured world;
    fake::TlsServer demanding = Secured::tls(world.first);
    demanding.client_authority = world.second.certificate;
    world.server->use(demanding);
    EXPECT_TRUE(world.make(fake::make_certificate("client", world.second))->call({.target = "/"}));
    EXPECT_FALSE(world.make(fake::make_certificate("client", world.first))->call({.target = "/"}));
    EXPECT_FALSE(world.make()->call({.target = "/"}));
}

}  // namespace
}  // namespace milena::kube
