// The Kubernetes API in its own verbs. Every write says who writes (one field manager) and that unknown fields are to
// be refused; none leaves once this process may not write any more. Any thread; blocks up to the deadline.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "kube/http.h"
#include "kube/object.h"
#include "kube/request_counts.h"

namespace milena::kube {

inline constexpr std::string_view field_manager = "milena-operator";

struct ListQuery {
    std::string label_selector{};
    size_t limit = 500;
    std::string continue_token{};
};

struct ListPage {
    std::vector<nlohmann::json> items;  // without managedFields, with apiVersion and kind
    std::string resource_version;
    std::string continue_token;  // empty: it was the last page
};

struct WatchQuery {
    std::string label_selector{};
    std::string resource_version{};
    Milliseconds timeout{290'000};  // after which the server ends it
};

struct RemoveQuery {
    std::string uid{};               // of what is meant; another one under that name stays
    std::string resource_version{};  // empty: any
    std::string propagation = "Background";
    std::optional<int> grace_seconds = std::nullopt;
};

class Client {
  public:
    // Neither may end before it. `may_write` is asked before each write.
    explicit Client(
        HttpTransport& transport, std::function<bool()> may_write = [] { return true; })
        : transport_(transport), may_write_(std::move(may_write)) {}

    Outcome<nlohmann::json> read(const ResourceType& type, const ObjectKey& key);
    Outcome<ListPage> list(const ResourceType& type, std::string_view space, const ListQuery& query);
    Outcome<std::shared_ptr<HttpStream>> watch(const ResourceType& type, std::string_view space,
                                               const WatchQuery& query);

    // Server-side apply of exactly these fields, whoever had them; those that we had and that aren't there any more go.
    // A uid in its metadata is a precondition. Answers the object as it is now.
    Outcome<nlohmann::json> apply(const ResourceType& type, const nlohmann::json& object,
                                  std::string_view subresource = "");
    // A name that is taken is already_exists, also when it was we whose answer was lost: compare owners.
    Outcome<nlohmann::json> create(const ResourceType& type, const nlohmann::json& object);
    // With the resourceVersion that the object carries: else a conflict.
    Outcome<nlohmann::json> replace(const ResourceType& type, const nlohmann::json& object,
                                    std::string_view subresource = "");
    Outcome<nlohmann::json> merge_patch(const ResourceType& type, const ObjectKey& key, const nlohmann::json& patch,
                                        std::string_view subresource = "");
    Outcome<nlohmann::json> scale(const ResourceType& type, const ObjectKey& key, int replicas);
    // What isn't there is removed. One with another uid is a conflict.
    Outcome<void> remove(const ResourceType& type, const ObjectKey& key, const RemoveQuery& query);

    bool may_write() const { return may_write_(); }
    // Of each request; the default is that of HttpRequest.
    void set_deadline(Milliseconds deadline) { deadline_ = deadline; }
    const RequestCounts& requests() const { return requests_; }

  private:
    struct What {
        const char* verb;
        const ResourceType& type;
    };
    Outcome<nlohmann::json> write(const What& what, HttpRequest request);
    Outcome<nlohmann::json> call(const What& what, HttpRequest request);
    void count(const What& what, int status) { requests_.add({what.verb, what.type.kind, status}); }

    HttpTransport& transport_;
    const std::function<bool()> may_write_;
    Milliseconds deadline_{30'000};
    RequestCounts requests_;
};

// The text as JSON, without any managedFields in it: they are larger than all the rest, and nobody here reads them.
nlohmann::json parse_object(std::string_view text);

}  // namespace milena::kube
