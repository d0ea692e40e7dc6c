import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Drives Kafka's Java clients through one scenario, Clients BOOTSTRAP SCENARIO, and prints one JSON line for each step:
 * what came back or the class and message of what was thrown. The same scenario runs against Milena and against real
 * Kafka.
 */
public final class Clients {
    /** What may throw. */
    interface Step {
        Object run() throws Exception;
    }

    private static final ObjectMapper JSON = new ObjectMapper()
                                                     .configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true)
                                                     .configure(SerializationFeature.FAIL_ON_EMPTY_BEANS, false);

    final String bootstrap;

    private Clients(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    public static void main(String[] arguments) throws Exception {
        Clients clients = new Clients(arguments[0]);
        Map<String, Step> scenarios = new LinkedHashMap<>();
        ProducerScenarios.add(scenarios, clients);
        ConsumerScenarios.add(scenarios, clients);
        AdminScenarios.add(scenarios, clients);
        GroupScenarios.add(scenarios, clients);
        AdminConfigScenarios.add(scenarios, clients);
        scenarios.get(arguments[1]).run();
    }

    static void print(String step, Object value) throws Exception {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", step);
        line.put("value", value);
        System.out.println(JSON.writeValueAsString(line));
    }

    /** Prints what the step returns, or what it throws. */
    static void show(String step, Step what) throws Exception {
        print(step, result(what));
    }

    static Object result(Step what) {
        try {
            return what.run();
        } catch (ExecutionException failure) {
            return thrown(failure.getCause());
        } catch (Exception failure) {
            return thrown(failure);
        }
    }

    /**
     * How a client words a time-out depends on what it was waiting for at that moment; and how a broker words what is
     * wrong with a single record is its own affair.
     */
    private static Object thrown(Throwable failure) {
        boolean isFree = failure instanceof TimeoutException || failure instanceof InvalidRecordException
                || failure instanceof InvalidTimestampException;
        String message = isFree ? null : failure.getMessage();
        return map("thrown", failure.getClass().getName(), "message", message);
    }

    /** Polls until the condition holds: the controller has answered before every broker has heard. */
    static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + 60_000_000_000L;
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(what + ": not within 60 s");
            }
            Thread.sleep(10);
        }
    }

    static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int index = 0; index < pairs.length; index += 2) {
            map.put(String.valueOf(pairs[index]), pairs[index + 1]);
        }
        return map;
    }

    Properties properties(Object... pairs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        map(pairs).forEach((name, value) -> properties.put(name, String.valueOf(value)));
        return properties;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(int size, char content) {
        byte[] value = new byte[size];
        Arrays.fill(value, (byte) content);
        return value;
    }

    static String text(byte[] bytes) {
        if (bytes == null) {
            return null;
        }
        return bytes.length > 64 ? bytes.length + " bytes, hash " + Arrays.hashCode(bytes)
                                 : new String(bytes, StandardCharsets.UTF_8);
    }
}
