import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The Java producer: every acknowledgement setting and codec, headers, sizes, timestamps, refusals. */
final class ProducerScenarios {
    private static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
    private static final String[] ACKS = {"0", "1", "all"};

    private ProducerScenarios() {}

    static void add(Map<String, Clients.Step> scenarios, Clients clients) {
        scenarios.put("produce-settings", () -> settings(clients));
        scenarios.put("produce-records", () -> records(clients));
        scenarios.put("produce-refusals", () -> refusals(clients));
        scenarios.put("produce-timestamps", () -> timestamps(clients));
    }

    static KafkaProducer<byte[], byte[]> producer(Clients clients, Object... pairs) {
        return new KafkaProducer<>(clients.properties(pairs), new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static Map<String, Object> shown(RecordMetadata metadata) {
        return Clients.map("offset", metadata.offset(), "partition", metadata.partition(), "hasOffset",
                metadata.hasOffset(), "hasTimestamp", metadata.hasTimestamp(), "key", metadata.serializedKeySize(),
                "value", metadata.serializedValueSize());
    }

    private static Object settings(Clients clients) throws Exception {
        AdminScenarios.createTopic(clients, "java-settings", 1);
        for (String codec : CODECS) {
            for (String acks : ACKS) {
                Object[] pairs = {
                        "acks", acks, "compression.type", codec, "enable.idempotence", "false", "linger.ms", "50"};
                Clients.show(codec + " acks=" + acks, () -> send(clients, "java-settings", 20, pairs));
            }
            Object[] pairs = {"enable.idempotence", "true", "compression.type", codec, "linger.ms", "50"};
            Clients.show(codec + " idempotent", () -> send(clients, "java-settings", 20, pairs));
        }
        ConsumerScenarios.printAll(clients, "java-settings", 0);
        return null;
    }

    /**
     * The offsets of that many records; without acknowledgement it is unknown, but the next request waits behind it.
     */
    private static List<Object> send(Clients clients, String topic, int count, Object... pairs) throws Exception {
        List<Object> offsets = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = producer(clients, pairs)) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int index = 0; index < count; index++) {
                byte[] value = Clients.bytes("value " + index + " " + pairs[1] + " " + pairs[3]);
                sent.add(producer.send(new ProducerRecord<>(topic, 0, Clients.bytes("key " + index % 3), value)));
            }
            for (Future<RecordMetadata> one : sent) {
                offsets.add(one.get().offset());
            }
        }
        if (offsets.contains(-1L)) {
            Clients.until("a multiple of " + count, () -> ConsumerScenarios.endOffset(clients, topic) % count == 0);
        }
        return offsets;
    }

    private static Object records(Clients clients) throws Exception {
        AdminScenarios.createTopic(clients, "java-records", 1);
        try (KafkaProducer<byte[], byte[]> producer =
                        producer(clients, "linger.ms", "0", "max.request.size", "2000000")) {
            RecordHeaders headers = new RecordHeaders();
            headers.add("one", Clients.bytes("1")).add("one", Clients.bytes("again")).add("null", null);
            headers.add("empty", new byte[0]).add("ümläut ☃", Clients.bytes(300, 'h'));
            Object[][] rows = {
                    {"headers", Clients.bytes("key"), Clients.bytes("value")},
                    {"null key", null, Clients.bytes("value")},
                    {"null value", Clients.bytes("key"), null},
                    {"both null", null, null},
                    {"empty", new byte[0], new byte[0]},
                    {"big key", Clients.bytes(100_000, 'k'), Clients.bytes("v")},
                    {"one megabyte", Clients.bytes("k"), Clients.bytes(1_000_000, 'v')},
            };
            for (Object[] row : rows) {
                ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                        "java-records", 0, (byte[]) row[1], (byte[]) row[2], row[0].equals("headers") ? headers : null);
                Clients.show((String) row[0], () -> shown(producer.send(record).get()));
            }
        }
        ConsumerScenarios.printAll(clients, "java-records", 0);
        return null;
    }

    private static Object refusals(Clients clients) throws Exception {
        AdminScenarios.createTopic(clients, "java-refusals", 1, "max.message.bytes", "1000");
        AdminScenarios.createTopic(clients, "java-compacted", 1, "cleanup.policy", "compact");
        AdminScenarios.createTopic(clients, "java-isr", 1, "min.insync.replicas", "2");
        Object[] pairs = {
                "max.block.ms", "5000", "delivery.timeout.ms", "20000",
                "request.timeout.ms", "10000", "linger.ms", "0"};
        try (KafkaProducer<byte[], byte[]> producer = producer(clients, pairs)) {
            Object[][] rows = {
                    {"too large", "java-refusals", 0, "k", Clients.bytes(2000, 'x')},
                    {"fits", "java-refusals", 0, "k", Clients.bytes(500, 'x')},
                    {"larger than the client allows", "java-refusals", 0, "k", Clients.bytes(1_100_000, 'x')},
                    {"unknown partition", "java-refusals", 9, "k", Clients.bytes("v")},
                    {"bad topic", "java refusals", 0, "k", Clients.bytes("v")},
                    {"no key in a compacted topic", "java-compacted", 0, null, Clients.bytes("v")},
                    {"key in a compacted topic", "java-compacted", 0, "k", Clients.bytes("v")},
            };
            for (Object[] row : rows) {
                byte[] key = row[3] == null ? null : Clients.bytes((String) row[3]);
                ProducerRecord<byte[], byte[]> record =
                        new ProducerRecord<>((String) row[1], (Integer) row[2], key, (byte[]) row[4]);
                Clients.show((String) row[0], () -> shown(producer.send(record).get()));
            }
        }
        Object[] once = {"retries", "0", "enable.idempotence", "false", "acks", "all", "delivery.timeout.ms", "20000",
                "request.timeout.ms", "10000", "linger.ms", "0"};
        try (KafkaProducer<byte[], byte[]> producer = producer(clients, once)) {
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>("java-isr", 0, null, Clients.bytes("v"));
            Clients.show("too few in sync", () -> shown(producer.send(record).get()));
        }
        return null;
    }

    private static Object timestamps(Clients clients) throws Exception {
        AdminScenarios.createTopic(
                clients, "java-create-time", 1, "message.timestamp.after.max.ms", "3600000", "retention.ms", "-1");
        AdminScenarios.createTopic(
                clients, "java-append-time", 1, "message.timestamp.type", "LogAppendTime", "retention.ms", "-1");
        Object[] pairs = {"linger.ms", "0", "retries", "0", "enable.idempotence", "false"};
        try (KafkaProducer<byte[], byte[]> producer = producer(clients, pairs)) {
            for (long time : new long[] {0, 1, 1_000_000_000_000L, System.currentTimeMillis() + 36_000_000L}) {
                for (String topic : new String[] {"java-create-time", "java-append-time"}) {
                    ProducerRecord<byte[], byte[]> record =
                            new ProducerRecord<>(topic, 0, time, null, Clients.bytes("v"));
                    Clients.show(topic, () -> shown(producer.send(record).get()));
                }
            }
        }
        ConsumerScenarios.printAll(clients, "java-create-time", 0);
        ConsumerScenarios.printAll(clients, "java-append-time", 0);
        return null;
    }
}
