import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Greetings BOOTSTRAP produce|consume COUNT */
public final class Greetings {
    private static final String TOPIC = "greetings-java";

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", arguments[0]);
        int count = Integer.parseInt(arguments[2]);
        if (arguments[1].equals("produce")) {
            produce(properties, count);
        } else {
            consume(properties, count);
        }
    }

    private static void produce(Properties properties, int count) throws Exception {
        try (Admin admin = Admin.create(properties)) {
            if (!admin.listTopics().names().get().contains(TOPIC)) {
                admin.createTopics(List.of(new NewTopic(TOPIC, 3, (short) 1))).all().get();
            }
        }
        // acks=all and idempotence are the defaults: what was acknowledged is there, once and in order.
        properties.put("linger.ms", "5");
        properties.put("compression.type", "zstd");
        try (var producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (int number = 0; number < count; number++) {
                var record = new ProducerRecord<>(TOPIC, "guest-" + number % 7, "greeting " + number);
                producer.send(record, (place, failure) -> {
                    if (failure != null) {
                        System.err.println(record.value() + " was not written: " + failure);
                    }
                });
            }
        }
        System.out.println("produced " + count);
    }

    private static void consume(Properties properties, int count) {
        properties.put("group.id", "greetings-java");
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        try (var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            int seen = 0;
            while (seen < count) {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(500));
                for (ConsumerRecord<String, String> record : records) {
                    System.out.println(record.key() + ": " + record.value());
                    seen++;
                }
                // Committed when the work is done: a crash repeats some of it, and skips nothing.
                consumer.commitSync();
            }
        }
    }
}
