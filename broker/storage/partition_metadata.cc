#include "storage/partition_metadata.h"

#include "storage/checkpoint_text.h"

namespace milena::storage {

std::string partition_metadata_text(Uuid topic_id) { return "version: 0\ntopic_id: " + topic_id.to_string(); }

std::optional<Uuid> parse_partition_metadata(std::string_view text) {
    const size_t line_end = text.find('\n');
    if (line_end == std::string_view::npos) return std::nullopt;
    const auto version = split_words(text.substr(0, line_end));
    text = text.substr(line_end + 1);
    const auto id = split_words(text.substr(0, text.find_first_of("\r\n")));
    if (version.size() != 2 || version[0] != "version:" || version[1] != "0") return std::nullopt;
    if (id.size() != 2 || id[0] != "topic_id:") return std::nullopt;
    const auto topic_id = Uuid::parse(id[1]);
    if (!topic_id.has_value() || topic_id->is_zero()) return std::nullopt;
    return topic_id;
}

}  // namespace milena::storage
