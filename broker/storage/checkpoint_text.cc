#include "storage/checkpoint_text.h"

#include "base/parse_number.h"

namespace milena::storage {
namespace {

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back(line);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return lines;
}

}  // namespace

std::vector<std::string_view> split_words(std::string_view line) {
    std::vector<std::string_view> words;
    for (size_t at = 0; (at = line.find_first_not_of(" \t", at)) != std::string_view::npos;) {
        const size_t end = line.find_first_of(" \t", at);
        words.push_back(line.substr(at, end - at));
        if (end == std::string_view::npos) break;
        at = end;
    }
    return words;
}

std::optional<std::vector<std::string_view>> parse_checkpoint_lines(std::string_view text) {
    std::vector<std::string_view> lines = split_lines(text);
    if (lines.empty()) return lines;
    // A torn file ends in the middle of a number.
    if (lines.size() < 2 || lines[0] != "0" || !text.ends_with('\n')) return std::nullopt;
    const auto count = parse_number<uint64_t>(lines[1]);
    lines.erase(lines.begin(), lines.begin() + 2);
    if (!count.has_value() || *count != lines.size()) return std::nullopt;
    return lines;
}

std::string checkpoint_text(const std::vector<std::string>& entries) {
    std::string text = "0\n" + std::to_string(entries.size()) + "\n";
    for (const std::string& entry : entries) text.append(entry).append("\n");
    return text;
}

}  // namespace milena::storage
