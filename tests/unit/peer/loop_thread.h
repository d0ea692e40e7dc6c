// A thread with a loop, as a shard has it, for tests of what comes to shards from gRPC's threads; and sockets that
// behave badly.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "env/posix/system_world.h"
#include "peer/post.h"
#include "shard/loop.h"

namespace milena::peer {

constexpr std::chrono::seconds patience(10);

class LoopThread {
  public:
    LoopThread() : thread_([this] { loop_.run(); }) {}
    ~LoopThread() {
        loop_.post([this] { loop_.stop(); });
        thread_.join();
        loop_.discard();
    }
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    Post post() {
        return [this](shard::Task task) { loop_.post(std::move(task)); };
    }
    bool is_current() const { return loop_.is_current(); }

    // On the thread; returns when it is done.
    void run(const std::function<void()>& work) {
        std::promise<void> done;
        loop_.post([&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

  private:
    env::SystemClock clock_;
    shard::Loop loop_{clock_};
    std::thread thread_;
};

// What comes once, from another thread. Copies are the same.
template <class T>
class Awaited {
  public:
    void set(T value) const { promise_->set_value(std::move(value)); }
    bool comes_within(std::chrono::milliseconds time) const {
        return future_->wait_for(time) == std::future_status::ready;
    }
    T value() const {
        EXPECT_TRUE(comes_within(patience)) << "nothing has come";
        return future_->get();
    }

  private:
    std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
    std::shared_ptr<std::future<T>> future_ = std::make_shared<std::future<T>>(promise_->get_future());
};

// A port where connections are taken by the kernel and by nobody else.
class DeafPort {
  public:
    DeafPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        EXPECT_EQ(::listen(socket_, 8), 0);
        socklen_t length = sizeof(address);
        EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length), 0);
        port_ = ntohs(address.sin_port);
    }
    ~DeafPort() { close(); }
    DeafPort(const DeafPort&) = delete;
    DeafPort& operator=(const DeafPort&) = delete;

    uint16_t port() const { return port_; }
    // Takes one connection and breaks it.
    void break_one() const { ::close(::accept(socket_, nullptr, nullptr)); }
    // From now on connections are refused.
    void close() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }

  private:
    int socket_;
    uint16_t port_ = 0;
};

}  // namespace milena::peer
