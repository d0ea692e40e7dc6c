#include <map>

#include "base/log.h"
#include "base/parse_number.h"
#include "storage/log_directory.h"

namespace milena::storage {
namespace {

constexpr std::string_view file_name = "meta.properties";
constexpr size_t properties_bytes_max = 64U << 10;

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\f";
    const size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Java's Properties put a backslash before characters that mean something.
std::string unescape(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        plain.push_back(text[i]);
    }
    return plain;
}

std::map<std::string, std::string> parse_properties(std::string_view text) {
    std::map<std::string, std::string> properties;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        const std::string_view line = trim(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        const size_t separator = line.find_first_of("=:");
        if (line.empty() || line[0] == '#' || line[0] == '!' || separator == std::string_view::npos) continue;
        properties[std::string(trim(line.substr(0, separator)))] = unescape(trim(line.substr(separator + 1)));
    }
    return properties;
}

std::optional<MetaProperties> parse_meta(std::string_view text) {
    auto properties = parse_properties(text);
    const auto version = parse_number<int32_t>(properties["version"]);
    // Version 0 is that of brokers that were registered in ZooKeeper; it calls the node id by another name.
    if (version != 0 && version != 1) return std::nullopt;
    const std::string& node_text = version == 0 ? properties["broker.id"] : properties["node.id"];
    MetaProperties meta;
    meta.cluster_id = properties["cluster.id"];
    if (meta.cluster_id.empty() && version == 1) return std::nullopt;
    if (!node_text.empty()) {
        const auto node = parse_number<int32_t>(node_text);
        if (!node.has_value() || *node < 0) return std::nullopt;
        meta.node_id = NodeId(*node);
    }
    if (!properties["directory.id"].empty()) {
        const auto id = Uuid::parse(properties["directory.id"]);
        if (!id.has_value() || id->is_reserved()) return std::nullopt;
        meta.directory_id = *id;
    }
    return meta;
}

}  // namespace

Result<std::optional<MetaProperties>, MetaFault> read_meta_properties(env::Disk& disk, const std::string& directory) {
    const std::string path = directory + "/" + std::string(file_name);
    const auto content = env::read_file(disk, path, properties_bytes_max);
    if (!content.has_value()) {
        if (content.error() == env::DiskError::not_found) return std::optional<MetaProperties>();
        return unexpected(MetaFault::unreadable);
    }
    const auto meta = parse_meta(content->view());
    if (!meta.has_value()) {
        log_error("meta.properties refused: malformed", {{"file", path}});
        return unexpected(MetaFault::malformed);
    }
    return meta;
}

env::DiskResult<void> write_meta_properties(env::Disk& disk, const std::string& directory, const MetaProperties& meta) {
    std::string text = "cluster.id=" + meta.cluster_id + "\n";
    if (!meta.directory_id.is_zero()) text += "directory.id=" + meta.directory_id.to_string() + "\n";
    text += "node.id=" + std::to_string(meta.node_id.value) + "\nversion=1\n";
    return env::replace_file(disk, directory + "/" + std::string(file_name), text);
}

}  // namespace milena::storage
