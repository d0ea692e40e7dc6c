#include "kube/events.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/digest.h"
#include "api/time_text.h"
#include "base/log.h"

namespace milena::kube {
namespace {

using nlohmann::json;

constexpr std::chrono::minutes between_writes{1};
constexpr size_t series_max = 1000;
constexpr size_t note_bytes_max = 1000;  // of 1024 that the API takes
constexpr std::string_view controller = "milena.dev/operator";

// The same in each process, so that one that is restarted goes on with the same event.
std::string name_of(const json& object, const EventText& text) {
    const std::string subject = uid_of(object) + "\n" + text.reason + "\n" + text.action + "\n" + text.note;
    return metadata_text(object, "name").substr(0, 200) + "." + api::digest(subject);
}

}  // namespace

void EventRecorder::record(const json& object, const EventText& text) {
    const std::string name = name_of(object, text);
    const Instant now = clock_.now();
    Series series;
    {
        const std::lock_guard lock(mutex_);
        if (series_.size() >= series_max && !series_.contains(name))
            series_.erase(std::min_element(series_.begin(), series_.end(),
                                           [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
        Series& own = series_[name];
        if (own.count++ == 0) own.first = clock_.wall();
        own.last = now;
        if (own.written_at && now - *own.written_at < between_writes) return;
        own.written_at = now;
        series = own;
    }
    const std::string space = metadata_text(object, "namespace");
    json event = {
        {"apiVersion", "events.k8s.io/v1"},
        {"kind", "Event"},
        {"metadata", {{"name", name}, {"namespace", space.empty() ? "default" : space}}},
        {"eventTime", api::micro_time_text(series.first)},
        {"reportingController", controller},
        {"reportingInstance", instance_.substr(0, 128)},
        {"action", text.action},
        {"reason", text.reason},
        {"type", text.is_warning ? "Warning" : "Normal"},
        {"note", text.note.substr(0, note_bytes_max)},
        {"regarding",
         {{"apiVersion", object.value("apiVersion", "")},
          {"kind", object.value("kind", "")},
          {"name", metadata_text(object, "name")},
          {"namespace", space},
          {"uid", uid_of(object)}}},
    };
    if (series.count > 1)
        event["series"] = {{"count", series.count}, {"lastObservedTime", api::micro_time_text(clock_.wall())}};
    const auto written = client_.apply(resource_type("Event"), event);
    if (!written) log_info("event not recorded", {{"reason", text.reason}, {"error", written.error().to_string()}});
}

}  // namespace milena::kube
