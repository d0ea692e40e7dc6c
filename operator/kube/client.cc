#include "kube/client.h"

#include <nlohmann/json.hpp>

#include "base/check.h"

namespace milena::kube {
namespace {

using nlohmann::json;

Error unreadable(std::string_view what) { return {Reason::unknown, 0, "unreadable answer: " + std::string(what)}; }

std::string write_query() { return "?fieldManager=" + std::string(field_manager) + "&fieldValidation=Strict"; }

std::string selector(const std::string& labels) {
    return labels.empty() ? "" : "&labelSelector=" + percent_encoded(labels);
}

}  // namespace

json parse_object(std::string_view text) {
    const json::parser_callback_t keep = [](int, json::parse_event_t event, const json& parsed) {
        return event != json::parse_event_t::key || parsed != "managedFields";
    };
    return json::parse(text, keep, false);
}

Outcome<json> Client::call(const What& what, HttpRequest request) {
    request.deadline = deadline_;
    const Outcome<HttpAnswer> called = transport_.call(request);
    count(what, called ? called->status : 0);
    if (!called) return unexpected(called.error());
    const HttpAnswer& answer = *called;
    if (answer.status >= 300) return unexpected(error_of_answer(answer.status, answer.body, answer.retry_after));
    json object = parse_object(answer.body);
    if (!object.is_object()) return unexpected(unreadable(answer.body.substr(0, 200)));
    return object;
}

Outcome<json> Client::write(const What& what, HttpRequest request) {
    if (!may_write_()) return unexpected(Error{Reason::not_leader, 0, "another process may have the lease"});
    return call(what, std::move(request));
}

Outcome<json> Client::read(const ResourceType& type, const ObjectKey& key) {
    return call({"get", type}, {.target = type.path(key.space, key.name)});
}

Outcome<ListPage> Client::list(const ResourceType& type, std::string_view space, const ListQuery& query) {
    std::string target = type.path(space) + "?limit=" + std::to_string(query.limit) + selector(query.label_selector);
    if (!query.continue_token.empty()) target += "&continue=" + percent_encoded(query.continue_token);
    ASSIGN_OR_RETURN(json list, call({"list", type}, {.target = target}));
    const auto items = list.find("items");
    const bool is_list = items != list.end() && (items->is_array() || items->is_null());
    if (!is_list || resource_version_of(list).empty()) return unexpected(unreadable("no list"));
    ListPage page{{}, resource_version_of(list), metadata_text(list, "continue")};
    for (json& item : *items) {
        if (!item.is_object()) return unexpected(unreadable("an item that is no object"));
        item["apiVersion"] = type.api_version();
        item["kind"] = type.kind;
        page.items.push_back(std::move(item));
    }
    return page;
}

Outcome<std::shared_ptr<HttpStream>> Client::watch(const ResourceType& type, std::string_view space,
                                                   const WatchQuery& query) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(query.timeout).count();
    auto stream =
        transport_.stream({.target = type.path(space) + "?watch=true&allowWatchBookmarks=true&resourceVersion=" +
                                     percent_encoded(query.resource_version) +
                                     "&timeoutSeconds=" + std::to_string(seconds) + selector(query.label_selector),
                           .deadline = deadline_});
    count({"watch", type}, stream ? 200 : stream.error().http_status);
    return stream;
}

Outcome<json> Client::apply(const ResourceType& type, const json& object, std::string_view subresource) {
    const ObjectKey key = key_of(object);
    check(!key.name.empty());
    return write({"patch", type},
                 {.method = "PATCH",
                  .target = type.path(key.space, key.name, subresource) + write_query() + "&force=true",
                  .body = object.dump(),
                  .content_type = "application/apply-patch+yaml"});
}

Outcome<json> Client::create(const ResourceType& type, const json& object) {
    return write({"create", type}, {.method = "POST",
                                    .target = type.path(key_of(object).space) + write_query(),
                                    .body = object.dump(),
                                    .content_type = "application/json",
                                    .on_new_connection = true});
}

Outcome<json> Client::replace(const ResourceType& type, const json& object, std::string_view subresource) {
    const ObjectKey key = key_of(object);
    check(!resource_version_of(object).empty());
    return write({"update", type}, {.method = "PUT",
                                    .target = type.path(key.space, key.name, subresource) + write_query(),
                                    .body = object.dump(),
                                    .content_type = "application/json"});
}

Outcome<json> Client::merge_patch(const ResourceType& type, const ObjectKey& key, const json& patch,
                                  std::string_view subresource) {
    return write({"patch", type}, {.method = "PATCH",
                                   .target = type.path(key.space, key.name, subresource) + write_query(),
                                   .body = patch.dump(),
                                   .content_type = "application/merge-patch+json"});
}

Outcome<json> Client::scale(const ResourceType& type, const ObjectKey& key, int replicas) {
    return merge_patch(type, key, {{"spec", {{"replicas", replicas}}}}, "scale");
}

Outcome<void> Client::remove(const ResourceType& type, const ObjectKey& key, const RemoveQuery& query) {
    json options = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", query.propagation}};
    if (!query.uid.empty()) options["preconditions"]["uid"] = query.uid;
    if (!query.resource_version.empty()) options["preconditions"]["resourceVersion"] = query.resource_version;
    if (query.grace_seconds) options["gracePeriodSeconds"] = *query.grace_seconds;
    const auto done = write({"delete", type}, {.method = "DELETE",
                                               .target = type.path(key.space, key.name),
                                               .body = options.dump(),
                                               .content_type = "application/json"});
    if (!done && done.error().reason != Reason::not_found) return unexpected(done.error());
    return {};
}

}  // namespace milena::kube
