// A small HTTP/1.1 server for probes and metrics: GET only, one request at a time a connection, bounded in everything.
// Lives on the loop it is given; never on a shard, so that a scrape holds up nobody.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "server/listener.h"
#include "server/stream.h"
#include "shard/loop.h"

namespace milena::server {

struct HttpResponse {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

class HttpServer {
  public:
    using Respond = std::function<void(HttpResponse)>;
    // Calls respond once, now or later, on the loop.
    using Handler = std::function<void(const std::string& path, Respond respond)>;

    HttpServer(shard::Loop& loop, int descriptor, Handler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

  private:
    class Client;

    // True if one that has been idle was closed: the one that was it for longest.
    bool make_way();

    shard::Loop& loop_;
    const Handler handler_;
    std::set<std::shared_ptr<Client>> clients_;
    std::unique_ptr<Listener> listener_;
};

}  // namespace milena::server
