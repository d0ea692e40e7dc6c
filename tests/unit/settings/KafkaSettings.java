// Prints every setting that Kafka knows, out of Kafka's own classes, as the lines of kafka_settings.tsv:
//   java -cp '<kafka>/libs/*' KafkaSettings.java > kafka_settings.tsv
// Run by hand when the Kafka version that we follow changes; table_test compares our table with the result.
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;
import org.apache.kafka.coordinator.group.GroupConfig;
import org.apache.kafka.server.config.AbstractKafkaConfig;
import org.apache.kafka.server.config.DynamicBrokerConfig;
import org.apache.kafka.server.config.QuotaConfig;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;
import org.apache.kafka.server.metrics.ClientMetricsConfigs;
import org.apache.kafka.storage.internals.log.LogConfig;

class KafkaSettings {
    static String defaultText(ConfigKey key) {
        if (key.defaultValue == ConfigDef.NO_DEFAULT_VALUE) return "<required>";
        if (key.defaultValue == null) return "<null>";
        return ConfigDef.convertToString(key.defaultValue, key.type);
    }

    static String brokerName(String scope, String name) {
        if (scope.equals("topic")) return ServerTopicConfigSynonyms.TOPIC_CONFIG_SYNONYMS.getOrDefault(name, "");
        return scope.equals("group") ? GroupConfig.brokerSynonym(name).orElse("") : "";
    }

    static void print(String scope, ConfigDef settings, boolean isHidden) {
        Map<String, String> modes = DynamicBrokerConfig.dynamicConfigUpdateModes();
        for (ConfigKey key : new TreeMap<>(settings.configKeys()).values()) {
            String mode = scope.equals("broker") ? modes.getOrDefault(key.name, "read-only") : "cluster-wide";
            String allowed = key.validator == null ? "" : key.validator.toString();
            boolean isInternal = isHidden || key.internalConfig;
            System.out.println(String.join("\t", scope, key.name, key.type.toString().toLowerCase(), defaultText(key),
                    allowed, mode, key.importance.toString().toLowerCase(), isInternal ? "internal" : "shown",
                    brokerName(scope, key.name)));
        }
    }

    public static void main(String[] arguments) {
        System.out.println("# scope, name, type, default, allowed, update mode, importance, internal, broker's name: "
                + "Kafka 4.3.1, printed by KafkaSettings.java");
        print("broker", AbstractKafkaConfig.CONFIG_DEF, false);
        print("broker", QuotaConfig.brokerQuotaConfigs(), true);
        print("topic", LogConfig.configDefCopy(), false);
        print("group", GroupConfig.CONFIG_DEF, false);
        print("client-metrics", ClientMetricsConfigs.configDef(), false);
    }
}
