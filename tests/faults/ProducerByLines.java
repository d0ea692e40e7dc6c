import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * An idempotent producer of the Java client: each line of standard input, `partition value`, is sent as a record, and a
 * line is written for each that is acknowledged, `partition offset`, or given up, `partition -1 why`.
 */
final class ProducerByLines {
    private ProducerByLines() {}

    public static void main(String[] arguments) throws IOException {
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "acks", "all",
                "enable.idempotence", true, "max.in.flight.requests.per.connection", 5,
                "linger.ms", 2, "delivery.timeout.ms", 300_000, "request.timeout.ms", 5_000, "reconnect.backoff.ms", 10,
                "reconnect.backoff.max.ms", 100, "retry.backoff.max.ms", 100);
        PrintStream out = new PrintStream(System.out, true);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                int space = line.indexOf(' ');
                int partition = Integer.parseInt(line.substring(0, space));
                byte[] value = line.substring(space + 1).getBytes(StandardCharsets.UTF_8);
                producer.send(new ProducerRecord<>(arguments[1], partition, null, value), (metadata, failure) ->
                        out.println(partition + " " + (failure == null ? metadata.offset() : "-1 " + failure)));
            }
        }
    }
}
