// An API server of our own on loopback: what it keeps is Objects, what it says goes over real HTTP, and what goes wrong
// is on schedule: the test says which request, which fault and how often. Any thread.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/time.h"
#include "operator/fake_kube/http_server.h"
#include "operator/fake_kube/objects.h"

namespace milena::fake {

struct Fault {
    enum class Kind : uint8_t {
        status,       // this status instead of doing it
        lost_answer,  // done, and the connection is closed without an answer
        dropped,      // not done, and the connection is closed
        half_open,    // not done, and nothing is ever sent
        slow,         // done after a while
    };
    Kind kind = Kind::status;
    std::string method{};     // empty: any; "WATCH" and "LIST" are apart from "GET"
    std::string path_part{};  // of the path
    int after = 0;            // so many of those that match go well before
    int times = 1;
    int status = 500;
    std::string reason = "InternalError";
    int retry_after_seconds = 0;
    Milliseconds delay{0};
};

// What happens to watches that are open now, at once.
enum class Break : uint8_t {
    end,            // as the server ends them: the last chunk
    cut,            // FIN between two events, without the last chunk
    cut_mid_event,  // half of a chunk, then RST
    expired,        // an event of type ERROR, 410, and the end
    silent,         // nothing comes any more, and nobody says so
};

struct Logged {
    std::string method;  // as in Fault
    std::string path;
    std::string body;
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;
    uint64_t connection;
};

class FakeKube {
  public:
    FakeKube();
    ~FakeKube();

    std::string url() const { return server_->url(); }
    // As kubectl would; kind and namespace are the object's. They fail the test that has it wrong.
    json put(const json& object);  // creates or replaces spec, metadata and status
    void remove(const std::string& kind, const std::string& space, const std::string& name);
    std::optional<json> find(const std::string& kind, const std::string& space, const std::string& name) const;
    std::vector<json> list(const std::string& kind) const;
    uint64_t version() const;
    void change(const std::function<void(Objects&)>& change);

    // What this request would be answered over HTTP, but for faults; not a watch.
    Answer answer(const Request& request);

    void inject(const Fault& fault);
    void forget_faults();
    int suffered() const;  // how many faults have come to pass
    void break_watches(Break how, const std::string& path_part = "");
    void set_bookmark_interval(Milliseconds interval);  // default: a minute
    void set_duplicates(bool on);  // each event is sent twice, the second time after the one that follows
    void set_required_token(const std::string& token);  // else 401
    void pause();                                       // nobody is answered
    void resume();

    std::vector<Logged> log() const;
    int count(const std::string& method, const std::string& path_part = "") const;
    int open_watches(const std::string& path_part = "") const;
    void forget_log();
    // Waits until it is true, looking again after each request and each change; false after ten seconds.
    bool await(const std::function<bool()>& is_true) const;

  private:
    struct Watch {
        std::string path;
        std::optional<Break> broken;
        size_t next;  // of the history
    };

    void handle(const Request& request, Connection& connection);
    std::optional<Fault> take_fault(const std::string& method, const std::string& path);
    bool suffers(const Fault& fault, const Request& request, Connection& connection);
    Answer perform(const Request& request, const Place& place);
    Answer list(const Request& request, const Place& place);
    void watch(const Request& request, const Place& place, Connection& connection);
    bool send_events(const Request& request, const Place& place, Connection& connection, Watch& own);
    void break_watch(Break how, Connection& connection);

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    Objects objects_;
    std::vector<Fault> faults_;
    int suffered_ = 0;
    std::vector<Logged> log_;
    std::list<Watch> watches_;
    Milliseconds bookmark_interval_{60'000};
    bool has_duplicates_ = false;
    bool is_stopped_ = false;
    std::string required_token_;
    std::unique_ptr<HttpServer> server_;
};

}  // namespace milena::fake
