// Hostile texts of settings: server.properties, the environment, --override, what AlterConfigs sets, meta.properties.
// Each is taken or refused with a reason, and what was taken can be shown. The first byte of an input says which it is;
// the others read lines of `name=value`.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "memory_disk.h"
#include "settings/alter.h"
#include "settings/load.h"
#include "settings/properties.h"
#include "settings/topic_config.h"
#include "storage/log_directory.h"

namespace {

using namespace milena;
using namespace milena::settings;

Texts texts_of(std::string_view text) {
    Texts texts;
    const auto lines = parse_properties(text);
    if (!lines) return texts;
    for (const Property& line : *lines) texts[line.name] = line.value;
    return texts;
}

void start(const Input& input) {
    const auto loaded = load(input);
    if (loaded)
        check(!describe_broker(loaded->settings).empty());
    else
        check(!loaded.error().empty());
}

// What is allowed must apply, and what isn't must not do harm where it lies in the log already.
void alter(const Texts& texts) {
    const BrokerSettings settings;
    const BrokerSettings dynamic = settings.with_dynamic(texts, texts);
    (void)validate_broker_texts(settings, texts);
    (void)validate_cluster_texts(settings, texts);
    (void)validate_group_texts(settings, texts);
    (void)validate_client_metrics_texts(texts);
    check(!describe_broker(dynamic).empty());
    (void)describe_cluster(dynamic);
    (void)describe_group(dynamic, texts);
    (void)describe_client_metrics(texts);
    const TopicConfig defaults = topic_defaults(dynamic);
    (void)validate_topic_config(defaults, texts);
    (void)topic_config(defaults, texts);
    (void)describe_topic(dynamic, texts);
    std::vector<Alteration> alterations;
    for (const auto& [name, value] : texts)
        alterations.push_back({name, static_cast<AlterOperation>(value.size() % 4), value});
    for (const Scope scope : {Scope::topic, Scope::broker, Scope::group, Scope::client_metrics})
        (void)altered(scope, texts, alterations);
}

void open_directory(std::string_view text) {
    const auto named = storage::parse_partition_directory(text);
    if (named && named->state == storage::PartitionDirectory::State::current) {
        const auto again =
            storage::parse_partition_directory(storage::partition_directory_name(named->topic, named->partition));
        check(again && again->topic == named->topic && again->partition == named->partition);
    }
    fuzz::MemoryDisk disk;
    const auto bytes = std::as_bytes(std::span(text));
    disk.files["/d/meta.properties"] = std::make_shared<fuzz::Content>(bytes.begin(), bytes.end());
    const auto meta = storage::read_meta_properties(disk, "/d");
    if (!meta || !*meta) return;
    check(storage::write_meta_properties(disk, "/d", **meta).has_value());
    const auto again = storage::read_meta_properties(disk, "/d");
    if ((*meta)->node_id == no_node || (*meta)->cluster_id.empty()) return;
    check(again.has_value() && *again == *meta);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1) return 0;
    set_log_sink([](LogLevel, std::string_view) {});
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    Input input{.file_name = "server.properties", .host_name = "host"};
    const uint8_t kind = data[0] % 5;
    if (kind == 3) alter(texts_of(text));
    if (kind == 4) open_directory(text);
    if (kind >= 3) return 0;
    if (kind == 0) input.file_text = text;
    if (kind == 1) input.environment = texts_of(text);
    if (kind == 2)
        for (const auto& [name, value] : texts_of(text)) input.overrides.push_back(name + "=" + value);
    start(input);
    return 0;
}
