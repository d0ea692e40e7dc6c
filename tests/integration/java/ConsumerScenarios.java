import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The Java consumer with assign and seek, without groups. */
final class ConsumerScenarios {
    private static final long FIRST_MS = 1_000_000_000_000L;

    private ConsumerScenarios() {}

    static void add(Map<String, Clients.Step> scenarios, Clients clients) {
        scenarios.put("consume-seek", () -> seek(clients));
        scenarios.put("consume-times", () -> times(clients));
        scenarios.put("consume-sizes", () -> sizes(clients));
        scenarios.put("consume-metadata", () -> metadata(clients));
        scenarios.put("consume-many-partitions", () -> manyPartitions(clients));
    }

    static KafkaConsumer<byte[], byte[]> consumer(Clients clients, Object... pairs) {
        return new KafkaConsumer<>(clients.properties(pairs), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static long endOffset(Clients clients, String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(clients)) {
            return consumer.endOffsets(List.of(partition)).get(partition);
        }
    }

    static Map<String, Object> shown(ConsumerRecord<byte[], byte[]> record) {
        List<Object> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(Clients.map(header.key(), Clients.text(header.value())));
        }
        return Clients.map("partition", record.partition(), "offset", record.offset(), "key",
                Clients.text(record.key()), "value", Clients.text(record.value()), "headers", headers, "time",
                record.timestamp(), "type", record.timestampType().name(), "epoch", record.leaderEpoch().isPresent());
    }

    /** The next records of the assigned partitions, at least that many or what comes within the deadline. */
    private static List<ConsumerRecord<byte[], byte[]>> take(KafkaConsumer<byte[], byte[]> consumer, int count) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        long end = System.nanoTime() + 10_000_000_000L;
        while (records.size() < count && System.nanoTime() < end) {
            consumer.poll(Duration.ofMillis(100)).forEach(records::add);
        }
        return records;
    }

    static void printAll(Clients clients, String topic, int partition) throws Exception {
        TopicPartition from = new TopicPartition(topic, partition);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(clients)) {
            consumer.assign(List.of(from));
            consumer.seekToBeginning(List.of(from));
            long end = consumer.endOffsets(List.of(from)).get(from);
            for (ConsumerRecord<byte[], byte[]> record : take(consumer, (int) end)) {
                Clients.print(topic, shown(record));
            }
        }
    }

    /** Records 0 … count - 1 with a second between their timestamps, in requests of ten. */
    private static void fill(Clients clients, String topic, int partitions, int count, int size) throws Exception {
        // The timestamps are old: nothing may be deleted by age meanwhile.
        AdminScenarios.createTopic(clients, topic, partitions, "retention.ms", "-1");
        try (KafkaProducer<byte[], byte[]> producer = ProducerScenarios.producer(clients, "linger.ms", "1000")) {
            for (int index = 0; index < count; index++) {
                byte[] value = Clients.bytes(size, (char) ('a' + index % 26));
                producer.send(new ProducerRecord<>(
                        topic, index % partitions, FIRST_MS + 1000L * index, Clients.bytes("key " + index), value));
                if (index % 10 == 9) {
                    producer.flush();
                }
            }
        }
    }

    private static Object seek(Clients clients) throws Exception {
        fill(clients, "java-seek", 1, 100, 10);
        TopicPartition partition = new TopicPartition("java-seek", 0);
        for (String isolation : new String[] {"read_uncommitted", "read_committed"}) {
            try (KafkaConsumer<byte[], byte[]> consumer = consumer(
                         clients, "isolation.level", isolation, "max.poll.records", "7", "auto.offset.reset", "none")) {
                consumer.assign(List.of(partition));
                consumer.seekToBeginning(List.of(partition));
                Clients.show("from the beginning", () -> shown(take(consumer, 1).get(0)));
                Clients.show("position", () -> consumer.position(partition));
                for (long offset : new long[] {0, 9, 10, 55, 99}) {
                    consumer.seek(partition, offset);
                    Clients.show("from " + offset, () -> shown(take(consumer, 1).get(0)));
                    Clients.show("position", () -> consumer.position(partition));
                    Clients.show("lag", () -> consumer.currentLag(partition).getAsLong());
                }
                consumer.seekToEnd(List.of(partition));
                Clients.show("end", () -> consumer.position(partition));
                Clients.show("nothing", () -> consumer.poll(Duration.ofMillis(100)).count());
                consumer.seek(partition, 1000);
                Clients.show("out of range", () -> consumer.poll(Duration.ofMillis(10000)).count());
            }
        }
        for (String reset : new String[] {"earliest", "latest"}) {
            try (KafkaConsumer<byte[], byte[]> consumer = consumer(clients, "auto.offset.reset", reset)) {
                consumer.assign(List.of(partition));
                consumer.seek(partition, 1000);
                consumer.poll(Duration.ofMillis(3000));
                Clients.show("reset to " + reset, () -> consumer.position(partition));
            }
        }
        return null;
    }

    private static Object times(Clients clients) throws Exception {
        fill(clients, "java-times", 1, 50, 10);
        TopicPartition partition = new TopicPartition("java-times", 0);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(clients)) {
            long[] moments = {
                    0, FIRST_MS, FIRST_MS + 1, FIRST_MS + 9000, FIRST_MS + 9001, FIRST_MS + 49_000, FIRST_MS + 49_001};
            for (long time : moments) {
                Clients.show("at " + (time - FIRST_MS), () -> {
                    var found = consumer.offsetsForTimes(Map.of(partition, time)).get(partition);
                    return found == null ? null
                                         : Clients.map("offset", found.offset(), "time", found.timestamp(), "epoch",
                                                   found.leaderEpoch().isPresent());
                });
            }
            Clients.show("negative", () -> consumer.offsetsForTimes(Map.of(partition, -5L)));
            Clients.show("beginning", () -> consumer.beginningOffsets(List.of(partition)).get(partition));
            Clients.show("end", () -> consumer.endOffsets(List.of(partition)).get(partition));
        }
        return null;
    }

    private static Object sizes(Clients clients) throws Exception {
        fill(clients, "java-sizes", 1, 30, 20_000);
        TopicPartition partition = new TopicPartition("java-sizes", 0);
        Object[][] limits = {
                {"max.partition.fetch.bytes", "1"},
                {"max.partition.fetch.bytes", "50000"},
                {"fetch.max.bytes", "1"},
                {"fetch.min.bytes", "1000000", "fetch.max.wait.ms", "200"},
                {"max.poll.records", "1"},
                {"check.crcs", "true"},
        };
        for (Object[] limit : limits) {
            try (KafkaConsumer<byte[], byte[]> consumer = consumer(clients, limit)) {
                consumer.assign(List.of(partition));
                consumer.seekToBeginning(List.of(partition));
                List<Object> seen = new ArrayList<>();
                take(consumer, 30).forEach(record -> seen.add(record.offset() + " " + Clients.text(record.value())));
                Clients.print(String.valueOf(limit[0]), seen);
            }
        }
        return null;
    }

    private static Object metadata(Clients clients) throws Exception {
        AdminScenarios.createTopic(clients, "java-metadata", 3);
        Object[] patience = {
                "default.api.timeout.ms", "4000", "request.timeout.ms", "3000", "allow.auto.create.topics", "false"};
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(clients, patience)) {
            Clients.show("partitions", () -> partitions(consumer.partitionsFor("java-metadata")));
            Clients.show("listed", () -> partitions(consumer.listTopics().get("java-metadata")));
            Clients.show("unknown", () -> consumer.partitionsFor("java-nowhere"));
            Clients.show("bad name", () -> consumer.partitionsFor("java nowhere"));
            TopicPartition unknown = new TopicPartition("java-metadata", 7);
            Clients.show("unknown partition", () -> consumer.endOffsets(List.of(unknown)));
        }
        return null;
    }

    private static Object partitions(List<PartitionInfo> infos) {
        Map<String, Object> rows = new TreeMap<>();
        for (PartitionInfo info : infos) {
            rows.put(String.valueOf(info.partition()),
                    Clients.map("leader", info.leader().id(), "replicas", info.replicas().length, "isr",
                            info.inSyncReplicas().length, "offline", info.offlineReplicas().length));
        }
        return rows;
    }

    /** Long enough for an incremental fetch session whose partitions come and go. */
    private static Object manyPartitions(Clients clients) throws Exception {
        fill(clients, "java-many", 20, 400, 100);
        List<TopicPartition> all = new ArrayList<>();
        for (int index = 0; index < 20; index++) {
            all.add(new TopicPartition("java-many", index));
        }
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(clients, "max.poll.records", "13")) {
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<String, Object> last = new LinkedHashMap<>();
            List<ConsumerRecord<byte[], byte[]>> records = take(consumer, 400);
            records.forEach(record
                    -> last.merge("partition " + record.partition(), record.offset(),
                            (old, now) -> (Long) now == (Long) old + 1 ? now : "jumps from " + old + " to " + now));
            Clients.print(
                    "all", Clients.map("count", records.size(), "last", last.size(), "rows", new TreeMap<>(last)));
            consumer.assign(all.subList(0, 3));
            consumer.seekToBeginning(all.subList(0, 3));
            Clients.print("three", take(consumer, 60).size());
            consumer.pause(all.subList(0, 2));
            consumer.seekToBeginning(all.subList(0, 3));
            Clients.print("one", take(consumer, 20).stream().map(ConsumerRecord::partition).distinct().toList());
        }
        return null;
    }
}
