// /livez, /readyz and /metrics over HTTP: one small answer for each connection, one after another. A thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace milena {

class HealthServer {
  public:
    struct Answer {
        int status = 200;
        std::string body;
        std::string content_type = "text/plain; charset=utf-8";
    };
    // Called on its thread with the path.
    using Handler = std::function<Answer(std::string_view path)>;

    explicit HealthServer(Handler handler) : handler_(std::move(handler)) {}
    ~HealthServer();  // stops

    // Port 0: any free one.
    Result<void, std::string> start(int port);
    int port() const { return port_; }

  private:
    void serve();
    void answer(int connection);

    const Handler handler_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> is_stopped_ = false;
    std::thread thread_;
};

}  // namespace milena
