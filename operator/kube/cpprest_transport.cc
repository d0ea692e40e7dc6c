// The only unit that includes cpprestsdk: it costs 5 s to compile.
#include "kube/cpprest_transport.h"

#include <condition_variable>
#include <mutex>

#include <cpprest/http_client.h>
#include <cpprest/rawptrstream.h>
#include <pplx/threadpool.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/parse_number.h"
#include "kube/body_pipe.h"
#include "kube/line_splitter.h"

namespace milena::kube {
namespace {

namespace http = web::http;
using Bytes = concurrency::streams::details::streambuf_state_manager<uint8_t>;

// The library's own timeout begins anew with every piece of a body, so it is no deadline; ours are elsewhere, and this
// one only ends what nobody waits for any more.
constexpr std::chrono::minutes library_timeout{20};

// What the library writes a body to. A write is done when the pipe has room, and the library reads on only then.
class PipeBuffer final : public Bytes {
  public:
    explicit PipeBuffer(std::shared_ptr<BodyPipe> pipe) : Bytes(std::ios_base::out), pipe_(std::move(pipe)) {}

    bool can_seek() const override { return false; }
    bool has_size() const override { return false; }
    size_t buffer_size(std::ios_base::openmode) const override { return 0; }
    void set_buffer_size(size_t, std::ios_base::openmode) override {}
    size_t in_avail() const override { return 0; }
    pos_type getpos(std::ios_base::openmode) const override { return pos_type(off_type(-1)); }
    pos_type seekpos(pos_type, std::ios_base::openmode) override { return pos_type(off_type(-1)); }
    pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
        return pos_type(off_type(-1));
    }
    bool acquire(uint8_t*&, size_t&) override { return false; }
    void release(uint8_t*, size_t) override {}

  protected:
    pplx::task<int_type> _putc(uint8_t byte) override {
        return _putn(&byte, 1).then([byte](size_t) { return int_type(byte); });
    }
    pplx::task<size_t> _putn(const uint8_t* bytes, size_t count) override {
        pplx::task_completion_event<size_t> done;
        pipe_->write({reinterpret_cast<const char*>(bytes), count}, [done, count] { done.set(count); });
        return pplx::create_task(done);
    }
    pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
    uint8_t* _alloc(size_t) override { return nullptr; }
    void _commit(size_t) override {}
    pplx::task<int_type> _bumpc() override { return nothing(); }
    int_type _sbumpc() override { return traits::eof(); }
    pplx::task<int_type> _getc() override { return nothing(); }
    int_type _sgetc() override { return traits::eof(); }
    pplx::task<int_type> _nextc() override { return nothing(); }
    pplx::task<int_type> _ungetc() override { return nothing(); }
    pplx::task<size_t> _getn(uint8_t*, size_t) override { return pplx::task_from_result<size_t>(0); }
    size_t _scopy(uint8_t*, size_t) override { return 0; }

  private:
    static pplx::task<int_type> nothing() { return pplx::task_from_result<int_type>(traits::eof()); }

    const std::shared_ptr<BodyPipe> pipe_;
};

struct Head {
    int status = 0;
    std::optional<Milliseconds> retry_after;
};

// A request under way. Held by the caller and by the library's continuations; whoever is last lets it go.
class Exchange {
  public:
    explicit Exchange(size_t ahead_bytes_max) : pipe(std::make_shared<BodyPipe>(ahead_bytes_max)) {}

    const std::shared_ptr<BodyPipe> pipe;
    pplx::cancellation_token_source cancellation;

    void has_head(Head head) {
        {
            const std::lock_guard lock(mutex_);
            head_ = head;
        }
        changed_.notify_all();
    }
    void fail(Error error) {
        pipe->fail(std::move(error));
        const std::lock_guard lock(mutex_);
        changed_.notify_all();
    }
    // Nothing: there was none until then, or it has failed, which the pipe tells.
    std::optional<Head> await_head(std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, deadline, [this] { return head_.has_value() || pipe->is_over(); });
        return head_;
    }
    // Not while the library's thread holds a lock that its callbacks need: it may run them in here.
    void cancel(Error why) {
        pipe->fail(std::move(why));
        cancellation.cancel();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Head> head_;
};

Error error_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const http::http_exception& error) {
        // The texts don't tell an end from a cut or a timeout; the code does, partly.
        const bool is_late = error.error_code() == std::errc::timed_out;
        return {is_late ? Reason::timed_out : Reason::no_answer, 0, error.what()};
    } catch (const pplx::task_canceled&) {
        return {Reason::canceled, 0, "canceled"};
    } catch (const std::exception& error) {
        return {Reason::no_answer, 0, error.what()};
    }
}

Head head_of(const http::http_response& response) {
    Head head{response.status_code(), std::nullopt};
    const auto after = response.headers().find("Retry-After");
    if (after == response.headers().end()) return head;
    if (const auto seconds = parse_number<int64_t>(after->second); seconds && *seconds >= 0 && *seconds <= 3600)
        head.retry_after = std::chrono::seconds(*seconds);
    return head;
}

class LineStream final : public HttpStream {
  public:
    LineStream(std::shared_ptr<Exchange> exchange, size_t line_bytes_max)
        : exchange_(std::move(exchange)), lines_(line_bytes_max) {}
    ~LineStream() override { cancel(); }

    Outcome<std::optional<std::string>> next(Milliseconds idle) override {
        while (true) {
            if (auto line = lines_.next()) return line;
            if (lines_.is_overlong()) return unexpected(Error{Reason::too_large, 0, "a line is longer than the limit"});
            ASSIGN_OR_RETURN(const auto bytes, exchange_->pipe->read(idle));
            if (!bytes) return std::optional<std::string>();
            lines_.append(*bytes);
        }
    }
    void cancel() override { exchange_->cancel({Reason::canceled, 0, "canceled"}); }

  private:
    const std::shared_ptr<Exchange> exchange_;
    LineSplitter lines_;
};

class CppRestTransport final : public HttpTransport {
  public:
    CppRestTransport(std::shared_ptr<Access> access, TransportLimits limits)
        : access_(std::move(access)), limits_(limits) {}

    // A token that was rotated before we have read it anew costs one more request, not an error.
    Outcome<HttpAnswer> call(const HttpRequest& request) override {
        auto answer = call_once(request);
        const bool is_refused = answer && answer->status == 401;
        return is_refused && access_->renew_token() ? call_once(request) : std::move(answer);
    }

    Outcome<std::shared_ptr<HttpStream>> stream(const HttpRequest& request) override {
        auto stream = stream_once(request);
        const bool is_refused = !stream && stream.error().reason == Reason::unauthorized;
        return is_refused && access_->renew_token() ? stream_once(request) : std::move(stream);
    }

  private:
    using Client = http::client::http_client;

    Outcome<HttpAnswer> call_once(const HttpRequest& request) {
        const auto deadline = std::chrono::steady_clock::now() + request.deadline;
        // A body that is larger than the limit leaves its sender waiting for room, and is refused below.
        ASSIGN_OR_RETURN(const auto exchange, begin(request, limits_.body_bytes_max));
        HttpAnswer answer;
        while (true) {
            const auto left = std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
            auto piece = exchange->pipe->read(std::max(left, Milliseconds(0)));
            if (!piece) return unexpected(ended(*exchange, piece.error(), request));
            if (!*piece) break;
            answer.body += **piece;
            if (answer.body.size() > limits_.body_bytes_max)
                return unexpected(
                    ended(*exchange, {Reason::too_large, 0, "the answer is larger than the limit"}, request));
        }
        const auto head = exchange->await_head(deadline);
        if (!head) return unexpected(ended(*exchange, {Reason::no_answer, 0, "no status"}, request));
        failures_ = 0;
        answer.status = head->status;
        answer.retry_after = head->retry_after;
        return answer;
    }

    Outcome<std::shared_ptr<HttpStream>> stream_once(const HttpRequest& request) {
        const auto deadline = std::chrono::steady_clock::now() + request.deadline;
        ASSIGN_OR_RETURN(const auto exchange, begin(request, limits_.ahead_bytes_max));
        const auto head = exchange->await_head(deadline);
        const auto left = std::chrono::duration_cast<Milliseconds>(deadline - std::chrono::steady_clock::now());
        if (!head || head->status >= 300) {
            std::string body;
            while (true) {
                auto piece = exchange->pipe->read(head ? std::max(left, Milliseconds(0)) : Milliseconds(0));
                if (!piece && !head) return unexpected(ended(*exchange, piece.error(), request));
                if (!piece || !*piece || body.size() > limits_.ahead_bytes_max) break;
                body += **piece;
            }
            exchange->cancel({Reason::canceled, 0, "canceled"});
            return unexpected(error_of_answer(head ? head->status : 0, body, head ? head->retry_after : std::nullopt));
        }
        failures_ = 0;
        return std::shared_ptr<HttpStream>(std::make_shared<LineStream>(exchange, limits_.line_bytes_max));
    }

    Outcome<std::shared_ptr<Exchange>> begin(const HttpRequest& request, size_t ahead_bytes_max) {
        std::string token;
        if (auto read = access_->token(); read)
            token = *read;
        else
            return unexpected(read.error());
        try {
            http::http_request message(request.method);
            message.set_request_uri(web::uri(request.target));
            if (!request.body.empty()) message.set_body(request.body, request.content_type);
            message.headers().add("Accept", "application/json");
            message.headers().add("User-Agent", "milena-operator");
            if (!token.empty()) message.headers().add("Authorization", "Bearer " + token);
            auto exchange = std::make_shared<Exchange>(ahead_bytes_max);
            const concurrency::streams::streambuf<uint8_t> buffer(std::make_shared<PipeBuffer>(exchange->pipe));
            message.set_response_stream(buffer.create_ostream());
            send(request.on_new_connection ? make_client() : client(), message, exchange);
            return exchange;
        } catch (...) {
            return unexpected(error_of(std::current_exception()));
        }
    }

    // The continuations take what is done and never wait. `client` is held until the exchange is over.
    static void send(const std::shared_ptr<Client>& client, http::http_request message,
                     const std::shared_ptr<Exchange>& exchange) {
        client->request(std::move(message), exchange->cancellation.get_token())
            .then([exchange](const http::http_response& response) {
                exchange->has_head(head_of(response));
                return response.content_ready();
            })
            .then([exchange, client](const pplx::task<http::http_response>& done) {
                try {
                    done.get();
                    exchange->pipe->end();
                } catch (...) {
                    exchange->fail(error_of(std::current_exception()));
                }
            });
    }

    Error ended(Exchange& exchange, Error error, const HttpRequest& request) {
        if (error.reason == Reason::timed_out) error.message = request.method + " has no answer within its deadline";
        exchange.cancel(error);
        // A client was seen never to recover from a dead connection: it is made anew after some failures.
        if (++failures_ >= limits_.failures_until_new_client) {
            const std::lock_guard lock(mutex_);
            client_.reset();
            failures_ = 0;
        }
        return error;
    }

    std::shared_ptr<Client> client() {
        const std::lock_guard lock(mutex_);
        if (!client_) client_ = make_client();
        return client_;
    }

    std::shared_ptr<Client> make_client() {
        http::client::http_client_config config;
        config.set_timeout(library_timeout);
        config.set_max_redirects(0);  // or the token would go wherever an answer points to
        config.set_ssl_context_callback(
            [access = access_](boost::asio::ssl::context& context) { prepare(*access, context); });
        return std::make_shared<Client>(web::uri(access_->server()), config);
    }

    // Called for each new connection, so that what was rotated is used from the next one on.
    static void prepare(const Access& access, boost::asio::ssl::context& context) {
        const auto texts = access.tls();
        if (!texts) {
            log_error("certificates unreadable", {{"error", texts.error().to_string()}});
            return;
        }
        boost::system::error_code failed;
        const auto note = [&failed](std::string_view what) {
            if (failed) log_error("certificate refused", {{"which", what}, {"error", failed.message()}});
        };
        if (!texts->authority.empty()) {
            context.add_certificate_authority(boost::asio::buffer(texts->authority), failed);
            note("authority");
        }
        if (!texts->certificate.empty()) {
            context.use_certificate_chain(boost::asio::buffer(texts->certificate), failed);
            note("client certificate");
            context.use_private_key(boost::asio::buffer(texts->key), boost::asio::ssl::context::pem, failed);
            note("client key");
        }
    }

    const std::shared_ptr<Access> access_;
    const TransportLimits limits_;
    std::mutex mutex_;
    std::shared_ptr<Client> client_;
    std::atomic<int> failures_ = 0;
};

}  // namespace

std::unique_ptr<HttpTransport> make_cpprest_transport(std::shared_ptr<Access> access, TransportLimits limits) {
    return std::make_unique<CppRestTransport>(std::move(access), limits);
}

void start_transport_threads(size_t threads) { crossplat::threadpool::initialize_with_threads(threads); }

void trust_only_given_authorities() {
    ::setenv("SSL_CERT_FILE", "/dev/null", 1);
    ::setenv("SSL_CERT_DIR", "/dev/null", 1);
}

}  // namespace milena::kube
