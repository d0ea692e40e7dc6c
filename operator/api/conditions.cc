#include "api/conditions.h"

#include <algorithm>

#include "api/time_text.h"

namespace milena::api {

namespace {

constexpr size_t message_length_max = 1024;

// Never in the middle of a character of UTF-8.
std::string cut(std::string message) {
    if (message.size() <= message_length_max) return message;
    size_t end = message_length_max - 3;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
    return message.substr(0, end) + "...";
}

}  // namespace

std::array<std::string_view, 3> words_of(Truth) { return {"True", "False", "Unknown"}; }

void describe(Visitor& v, Condition& c) {
    v({.name = "type", .doc = "What the condition is about.", .is_required = true, .length_max = 64}, c.type);
    v({.name = "status", .doc = "True, False or Unknown.", .is_required = true}, c.status);
    v({.name = "reason", .doc = "One word for programs.", .is_required = true, .length_max = 64}, c.reason);
    v({.name = "message", .doc = "A sentence for people.", .length_max = 1024}, c.message);
    v({.name = "lastTransitionTime",
       .doc = "When the status last changed.",
       .is_required = true,
       .format = Format::time},
      c.last_transition_time);
    v({.name = "observedGeneration", .doc = "The generation of the spec that this is about.", .is_output = true},
      c.observed_generation);
}

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
    const auto found = std::ranges::find(conditions, type, &Condition::type);
    return found == conditions.end() ? nullptr : &*found;
}

bool is_true(const std::vector<Condition>& conditions, std::string_view type) {
    const Condition* found = find_condition(conditions, type);
    return found != nullptr && found->status == Truth::yes;
}

void ConditionSetter::set(const char* type, Truth status, std::string reason, std::string message) {
    Condition condition{type, status, std::move(reason), cut(std::move(message)), {}, observed_generation_};
    const auto found = std::ranges::find(set_, condition.type, &Condition::type);
    if (found == set_.end()) {
        set_.push_back(std::move(condition));
    } else {
        *found = std::move(condition);
    }
}

std::vector<Condition> ConditionSetter::merged(const std::vector<Condition>& before, Timestamp now) const {
    std::vector<Condition> result = before;
    for (const Condition& condition : set_) {
        const auto old = std::ranges::find(result, condition.type, &Condition::type);
        if (old == result.end()) {
            result.push_back(condition);
            result.back().last_transition_time = time_text(now);
            continue;
        }
        const bool is_same = old->status == condition.status && !old->last_transition_time.empty();
        const std::string since = is_same ? old->last_transition_time : time_text(now);
        *old = condition;
        old->last_transition_time = since;
    }
    return result;
}

}  // namespace milena::api
