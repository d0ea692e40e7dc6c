#include "sim/world.h"

#include <cstdio>

namespace milena::sim {
namespace {

constexpr uint64_t fnv_prime = 0x100000001b3;

}  // namespace

void World::trace(std::string_view what, int64_t a, int64_t b, int64_t c) {
    const auto fold = [this](uint64_t value) {
        for (int shift = 0; shift < 64; shift += 8) hash_ = (hash_ ^ ((value >> shift) & 0xff)) * fnv_prime;
    };
    fold(static_cast<uint64_t>(clock.now().since_start.count()));
    for (const char ch : what) hash_ = (hash_ ^ static_cast<uint8_t>(ch)) * fnv_prime;
    for (const int64_t value : {a, b, c}) fold(static_cast<uint64_t>(value));
    Line line{clock.now(), std::string(what), a, b, c};
    if (prints_trace) std::printf("%s\n", line.text().c_str());
    if (lines_.size() < lines_kept)
        lines_.push_back(std::move(line));
    else
        lines_[next_line_] = std::move(line);
    next_line_ = (next_line_ + 1) % lines_kept;
}

std::string World::Line::text() const {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(at.since_start).count();
    return std::to_string(microseconds) + " us " + what + " " + std::to_string(a) + " " + std::to_string(b) + " " +
           std::to_string(c);
}

std::vector<std::string> World::last_lines() const {
    std::vector<std::string> text;
    for (size_t i = 0; i < lines_.size(); ++i)
        text.push_back(lines_[lines_.size() < lines_kept ? i : (next_line_ + i) % lines_kept].text());
    return text;
}

}  // namespace milena::sim
