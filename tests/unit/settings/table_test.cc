#include "settings/table.h"

#include <fstream>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "settings/broker_config.h"
#include "settings/value.h"

namespace milena::settings {
namespace {

// One line of kafka_settings.tsv.
struct KafkaRow {
    std::string scope, name, type, default_text, allowed, mode, importance, visibility, broker_name;
};

std::vector<KafkaRow> kafka_rows() {
    std::vector<KafkaRow> rows;
    std::ifstream file(SETTINGS_TEST_DIR "/kafka_settings.tsv");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        KafkaRow row;
        std::string* fields[] = {&row.scope, &row.name,       &row.type,       &row.default_text, &row.allowed,
                                 &row.mode,  &row.importance, &row.visibility, &row.broker_name};
        size_t at = 0;
        for (std::string* field : fields) {
            const size_t tab = std::min(line.find('\t', at), line.size());
            *field = line.substr(at, tab - at);
            at = std::min(tab + 1, line.size());
        }
        rows.push_back(row);
    }
    return rows;
}

std::span<const Setting> table_of(std::string_view scope) {
    if (scope == "topic") return topic_settings();
    if (scope == "group") return group_settings();
    return scope == "broker" ? broker_settings() : client_metrics_settings();
}

std::string type_text(Type type) {
    const char* names[] = {"", "boolean", "string", "int", "short", "long", "double", "list", "class", "password"};
    return names[static_cast<size_t>(type)];
}

std::string mode_text(UpdateMode mode) {
    const char* names[] = {"read-only", "per-broker", "cluster-wide"};
    return names[static_cast<size_t>(mode)];
}

std::string importance_text(Importance importance) {
    const char* names[] = {"high", "medium", "low"};
    return names[static_cast<size_t>(importance)];
}

// What Kafka's validators print, for those that are only a range or a list of words.
std::string allowed_text(const Setting& setting) {
    const auto number = [](double limit) {
        const Setting* any_number = find(broker_settings(), "log.cleaner.io.max.bytes.per.second");
        const std::string text = canonical(*any_number, std::to_string(limit));
        return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
    };
    const Allowed& allowed = setting.allowed;
    if (allowed.or_equal_to) return "[1,...,9] or -1";
    if (allowed.throttled_replicas) return "[partitionId]:[brokerId],[partitionId]:[brokerId],...";
    if (allowed.max) return "[" + number(*allowed.min) + ",...," + number(*allowed.max) + "]";
    if (allowed.min) return "[" + number(*allowed.min) + ",...]";
    if (allowed.words.empty()) return "";
    return (allowed.any_case ? "(case insensitive) [" : "[") + std::string(allowed.words) + "]";
}

// A single node has to start by itself, and a far client has to get what its connection can carry.
const std::map<std::string, std::string> our_defaults = {
    {"process.roles", "broker,controller"},      {"node.id", "1"},
    {"controller.listener.names", "CONTROLLER"}, {"log.dir", "./data"},
    {"socket.receive.buffer.bytes", "-1"},       {"socket.send.buffer.bytes", "-1"},
    {"socket.listen.backlog.size", "4096"},
};

// Kafka could change it while it had ZooKeeper.
const std::map<std::string, std::string> our_modes = {{"advertised.listeners", "per-broker"}};

TEST(Table, is_kafkas_list_of_settings_and_our_own) {
    std::map<std::string, std::set<std::string>> names;
    for (const KafkaRow& row : kafka_rows()) names[row.scope].insert(row.name);
    EXPECT_EQ(names["broker"].size(), 363u);
    for (const char* scope : {"broker", "topic", "group", "client-metrics"}) {
        std::set<std::string> ours;
        for (const Setting& setting : table_of(scope)) {
            if (!setting.name.starts_with("milena.")) ours.emplace(setting.name);
        }
        EXPECT_EQ(ours, names[scope]);
    }
}

TEST(Table, agrees_with_kafka_in_everything_but_what_is_listed) {
    for (const KafkaRow& row : kafka_rows()) {
        SCOPED_TRACE(row.scope + " " + row.name);
        const Setting* setting = find(table_of(row.scope), row.name);
        ASSERT_NE(setting, nullptr);
        EXPECT_EQ(type_text(setting->type), row.type);
        const bool is_ours = row.scope == "broker" && our_defaults.contains(row.name);
        EXPECT_EQ(setting->default_text == nullptr ? "<null>" : setting->default_text,
                  is_ours ? our_defaults.at(row.name) : row.default_text);
        EXPECT_EQ(mode_text(setting->mode), our_modes.contains(row.name) ? our_modes.at(row.name) : row.mode);
        EXPECT_EQ(importance_text(setting->importance), row.importance);
        EXPECT_EQ(setting->is_internal, row.visibility == "internal");
        EXPECT_EQ(setting->broker_name, row.broker_name);
        // A validator that prints words checks something else than a range; value_test has those.
        const bool is_plain = row.allowed.starts_with('[') || row.allowed.starts_with("(case");
        if (is_plain && !row.allowed.starts_with("[latest")) {
            EXPECT_EQ(allowed_text(*setting), row.allowed);
        }
    }
}

TEST(Table, every_default_is_an_allowed_value) {
    for (const char* scope : {"broker", "topic", "group", "client-metrics"}) {
        for (const Setting& setting : table_of(scope)) {
            if (setting.default_text == nullptr) continue;
            EXPECT_EQ(reason_refused(setting, setting.default_text).value_or(""), "") << setting.name;
            EXPECT_EQ(canonical(setting, setting.default_text), setting.default_text) << setting.name;
        }
    }
}

TEST(Table, every_setting_is_explained_in_one_sentence) {
    for (const char* scope : {"broker", "topic", "group", "client-metrics"}) {
        for (const Setting& setting : table_of(scope)) {
            EXPECT_TRUE(setting.doc.size() > 10 && setting.doc.ends_with('.')) << setting.name;
        }
    }
}

TEST(Table, a_setting_is_marked_effective_exactly_when_broker_config_reads_it) {
    std::set<std::string_view> effective, read;
    for (const Setting& setting : broker_settings()) {
        if (setting.effect == Effect::effective) effective.insert(setting.name);
    }
    for (std::string_view name : names_read()) read.insert(name);
    for (const Setting& setting : topic_settings()) {
        if (setting.effect != Effect::effective || setting.broker_name.empty()) continue;
        for (const std::string& name : broker_synonyms(setting.broker_name)) {
            read.insert(find(broker_settings(), name)->name);
        }
    }
    EXPECT_EQ(effective, read);
}

TEST(Table, finds_settings_behind_listener_and_mechanism_prefixes) {
    EXPECT_EQ(find_broker_setting("listener.name.internal.ssl.key.password")->name, "ssl.key.password");
    EXPECT_EQ(find_broker_setting("listener.name.x.scram-sha-256.sasl.jaas.config")->name, "sasl.jaas.config");
    EXPECT_EQ(find_broker_setting("listener.name.x.nonsense"), nullptr);
    EXPECT_EQ(find_broker_setting("listener.name.x"), nullptr);
    EXPECT_EQ(find_broker_setting(""), nullptr);
}

TEST(Table, synonyms_go_from_the_strongest_to_the_weakest) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(broker_synonyms("log.retention.hours"),
              (Names{"log.retention.ms", "log.retention.minutes", "log.retention.hours"}));
    EXPECT_EQ(broker_synonyms("log.roll.ms"), (Names{"log.roll.ms", "log.roll.hours"}));
    EXPECT_EQ(broker_synonyms("log.flush.interval.ms"),
              (Names{"log.flush.interval.ms", "log.flush.scheduler.interval.ms"}));
    EXPECT_EQ(broker_synonyms("log.flush.scheduler.interval.ms"), (Names{"log.flush.scheduler.interval.ms"}));
    EXPECT_EQ(broker_synonyms("num.partitions"), (Names{"num.partitions"}));
    EXPECT_EQ(broker_synonyms("listener.name.x.plain.sasl.jaas.config"),
              (Names{"listener.name.x.plain.sasl.jaas.config", "sasl.jaas.config"}));
}

TEST(Table, suggests_the_nearest_name_and_none_for_nonsense) {
    EXPECT_EQ(nearest_name(broker_settings(), "log.dir.s"), "log.dirs");
    EXPECT_EQ(nearest_name(broker_settings(), "num.partition"), "num.partitions");
    EXPECT_EQ(nearest_name(broker_settings(), "advertised.listener"), "advertised.listeners");
    EXPECT_EQ(nearest_name(broker_settings(), "milena.shard"), "milena.shards");
    EXPECT_EQ(nearest_name(broker_settings(), "qqqqqqqqqqqq"), "");
    EXPECT_EQ(nearest_name(broker_settings(), std::string(10'000, 'a')), "");
}

TEST(Table, no_removed_name_is_still_in_the_table) {
    EXPECT_NE(advice_for_removed("zookeeper.connect"), "");
    EXPECT_NE(advice_for_removed("log.message.format.version"), "");
    EXPECT_EQ(advice_for_removed("portal"), "");
    for (const Setting& setting : broker_settings()) EXPECT_EQ(advice_for_removed(setting.name), "") << setting.name;
}

}  // namespace
}  // namespace milena::settings
