// BrokerConnection: a connection for programs that ask a broker one thing after the other and wait for each answer
// (`milena admin`, the operator). Frames of Kafka's protocol go and come as they are. Blocks; closed when it goes. One
// thread.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace milena::env {

class BrokerConnection {
  public:
    // Zero: without limit.
    struct Patience {
        std::chrono::seconds to_send{0};  // and to connect to one address
        std::chrono::seconds for_answer{0};
    };
    // To the first address of `host` that answers. Errors are sentences.
    static Result<BrokerConnection, std::string> open(const std::string& host, const std::string& port,
                                                      const Patience& patience);
    ~BrokerConnection();
    BrokerConnection(BrokerConnection&& other) noexcept;
    BrokerConnection& operator=(BrokerConnection&&) = delete;

    // `request` begins with its length; the answer comes without.
    Result<Bytes, std::string> exchange(const Bytes& request) const;

  private:
    explicit BrokerConnection(int fd) : fd_(fd) {}
    bool receive(std::span<std::byte> into) const;

    int fd_;
};

}  // namespace milena::env
