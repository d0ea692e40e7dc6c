import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.ConfigResource.Type;

/** The Java admin client: the settings of topics, brokers and other resources. */
final class AdminConfigScenarios {
    private static final ConfigResource TOPIC = new ConfigResource(Type.TOPIC, "admin-settings");
    private static final ConfigResource BROKER = new ConfigResource(Type.BROKER, "1");
    private static final ConfigResource DEFAULTS = new ConfigResource(Type.BROKER, "");

    private AdminConfigScenarios() {}

    static void add(Map<String, Clients.Step> scenarios, Clients clients) {
        scenarios.put("admin-alter-configs", () -> alter(clients));
        scenarios.put("admin-describe-configs", () -> describe(clients));
        scenarios.put("admin-broker-configs", () -> brokerNames(clients));
        scenarios.put("admin-list-config-resources", () -> list(clients));
    }

    private static Map<String, Object> shown(Config config) {
        Map<String, Object> rows = new TreeMap<>();
        for (ConfigEntry entry : config.entries()) {
            List<String> synonyms = new ArrayList<>();
            entry.synonyms().forEach(one -> synonyms.add(one.name() + "=" + one.value() + " " + one.source()));
            rows.put(entry.name(),
                    Clients.map("value", entry.value(), "source", entry.source(), "type", entry.type(), "readOnly",
                            entry.isReadOnly(), "sensitive", entry.isSensitive(), "synonyms", synonyms));
        }
        return rows;
    }

    private static AlterConfigOp change(OpType type, String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    private static Object alter(Clients clients) throws Exception {
        AdminScenarios.createTopic(clients, TOPIC.name(), 1, "retention.ms", "1000", "cleanup.policy", "delete");
        Map<String, Collection<AlterConfigOp>> rows = new java.util.LinkedHashMap<>();
        rows.put("set",
                List.of(change(OpType.SET, "max.message.bytes", "5000"), change(OpType.SET, "flush.messages", "7")));
        rows.put("delete", List.of(change(OpType.DELETE, "retention.ms", "")));
        rows.put("append", List.of(change(OpType.APPEND, "cleanup.policy", "compact")));
        rows.put("append again", List.of(change(OpType.APPEND, "cleanup.policy", "compact")));
        rows.put("subtract", List.of(change(OpType.SUBTRACT, "cleanup.policy", "delete")));
        rows.put("append to no list", List.of(change(OpType.APPEND, "retention.ms", "1")));
        rows.put("unknown", List.of(change(OpType.SET, "no.such", "1")));
        rows.put("bad number", List.of(change(OpType.SET, "retention.ms", "soon")));
        rows.put("bad range", List.of(change(OpType.SET, "segment.bytes", "-1")));
        rows.put("bad word", List.of(change(OpType.SET, "message.timestamp.type", "Never")));
        rows.put("one good, one bad",
                List.of(change(OpType.SET, "flush.ms", "9"), change(OpType.SET, "retention.ms", "x")));
        rows.put("twice the same key",
                List.of(change(OpType.SET, "flush.ms", "9"), change(OpType.DELETE, "flush.ms", "")));
        rows.put("nothing", List.of());
        try (Admin admin = AdminScenarios.admin(clients)) {
            for (Map.Entry<String, Collection<AlterConfigOp>> row : rows.entrySet()) {
                var options = new AlterConfigsOptions().validateOnly(true);
                Clients.show(row.getKey() + " (validate)",
                        () -> admin.incrementalAlterConfigs(Map.of(TOPIC, row.getValue()), options).all().get());
                Clients.show(
                        row.getKey(), () -> admin.incrementalAlterConfigs(Map.of(TOPIC, row.getValue())).all().get());
            }
            var set = List.of(change(OpType.SET, "retention.ms", "1"));
            for (ConfigResource bad : List.of(new ConfigResource(Type.TOPIC, "admin-nowhere"),
                         new ConfigResource(Type.TOPIC, ""), new ConfigResource(Type.BROKER, "one"))) {
                Clients.show("alter " + bad, () -> admin.incrementalAlterConfigs(Map.of(bad, set)).all().get());
                Clients.show("describe " + bad, () -> shown(admin.describeConfigs(List.of(bad)).all().get().get(bad)));
            }
            Clients.show("after", () -> dynamic(shown(admin.describeConfigs(List.of(TOPIC)).all().get().get(TOPIC))));
        }
        return null;
    }

    private static Map<String, Object> dynamic(Map<String, Object> rows) {
        rows.values().removeIf(row -> !String.valueOf(((Map<?, ?>) row).get("source")).startsWith("DYNAMIC"));
        return rows;
    }

    private static Object describe(Clients clients) throws Exception {
        ConfigResource topic = new ConfigResource(Type.TOPIC, "admin-described");
        AdminScenarios.createTopic(clients, topic.name(), 1, "retention.ms", "1000");
        try (Admin admin = AdminScenarios.admin(clients)) {
            var full = new DescribeConfigsOptions().includeSynonyms(true);
            for (Map.Entry<String, Object> row :
                    shown(admin.describeConfigs(List.of(topic), full).all().get().get(topic)).entrySet()) {
                Clients.print(row.getKey(), row.getValue());
            }
            Clients.show("broker dynamic",
                    () -> dynamic(shown(admin.describeConfigs(List.of(BROKER), full).all().get().get(BROKER))));
            Clients.show(
                    "defaults", () -> shown(admin.describeConfigs(List.of(DEFAULTS), full).all().get().get(DEFAULTS)));
        }
        return null;
    }

    /** One line for each setting of the broker; the test compares those that both brokers have. */
    private static Object brokerNames(Clients clients) throws Exception {
        try (Admin admin = AdminScenarios.admin(clients)) {
            var full = new DescribeConfigsOptions().includeSynonyms(true);
            for (Map.Entry<String, Object> row :
                    shown(admin.describeConfigs(List.of(BROKER), full).all().get().get(BROKER)).entrySet()) {
                Clients.print(row.getKey(), row.getValue());
            }
        }
        return null;
    }

    private static Object list(Clients clients) throws Exception {
        AdminScenarios.createTopic(clients, "admin-listed", 1);
        try (Admin admin = AdminScenarios.admin(clients)) {
            var options = new org.apache.kafka.clients.admin.ListConfigResourcesOptions();
            for (Type type : List.of(Type.TOPIC, Type.BROKER, Type.BROKER_LOGGER, Type.CLIENT_METRICS, Type.GROUP)) {
                Clients.show(type.name(),
                        ()
                                -> admin.listConfigResources(Set.of(type), options)
                                        .all()
                                        .get()
                                        .stream()
                                        .filter(one -> type != Type.TOPIC || one.name().equals("admin-listed"))
                                        .map(String::valueOf)
                                        .sorted()
                                        .toList());
            }
            Clients.show("everything",
                    ()
                            -> admin.listConfigResources()
                                    .all()
                                    .get()
                                    .stream()
                                    .map(one -> one.type().name())
                                    .distinct()
                                    .sorted()
                                    .toList());
        }
        return null;
    }
}
