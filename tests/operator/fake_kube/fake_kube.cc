#include "operator/fake_kube/fake_kube.h"

#include <gtest/gtest.h>

#include "base/parse_number.h"
#include "kube/object.h"

namespace milena::fake {
namespace {

// "/apis/apps/v1/namespaces/a/statefulsets/b/status".
Place place_of(const std::string& path) {
    std::vector<std::string> parts;
    for (size_t begin = 1; begin < path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        parts.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    const size_t head = !parts.empty() && parts[0] == "api" ? 2 : 3;
    Place place;
    if (parts.size() <= head) return place;
    for (size_t i = 0; i < head; ++i) place.resource += parts[i] + "/";
    size_t at = head;
    if (parts[at] == "namespaces" && parts.size() > at + 2) {
        place.space = parts[at + 1];
        at += 2;
    }
    place.resource += parts[at];
    if (parts.size() > at + 1) place.name = parts[at + 1];
    if (parts.size() > at + 2) place.subresource = parts[at + 2];
    return place;
}

Place place_of(const std::string& kind, const std::string& space, const std::string& name) {
    return place_of(kube::resource_type(kind).path(space, name));
}

std::string query_of(const Request& request, const std::string& key) {
    const auto found = request.query.find(key);
    return found == request.query.end() ? "" : found->second;
}

std::string verb_of(const Request& request, const Place& place) {
    if (request.method != "GET") return request.method;
    if (query_of(request, "watch") == "true") return "WATCH";
    return place.name.empty() ? "LIST" : "GET";
}

}  // namespace

FakeKube::FakeKube() {
    server_ = std::make_unique<HttpServer>(
        [this](const Request& request, Connection& connection) { handle(request, connection); });
}

FakeKube::~FakeKube() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify_all();
    server_.reset();
}

json FakeKube::put(const json& object) {
    const std::lock_guard lock(mutex_);
    Place place = place_of(object.at("kind"), object["metadata"].value("namespace", ""), object["metadata"]["name"]);
    Answer answer = objects_.create({place.resource, place.space, ""}, object);
    if (answer.status == 409) {
        json wanted = object;
        wanted["metadata"].erase("resourceVersion");
        answer = objects_.replace(place, wanted);
        if (object.contains("status")) {
            place.subresource = "status";
            answer = objects_.replace(place, wanted);
        }
    }
    EXPECT_LT(answer.status, 300) << answer.body.dump();
    changed_.notify_all();
    return answer.body;
}

void FakeKube::remove(const std::string& kind, const std::string& space, const std::string& name) {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(200, objects_.remove(place_of(kind, space, name), json::object()).status) << name;
    changed_.notify_all();
}

std::optional<json> FakeKube::find(const std::string& kind, const std::string& space, const std::string& name) const {
    const std::lock_guard lock(mutex_);
    Answer answer = objects_.read(place_of(kind, space, name));
    if (answer.status != 200) return std::nullopt;
    return answer.body;
}

std::vector<json> FakeKube::list(const std::string& kind) const {
    const std::lock_guard lock(mutex_);
    return objects_.list(place_of(kind, "", "").resource, "", "");
}

uint64_t FakeKube::version() const {
    const std::lock_guard lock(mutex_);
    return objects_.version();
}

void FakeKube::change(const std::function<void(Objects&)>& change) {
    const std::lock_guard lock(mutex_);
    change(objects_);
    changed_.notify_all();
}

void FakeKube::inject(const Fault& fault) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(fault);
}

void FakeKube::forget_faults() {
    const std::lock_guard lock(mutex_);
    faults_.clear();
}

int FakeKube::suffered() const {
    const std::lock_guard lock(mutex_);
    return suffered_;
}

void FakeKube::break_watches(Break how, const std::string& path_part) {
    const std::lock_guard lock(mutex_);
    for (Watch& watch : watches_)
        if (watch.path.find(path_part) != std::string::npos) watch.broken = how;
    changed_.notify_all();
}

void FakeKube::set_bookmark_interval(Milliseconds interval) {
    const std::lock_guard lock(mutex_);
    bookmark_interval_ = interval;
    changed_.notify_all();
}

void FakeKube::set_duplicates(bool on) {
    const std::lock_guard lock(mutex_);
    has_duplicates_ = on;
}

void FakeKube::set_required_token(const std::string& token) {
    const std::lock_guard lock(mutex_);
    required_token_ = token;
}

void FakeKube::pause() { server_->pause(); }
void FakeKube::resume() { server_->resume(); }

std::vector<Logged> FakeKube::log() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

int FakeKube::count(const std::string& method, const std::string& path_part) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(log_.begin(), log_.end(), [&](const Logged& logged) {
        return (method.empty() || logged.method == method) && logged.path.find(path_part) != std::string::npos;
    }));
}

int FakeKube::open_watches(const std::string& path_part) const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(watches_.begin(), watches_.end(), [&](const Watch& watch) {
        return !watch.broken && watch.path.find(path_part) != std::string::npos;
    }));
}

void FakeKube::forget_log() {
    const std::lock_guard lock(mutex_);
    log_.clear();
}

bool FakeKube::await(const std::function<bool()>& is_true) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!is_true()) {
        std::unique_lock lock(mutex_);
        // What is waited for may also be elsewhere in the process, where nobody notifies.
        changed_.wait_for(lock, std::chrono::milliseconds(5));
        if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
}

std::optional<Fault> FakeKube::take_fault(const std::string& method, const std::string& path) {
    for (Fault& fault : faults_) {
        const bool matches = (fault.method.empty() || fault.method == method) &&
                             path.find(fault.path_part) != std::string::npos && fault.times > 0;
        if (!matches) continue;
        if (fault.after > 0) {
            --fault.after;
            continue;
        }
        --fault.times;
        ++suffered_;
        return fault;
    }
    return std::nullopt;
}

Answer FakeKube::answer(const Request& request) {
    const std::lock_guard lock(mutex_);
    Answer answer = perform(request, place_of(request.path));
    changed_.notify_all();
    return answer;
}

void FakeKube::handle(const Request& request, Connection& connection) {
    const Place place = place_of(request.path);
    std::optional<Fault> fault;
    {
        const std::lock_guard lock(mutex_);
        const std::string verb = verb_of(request, place);
        log_.push_back({verb, request.path, request.body, request.query, request.headers, request.connection});
        fault = take_fault(verb, request.path);
        const auto given = request.headers.find("authorization");
        const bool is_known =
            required_token_.empty() || (given != request.headers.end() && given->second == "Bearer " + required_token_);
        if (!is_known) fault = Fault{.status = 401, .reason = "Unauthorized"};
    }
    changed_.notify_all();
    if (fault && suffers(*fault, request, connection)) return;
    if (verb_of(request, place) == "WATCH") return watch(request, place, connection);
    Answer answer;
    {
        const std::lock_guard lock(mutex_);
        answer = perform(request, place);
    }
    changed_.notify_all();
    if (fault && fault->kind == Fault::Kind::lost_answer) return connection.close();
    connection.answer(answer.status, answer.body.dump());
}

// Whether that was all that happens to the request.
bool FakeKube::suffers(const Fault& fault, const Request& request, Connection& connection) {
    switch (fault.kind) {
        case Fault::Kind::status: {
            const std::string retry = fault.retry_after_seconds == 0
                                          ? ""
                                          : "Retry-After: " + std::to_string(fault.retry_after_seconds) + "\r\n";
            connection.answer(fault.status, failure(fault.status, fault.reason, request.path).body.dump(), retry);
            return true;
        }
        case Fault::Kind::dropped: connection.close(); return true;
        case Fault::Kind::half_open: connection.hold(); return true;
        case Fault::Kind::slow: {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, fault.delay, [this] { return is_stopped_; });
            return false;
        }
        case Fault::Kind::lost_answer: return false;
    }
    return false;
}

Answer FakeKube::perform(const Request& request, const Place& place) {
    if (request.method == "GET") return place.name.empty() ? list(request, place) : objects_.read(place);
    const json body = request.body.empty() ? json::object() : json::parse(request.body, nullptr, false);
    if (body.is_discarded()) return failure(400, "BadRequest", "unreadable body");
    if (request.method == "DELETE") return objects_.remove(place, body);
    if (query_of(request, "fieldValidation") != "Strict") return failure(400, "BadRequest", "fields aren't validated");
    if (request.method == "POST") return objects_.create(place, body);
    if (request.method == "PUT") return objects_.replace(place, body);
    const auto type = request.headers.find("content-type");
    const std::string content = type == request.headers.end() ? "" : type->second;
    if (content.starts_with("application/apply-patch+yaml"))
        return objects_.apply(place, body, query_of(request, "fieldManager"));
    if (content.starts_with("application/merge-patch+json")) return objects_.merge_patch(place, body);
    return failure(415, "UnsupportedMediaType", content);
}

// The token of a next page is "version/position".
Answer FakeKube::list(const Request& request, const Place& place) {
    std::vector<json> items = objects_.list(place.resource, place.space, query_of(request, "labelSelector"));
    uint64_t version = objects_.version();
    size_t begin = 0;
    if (const std::string token = query_of(request, "continue"); !token.empty()) {
        version = parse_number<uint64_t>(token.substr(0, token.find('/'))).value_or(0);
        begin = parse_number<size_t>(token.substr(token.find('/') + 1)).value_or(0);
        if (version < objects_.oldest()) return failure(410, "Expired", "the continue token has expired");
    }
    const size_t limit = parse_number<size_t>(query_of(request, "limit")).value_or(items.size());
    const size_t end = limit == 0 ? items.size() : std::min(items.size(), begin + limit);
    json page = {{"kind", "List"}, {"apiVersion", "v1"}, {"items", json::array()}};
    page["metadata"]["resourceVersion"] = std::to_string(version);
    for (size_t i = begin; i < end; ++i) {
        items[i]["metadata"]["managedFields"] = json::array({{{"manager", "somebody"}}});
        page["items"].push_back(items[i]);
    }
    if (end < items.size()) page["metadata"]["continue"] = std::to_string(version) + "/" + std::to_string(end);
    return {200, page};
}

void FakeKube::break_watch(Break how, Connection& connection) {
    switch (how) {
        case Break::end: connection.end_chunks(); return;
        case Break::cut: connection.close(); return;
        case Break::cut_mid_event:
            connection.raw("400\r\n{\"type\":\"ADDED\",\"object\":{\"meta");
            connection.reset();
            return;
        case Break::expired:
            connection.chunk(json({{"type", "ERROR"}, {"object", failure(410, "Expired", "too old").body}}).dump() +
                             "\n");
            connection.end_chunks();
            return;
        case Break::silent: connection.hold(); return;
    }
}

// All that has happened since; false when nobody listens any more.
bool FakeKube::send_events(const Request& request, const Place& place, Connection& connection, Watch& own) {
    std::vector<json> events;
    {
        const std::lock_guard lock(mutex_);
        size_t& next = own.next;
        if (own.broken) return true;  // from then on nothing comes
        for (; next < objects_.history().size(); ++next) {
            const Happened& happened = objects_.history()[next];
            const bool is_meant = happened.place.resource == place.resource &&
                                  (place.space.empty() || happened.place.space == place.space) &&
                                  Objects::matches(happened.object, query_of(request, "labelSelector"));
            if (is_meant) events.push_back({{"type", happened.type}, {"object", happened.object}});
        }
        if (has_duplicates_)
            for (size_t i = events.size(); i > 0; --i) events.push_back(events[i - 1]);
    }
    for (const json& event : events)
        if (!connection.chunk(event.dump() + "\n")) return false;
    return true;
}

void FakeKube::watch(const Request& request, const Place& place, Connection& connection) {
    const uint64_t from = parse_number<uint64_t>(query_of(request, "resourceVersion")).value_or(0);
    const auto seconds = parse_number<int64_t>(query_of(request, "timeoutSeconds")).value_or(300);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    auto bookmark_at = std::chrono::steady_clock::now();
    std::list<Watch>::iterator own;
    {
        std::unique_lock lock(mutex_);
        if (from < objects_.oldest()) {
            lock.unlock();
            return connection.answer(410, failure(410, "Expired", "too old resource version").body.dump());
        }
        own = watches_.insert(watches_.end(), Watch{request.path, std::nullopt, 0});
        while (own->next < objects_.history().size() && objects_.history()[own->next].version <= from) ++own->next;
        bookmark_at += bookmark_interval_;
    }
    changed_.notify_all();
    connection.begin_chunks();
    bool is_over = false;
    while (!is_over && send_events(request, place, connection, *own)) {
        std::unique_lock lock(mutex_);
        changed_.wait_until(lock, std::min(deadline, bookmark_at), [&] {
            return is_stopped_ || own->broken || own->next < objects_.history().size() ||
                   bookmark_at > std::chrono::steady_clock::now() + bookmark_interval_;
        });
        const auto now = std::chrono::steady_clock::now();
        bookmark_at = std::min(bookmark_at, now + bookmark_interval_);
        const bool has_news = own->next < objects_.history().size();
        std::string bookmark;
        if (!has_news && now >= bookmark_at) {
            const json metadata = {{"resourceVersion", std::to_string(objects_.version())}};
            bookmark = json({{"type", "BOOKMARK"}, {"object", {{"metadata", metadata}}}}).dump() + "\n";
            bookmark_at = now + bookmark_interval_;
        }
        const std::optional<Break> broken = own->broken;
        is_over = is_stopped_ || broken || now >= deadline;
        lock.unlock();
        if (is_over)
            break_watch(broken.value_or(Break::end), connection);
        else if (!bookmark.empty() && !connection.chunk(bookmark))
            break;
    }
    {
        const std::lock_guard lock(mutex_);
        watches_.erase(own);
    }
    changed_.notify_all();
}

}  // namespace milena::fake
