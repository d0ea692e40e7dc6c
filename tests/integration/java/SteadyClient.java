import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The steady load of tests/clients/README.md with Kafka's Java clients. */
public final class SteadyClient {
    private static final Duration POLL = Duration.ofMillis(20);
    private static final long READ_NS_MAX = 20_000_000_000L;

    private final Queue<String> errors = new ConcurrentLinkedQueue<>();
    private final AtomicInteger acknowledged = new AtomicInteger();
    private final Map<String, Integer> read = new HashMap<>();

    private SteadyClient() {}

    public static void main(String[] arguments) throws Exception {
        new SteadyClient().run(arguments[0], arguments[1], Integer.parseInt(arguments[2]));
    }

    private void run(String bootstrap, String topic, int partitions) throws Exception {
        Map<String, Object> sending = Map.of("bootstrap.servers", bootstrap, "acks", "all", "linger.ms", 2);
        Map<String, Object> reading = Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest");
        StringSerializer out = new StringSerializer();
        StringDeserializer in = new StringDeserializer();
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(sending, out, out);
                KafkaConsumer<String, String> consumer = new KafkaConsumer<>(reading, in, in)) {
            consumer.assign(java.util.stream.IntStream.range(0, partitions)
                    .mapToObj(partition -> new TopicPartition(topic, partition)).toList());
            for (int sent = 0; System.in.available() == 0; sent++) {
                producer.send(new ProducerRecord<>(topic, sent % partitions, null, "steady " + sent), (at, failure) -> {
                    if (failure != null) {
                        errors.add(failure.toString());
                    } else if (acknowledged.incrementAndGet() == 1) {
                        System.out.println("\"begun\"");
                    }
                });
                poll(consumer);
            }
            producer.flush();
            for (long end = System.nanoTime() + READ_NS_MAX;
                    read.size() < acknowledged.get() && System.nanoTime() < end;) {
                poll(consumer);
            }
        }
        long repeated = read.values().stream().filter(times -> times > 1).count();
        System.out.printf("{\"acknowledged\": %d, \"read\": %d, \"repeated\": %d, \"errors\": [%s]}%n",
                acknowledged.get(), read.size(), repeated,
                String.join(", ", errors.stream().map(error -> "\"" + error.replace('"', '\'') + "\"").toList()));
    }

    private void poll(KafkaConsumer<String, String> consumer) {
        for (ConsumerRecord<String, String> record : consumer.poll(POLL)) {
            read.merge(record.value(), 1, Integer::sum);
        }
    }
}
