// HTTP/1.1 over loopback with nothing between a test and the bytes: an answer may come late, in halves or never. A
// thread for each connection; the handler is called on it.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <openssl/types.h>
#include <sys/types.h>

namespace milena::fake {

struct Request {
    std::string method;
    std::string path;  // decoded
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;  // lower case
    std::string body;
    uint64_t connection;  // which one, counted from 1
};

// "/api/v1/pods?limit=5" into path and query.
void parse_target(const std::string& target, Request& request);

// What a server shows of itself, and whom it lets in: those with a certificate of this authority, if one is given.
struct TlsServer {
    std::string certificate;
    std::string key;
    std::string client_authority{};
};

class Connection {
  public:
    explicit Connection(int fd) : fd_(fd) {}
    ~Connection();

    void answer(int status, std::string_view body, const std::string& more_headers = "");
    void begin_chunks();
    bool chunk(std::string_view bytes);  // false: the other side has closed
    void end_chunks();
    void raw(std::string_view bytes);
    void reset();  // RST
    void close();  // FIN
    bool is_closed() const { return is_closed_; }
    // Waits until the other side has closed, or the server stops.
    void hold();

  private:
    friend class HttpServer;
    bool begin_tls(const TlsServer& tls);
    ssize_t receive(char* into, size_t size);
    ssize_t send(std::string_view bytes);

    const int fd_;
    SSL* ssl_ = nullptr;
    std::atomic<bool> is_closed_ = false;
    bool is_over_ = false;  // the descriptor may be somebody else's by now; under the server's lock
};

class HttpServer {
  public:
    using Handler = std::function<void(const Request&, Connection&)>;

    explicit HttpServer(Handler handler, std::optional<TlsServer> tls = std::nullopt);
    ~HttpServer();  // all connections are cut, and all threads have ended

    int port() const { return port_; }
    std::string url() const { return scheme_ + "://127.0.0.1:" + std::to_string(port_); }
    // For connections from now on.
    void use(const TlsServer& tls);
    // Nobody is answered until resume(); connections are refused.
    void pause();
    void resume();

  private:
    void accept_all();
    void serve(Connection& connection, uint64_t number);
    void listen_on(int port);

    const Handler handler_;
    const std::string scheme_;
    std::optional<TlsServer> tls_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> is_stopped_ = false;
    std::mutex mutex_;
    struct Served {
        std::unique_ptr<Connection> connection;
        std::thread thread;
    };
    std::list<Served> served_;
    std::thread acceptor_;
};

}  // namespace milena::fake
