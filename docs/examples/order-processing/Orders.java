import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Orders pass from service to service: Orders BOOTSTRAP place COUNT | pay COUNT [crash] | ship COUNT.
 *
 * The payment service writes a payment, then commits the order; a crash in between makes it write the payment again.
 * The shipping service therefore knows every order that it has shipped: it reads its own topic before it begins.
 */
public final class Orders {
    private static final List<String> TOPICS = List.of("orders", "payments", "shipments");
    private static final Duration POLL = Duration.ofMillis(500);

    private final Properties properties = new Properties();
    private final KafkaProducer<String, String> producer;

    private Orders(String bootstrap) {
        properties.put("bootstrap.servers", bootstrap);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        properties.put("session.timeout.ms", "6000");
        properties.put("compression.type", "lz4");
        producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
    }

    public static void main(String[] arguments) throws Exception {
        Orders orders = new Orders(arguments[0]);
        int count = Integer.parseInt(arguments[2]);
        switch (arguments[1]) {
            case "place" -> orders.place(count);
            case "pay" -> orders.pay(count, arguments.length > 3);
            case "ship" -> orders.ship(count);
            default -> throw new IllegalArgumentException(arguments[1]);
        }
        orders.producer.close();
    }

    private void place(int count) throws Exception {
        try (Admin admin = Admin.create(properties)) {
            Set<String> there = admin.listTopics().names().get();
            admin.createTopics(TOPICS.stream().filter(topic -> !there.contains(topic)).map(
                    topic -> new NewTopic(topic, 3, (short) 1)).toList()).all().get();
        }
        for (int number = 0; number < count; number++) {
            producer.send(new ProducerRecord<>("orders", "order-" + number, "customer-" + number % 5));
        }
        producer.flush();
        System.out.println("placed " + count);
    }

    private KafkaConsumer<String, String> member(String group, String topic) {
        Properties own = new Properties();
        own.putAll(properties);
        own.put("group.id", group);
        KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(own, new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(List.of(topic));
        return consumer;
    }

    private void pay(int count, boolean crashes) throws Exception {
        try (KafkaConsumer<String, String> consumer = member("payment-service", "orders")) {
            int paid = 0;
            while (paid < count) {
                for (ConsumerRecord<String, String> order : consumer.poll(POLL)) {
                    producer.send(new ProducerRecord<>("payments", order.key(), order.value()));
                    paid++;
                }
                producer.flush();
                if (crashes && paid > 0) {
                    System.out.println("crashed after " + paid);
                    Runtime.getRuntime().halt(1);
                }
                consumer.commitSync();
            }
            System.out.println("paid " + paid);
        }
    }

    private Set<String> shipped() {
        Set<String> orders = new HashSet<>();
        try (var reader = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = reader.partitionsFor("shipments").stream().map(
                    one -> new TopicPartition(one.topic(), one.partition())).toList();
            Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
            reader.assign(partitions);
            reader.seekToBeginning(partitions);
            while (!partitions.stream().allMatch(one -> reader.position(one) >= ends.get(one))) {
                reader.poll(POLL).forEach(shipment -> orders.add(shipment.key()));
            }
        }
        return orders;
    }

    private void ship(int count) throws Exception {
        Set<String> done = shipped();
        try (KafkaConsumer<String, String> consumer = member("shipping-service", "payments")) {
            while (done.size() < count) {
                for (ConsumerRecord<String, String> payment : consumer.poll(POLL)) {
                    if (done.add(payment.key())) {
                        producer.send(new ProducerRecord<>("shipments", payment.key(), "to " + payment.value()));
                    } else {
                        System.out.println("paid twice, shipped once: " + payment.key());
                    }
                }
                producer.flush();
                consumer.commitSync();
            }
            System.out.println("shipped " + done.size());
        }
    }
}
