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

// What is the same in all that one series counts.
std::string subject_of(const json& object, const EventText& text) {
    const std::string type = text.is_warning ? "Warning" : "Normal";
    return uid_of(object) + "\n" + type + "\n" + text.reason + "\n" + text.action + "\n" + text.note;
}

// The API lets nobody change who has said an event and when first: so whoever begins to count begins another event.
std::string name_of(const json& object, const std::string& subject, const std::string& instance, Timestamp first) {
    std::string name = metadata_text(object, "name").substr(0, 200);
    while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
    return name + "." + api::digest(subject + "\n" + instance + "\n" + std::to_string(first.value));
}

// Half a character would make the whole event unreadable.
std::string cut_note(std::string note) {
    if (note.size() <= note_bytes_max) return note;
    size_t end = note_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(note[end]) & 0xC0) == 0x80) --end;
    note.resize(end);
    return note;
}

}  // namespace

void EventRecorder::record(const json& object, const EventText& text) {
    const std::string subject = subject_of(object, text);
    const Instant now = clock_.now();
    Series series;
    {
        const std::lock_guard lock(mutex_);
        if (series_.size() >= series_max && !series_.contains(subject))
            series_.erase(std::min_element(series_.begin(), series_.end(),
                                           [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
        Series& own = series_[subject];
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
        {"metadata",
         {{"name", name_of(object, subject, instance_, series.first)},
          {"namespace", space.empty() ? "default" : space}}},
        {"eventTime", api::micro_time_text(series.first)},
        {"reportingController", controller},
        {"reportingInstance", instance_.substr(0, 128)},
        {"action", text.action},
        {"reason", text.reason},
        {"type", text.is_warning ? "Warning" : "Normal"},
        {"note", cut_note(text.note)},
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
