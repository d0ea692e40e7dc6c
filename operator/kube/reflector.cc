#include "kube/reflector.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace milena::kube {

using nlohmann::json;

Reflector::Reflector(Client& client, Store& store, ReflectorConfig config, env::Clock& clock, env::Random& random)
    : client_(client), store_(store), config_(std::move(config)), clock_(clock), random_(random) {}

Reflector::~Reflector() { stop(); }

void Reflector::start() {
    thread_ = std::thread([this] { run(); });
}

void Reflector::stop() {
    std::shared_ptr<HttpStream> stream;
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
        stream = stream_;
    }
    stopped_.notify_all();
    if (stream) stream->cancel();
    if (thread_.joinable()) thread_.join();
}

void Reflector::require(const std::string& resource_version) {
    const std::string own = store_.resource_version();
    std::shared_ptr<HttpStream> stream;
    {
        const std::lock_guard lock(mutex_);
        const bool is_more = least_resource_version_.empty() || is_older(least_resource_version_, resource_version);
        if (is_more) least_resource_version_ = resource_version;
        if (!is_too_old(own)) return;
        has_to_list_ = true;
        stream = stream_;
    }
    if (stream) stream->cancel();
}

bool Reflector::is_behind() const {
    const std::string own = store_.resource_version();
    const std::lock_guard lock(mutex_);
    return is_too_old(own);
}

// "0" is the version of a kind that isn't installed.
bool Reflector::is_too_old(const std::string& own) const {
    return own != "0" && is_older(own, least_resource_version_);
}

bool Reflector::has_to_list() {
    const std::lock_guard lock(mutex_);
    return std::exchange(has_to_list_, false);
}

ReflectorStats Reflector::stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
}

bool Reflector::is_stopped() const {
    const std::lock_guard lock(mutex_);
    return is_stopped_;
}

template <class F>
void Reflector::count(F f) {
    const std::lock_guard lock(mutex_);
    f(stats_);
}

void Reflector::pause(Duration delay) {
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, delay, [this] { return is_stopped_; });
}

void Reflector::run() {
    while (!is_stopped()) {
        if (has_to_list()) next_ = Next::list;
        const Next now = next_;
        const auto done = now == Next::list ? list() : watch();
        if (is_stopped()) return;
        if (done) {
            count([](ReflectorStats& stats) { stats.error.reset(); });
            continue;
        }
        // A watch that require() has ended is no failure.
        if (now == Next::watch && has_to_list()) {
            next_ = Next::list;
            continue;
        }
        const Error& error = done.error();
        count([&](ReflectorStats& stats) {
            ++stats.failures;
            stats.error = error;
        });
        ++failures_;
        // To be sent back to the list is no fault of anybody, the first time.
        if (now == Next::watch && next_ == Next::list && failures_ == 1) continue;
        const Duration delay = delay_after(failures_, config_.backoff, error.retry_after, random_);
        log_info("watch delayed", {{"kind", config_.type.kind},
                                   {"error", error.to_string()},
                                   {"ms", std::chrono::duration_cast<Milliseconds>(delay).count()}});
        pause(delay);
    }
}

Outcome<void> Reflector::list() {
    ListQuery query{.label_selector = config_.label_selector, .limit = config_.page_limit};
    store_.discard_staged();
    size_t objects = 0;
    while (true) {
        const auto page = client_.list(config_.type, config_.space, query);
        if (!page && page.error().reason == Reason::not_found && config_.may_be_absent) {
            // Looked for as often as a watch is opened anew.
            store_.swap_staged("0");
            pause(config_.watch_timeout);
            return {};
        }
        // Also when the pages that were begun have expired: from the first one on, with back-off.
        if (!page) return unexpected(page.error());
        RETURN_IF_ERROR(accept(page->resource_version));
        for (const json& item : page->items) store_.stage(item);
        objects += page->items.size();
        if (page->continue_token.empty()) {
            const bool has_vanished = objects == 0 && store_.size() >= 3;
            if (has_vanished)
                log_error("all objects vanished", {{"kind", config_.type.kind}, {"count", store_.size()}});
            count([&](ReflectorStats& stats) {
                ++stats.lists;
                stats.vanished += has_vanished;
                stats.heard_at = clock_.now();
            });
            store_.swap_staged(page->resource_version);
            next_ = Next::watch;
            return {};
        }
        query.continue_token = page->continue_token;
        if (is_stopped()) return unexpected(Error{Reason::canceled, 0, "stopped"});
    }
}

// What was once seen isn't taken back: to act on the past is to act on what nobody wants any more.
Outcome<void> Reflector::accept(const std::string& resource_version) {
    const std::string own = store_.resource_version();
    std::string least;
    {
        const std::lock_guard lock(mutex_);
        least = least_resource_version_;
    }
    const bool is_stale = is_older(resource_version, own) || is_older(resource_version, least);
    if (!is_stale) {
        stale_since_.reset();
        return {};
    }
    if (!stale_since_) stale_since_ = clock_.now();
    if (clock_.now() - *stale_since_ >= config_.stale_patience) {
        log_error("old list accepted",
                  {{"kind", config_.type.kind}, {"version", resource_version}, {"known", own}, {"required", least}});
        const std::lock_guard lock(mutex_);
        least_resource_version_.clear();
        return {};
    }
    count([](ReflectorStats& stats) { ++stats.stale_lists; });
    return unexpected(Error{Reason::service_unavailable, 0,
                            "the list of version " + resource_version +
                                " is older than what was seen; was the cluster "
                                "restored from a backup?"});
}

Outcome<void> Reflector::watch() {
    // Between four fifths of it and all of it.
    const auto fifth = static_cast<uint64_t>(config_.watch_timeout.count() / 5);
    const Milliseconds timeout =
        config_.watch_timeout - Milliseconds(static_cast<int64_t>(random_.next() % (fifth + 1)));
    auto stream =
        client_.watch(config_.type, config_.space, {config_.label_selector, store_.resource_version(), timeout});
    if (!stream) {
        if (stream.error().reason == Reason::gone || stream.error().reason == Reason::not_found) next_ = Next::list;
        return unexpected(stream.error());
    }
    {
        const std::lock_guard lock(mutex_);
        ++stats_.watches;
        stats_.heard_at = clock_.now();
        if (has_to_list_) return {};
        if (is_stopped_) return unexpected(Error{Reason::canceled, 0, "stopped"});
        stream_ = *stream;
    }
    const Instant begin = clock_.now();
    bool has_heard = false;
    while (true) {
        const auto line = (*stream)->next(timeout + config_.idle_margin);
        if (!line) return unexpected(line.error());
        if (!*line) break;
        RETURN_IF_ERROR(handle(**line));
        has_heard = true;
        failures_ = 0;
    }
    // A server that ends every watch at once would be asked in a tight loop.
    const bool is_short = !has_heard && clock_.now() - begin < std::min<Duration>(timeout / 2, std::chrono::seconds(1));
    if (is_short) return unexpected(Error{Reason::no_answer, 0, "the watch ended at once, without an event"});
    failures_ = 0;
    return {};
}

Outcome<void> Reflector::handle(const std::string& line) {
    json event = parse_object(line);
    const auto type = event.is_object() ? event.find("type") : event.end();
    const auto object = event.is_object() ? event.find("object") : event.end();
    if (type == event.end() || !type->is_string() || object == event.end() || !object->is_object())
        return unexpected(Error{Reason::unknown, 0, "unreadable event: " + line.substr(0, 200)});
    const auto& kind = type->get_ref<const std::string&>();
    if (kind == "ERROR") {
        const auto code = object->find("code");
        const Error error = error_of_answer(code != object->end() && code->is_number_integer() ? code->get<int>() : 500,
                                            object->dump());
        if (error.reason == Reason::gone) next_ = Next::list;
        return unexpected(error);
    }
    count([&](ReflectorStats& stats) {
        ++stats.events;
        stats.bookmarks += kind == "BOOKMARK";
        stats.heard_at = clock_.now();
    });
    if (kind == "BOOKMARK") {
        store_.observe(resource_version_of(*object));
        return {};
    }
    (*object)["apiVersion"] = config_.type.api_version();
    (*object)["kind"] = config_.type.kind;
    if (kind == "DELETED")
        store_.remove(*object);
    else
        store_.put(*object);
    return {};
}

}  // namespace milena::kube
