import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.AppInfoParser;

/** The script of tests/clients/README.md with Kafka's Java clients; it compiles and runs with 2.8 as with 4.3. */
public final class ClientScript {
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    private static final int PARTITIONS = 3;
    private static final int EACH = 6;
    private static final long BEGIN_MS = 1_700_000_000_000L;
    private static final long MIDDLE_MS = BEGIN_MS + 9500;
    private static final Duration POLL = Duration.ofMillis(100);

    private final Properties common = new Properties();
    private final String topic;
    private final List<TopicPartition> partitions = new ArrayList<>();
    private volatile boolean isShared;

    private ClientScript(String bootstrap, String topic) {
        common.put("bootstrap.servers", bootstrap);
        this.topic = topic;
        for (int partition = 0; partition < PARTITIONS; partition++) {
            partitions.add(new TopicPartition(topic, partition));
        }
    }

    public static void main(String[] arguments) throws Exception {
        print("client", List.of("kafka-clients", AppInfoParser.getVersion()));
        ClientScript script = new ClientScript(arguments[0], arguments[1]);
        try (Admin admin = Admin.create(script.common)) {
            script.create(admin);
            script.produce();
            script.offsets(admin);
            script.read();
            script.group(admin);
            script.delete(admin);
        }
    }

    private void create(Admin admin) throws Exception {
        List<Object> outcomes = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            NewTopic wanted = new NewTopic(topic, PARTITIONS, (short) 1).configs(Map.of("retention.ms", "-1"));
            outcomes.add(outcome(() -> admin.createTopics(List.of(wanted)).all().get()));
        }
        print("create", outcomes);
    }

    private KafkaProducer<byte[], byte[]> producer(String codec) {
        Properties properties = new Properties();
        properties.putAll(common);
        properties.put("compression.type", codec);
        properties.put("enable.idempotence", "true");
        properties.put("linger.ms", "20");
        return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private void produce() throws Exception {
        Map<String, Object> places = new LinkedHashMap<>();
        for (int codec = 0; codec < CODECS.size(); codec++) {
            String name = CODECS.get(codec);
            try (KafkaProducer<byte[], byte[]> producer = producer(name)) {
                List<java.util.concurrent.Future<RecordMetadata>> sent = new ArrayList<>();
                for (int index = 0; index < EACH; index++) {
                    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, index % PARTITIONS,
                            BEGIN_MS + (codec * EACH + index) * 1000L, bytes(name + " " + index),
                            bytes("value of " + name + " " + index + " ".repeat(40)));
                    record.headers().add("codec", bytes(name)).add("index", bytes(String.valueOf(index)));
                    sent.add(producer.send(record));
                }
                List<Object> rows = new ArrayList<>();
                for (java.util.concurrent.Future<RecordMetadata> one : sent) {
                    rows.add(List.of(one.get().partition(), one.get().offset()));
                }
                places.put(name, rows);
            }
        }
        print("produce", places);
    }

    private List<Long> listed(Admin admin, OffsetSpec spec) throws Exception {
        Map<TopicPartition, OffsetSpec> wanted = new LinkedHashMap<>();
        partitions.forEach(partition -> wanted.put(partition, spec));
        var found = admin.listOffsets(wanted).all().get();
        return partitions.stream().map(partition -> found.get(partition).offset()).collect(Collectors.toList());
    }

    private void offsets(Admin admin) throws Exception {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("earliest", listed(admin, OffsetSpec.earliest()));
        all.put("latest", listed(admin, OffsetSpec.latest()));
        all.put("time", listed(admin, OffsetSpec.forTimestamp(MIDDLE_MS)));
        print("offsets", all);
    }

    private KafkaConsumer<byte[], byte[]> consumer(boolean isMember) {
        Properties properties = new Properties();
        properties.putAll(common);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "earliest");
        properties.put("heartbeat.interval.ms", "200");
        if (isMember) {
            properties.put("group.id", topic);
        }
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private List<ConsumerRecord<byte[], byte[]>> drain(KafkaConsumer<byte[], byte[]> consumer) throws Exception {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        until("everything is read", () -> {
            consumer.poll(POLL).forEach(records::add);
            return partitions.stream().allMatch(one -> consumer.position(one) == ends.get(one));
        });
        records.sort(Comparator.comparingInt((ConsumerRecord<byte[], byte[]> one) -> one.partition())
                             .thenComparingLong(ConsumerRecord::offset));
        return records;
    }

    private static List<Object> row(ConsumerRecord<byte[], byte[]> record) {
        List<Object> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(List.of(header.key(), text(header.value())));
        }
        return List.of(record.partition(), record.offset(), record.timestamp(), text(record.key()),
                text(record.value()), headers);
    }

    private void read() throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(false)) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            print("read", drain(consumer).stream().map(ClientScript::row).collect(Collectors.toList()));
            Map<TopicPartition, Long> times = new LinkedHashMap<>();
            partitions.forEach(partition -> times.put(partition, MIDDLE_MS));
            consumer.offsetsForTimes(times).forEach((partition, found) -> consumer.seek(partition, found.offset()));
            print("read from a time", places(drain(consumer)));
        }
    }

    private static List<Object> places(Collection<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().map(one -> List.of(one.partition(), one.offset())).sorted(
                Comparator.comparing(Object::toString)).collect(Collectors.toList());
    }

    /** Polls and commits at once what came, so that a hand-over leaves nothing to be read twice. */
    private void step(KafkaConsumer<byte[], byte[]> member, List<ConsumerRecord<byte[], byte[]>> records) {
        var polled = member.poll(POLL);
        if (!polled.isEmpty()) {
            polled.forEach(records::add);
            member.commitSync();
        }
    }

    private void group(Admin admin) throws Exception {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        KafkaConsumer<byte[], byte[]> stays = consumer(true);
        KafkaConsumer<byte[], byte[]> leaves = consumer(true);
        Thread other = new Thread(() -> {
            List<ConsumerRecord<byte[], byte[]>> mine = new ArrayList<>();
            leaves.subscribe(List.of(topic));
            while (!isShared || leaves.assignment().isEmpty()) {
                step(leaves, mine);
            }
            leaves.close();
            synchronized (records) {
                records.addAll(mine);
            }
        });
        stays.subscribe(List.of(topic));
        until("the first member has everything", () -> {
            step(stays, records);
            return stays.assignment().size() == PARTITIONS;
        });
        other.start();
        until("two members share", () -> {
            step(stays, records);
            isShared = !stays.assignment().isEmpty() && stays.assignment().size() < PARTITIONS;
            return isShared;
        });
        print("group of two", "shares");
        until("one is left", () -> {
            step(stays, records);
            return !other.isAlive() && stays.assignment().size() == PARTITIONS
                    && records.size() >= CODECS.size() * EACH;
        });
        print("group read", places(records));
        Map<TopicPartition, Long> committed = new LinkedHashMap<>();
        admin.listConsumerGroupOffsets(topic).partitionsToOffsetAndMetadata().get().forEach(
                (partition, offset) -> committed.put(partition, offset.offset()));
        print("committed", partitions.stream().map(committed::get).collect(Collectors.toList()));
        print("group at work", state(admin));
        stays.close();
        resume();
        print("group left", state(admin));
    }

    private void resume() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer("none")) {
            for (TopicPartition partition : partitions) {
                producer.send(new ProducerRecord<>(topic, partition.partition(), bytes("more"), bytes("more"))).get();
            }
        }
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> member = consumer(true)) {
            member.subscribe(List.of(topic));
            until("the rest is read", () -> {
                step(member, records);
                return records.size() >= PARTITIONS;
            });
        }
        print("resumed", places(records));
    }

    private List<Object> state(Admin admin) throws Exception {
        var group = admin.describeConsumerGroups(List.of(topic)).all().get().get(topic);
        return List.of(group.state().toString(), group.members().size());
    }

    private void delete(Admin admin) throws Exception {
        print("groups", admin.listConsumerGroups().all().get().stream().anyMatch(one -> one.groupId().equals(topic)));
        List<Object> outcomes = new ArrayList<>();
        for (int round = 0; round < 2; round++) {
            outcomes.add(outcome(() -> admin.deleteConsumerGroups(List.of(topic)).all().get()));
        }
        print("delete group", outcomes);
        print("delete topic", outcome(() -> admin.deleteTopics(List.of(topic)).all().get()));
        until("the topic is gone", () -> !admin.listTopics().names().get().contains(topic));
    }

    private static String outcome(Callable<?> what) throws Exception {
        try {
            what.call();
            return "ok";
        } catch (ExecutionException failure) {
            return failure.getCause().getClass().getSimpleName();
        }
    }

    private static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + 30_000_000_000L;
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(what + ": not within 30 s");
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void print(String step, Object value) {
        System.out.println(json(Map.of("step", step, "value", value)));
    }

    /** Enough JSON for what is printed here: no text has anything to escape. */
    private static String json(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().map(one -> json(one.getKey()) + ": " + json(one.getValue())).collect(
                    Collectors.joining(", ", "{", "}"));
        }
        if (value instanceof Collection<?> list) {
            return list.stream().map(ClientScript::json).collect(Collectors.joining(", ", "[", "]"));
        }
        return value instanceof String ? '"' + value.toString() + '"' : String.valueOf(value);
    }
}
