import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs the main methods of Kafka's command line tools one after another in one JVM, because a JVM start costs more than
 * most tools do. One JSON request a line on stdin: {main, args, stdin}; one JSON answer a line on stdout: {exit, out,
 * err}. Ends when stdin ends, so that it never outlives the test run.
 */
public final class ToolServer {
    private static final class ToolExit extends Error {
        ToolExit() {
            super("exit", null, false, false);
        }
    }

    /** System.out and System.err stay the same objects for ever, since loggers and Scala's Console keep them. */
    private static final class Capture extends OutputStream {
        private ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public synchronized void write(int value) {
            bytes.write(value);
        }

        @Override
        public synchronized void write(byte[] buffer, int offset, int length) {
            bytes.write(buffer, offset, length);
        }

        synchronized String take() {
            String text = bytes.toString(StandardCharsets.UTF_8);
            bytes = new ByteArrayOutputStream();
            return text;
        }

        PrintStream stream() {
            return new PrintStream(this, true, StandardCharsets.UTF_8);
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Capture OUT = new Capture();
    private static final Capture ERR = new Capture();
    private static final List<Runnable> hooks = new ArrayList<>();
    private static Integer status;

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = System.out;
        System.setOut(OUT.stream());
        System.setErr(ERR.stream());
        Exit.setExitProcedure((code, message) -> exit(code));
        Exit.setHaltProcedure((code, message) -> exit(code));
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            answers.println(JSON.writeValueAsString(serve(JSON.readTree(line))));
            answers.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    /** The first call decides: a tool that catches its own exit may call a second time from its error path. */
    private static synchronized void exit(int code) {
        if (status == null) {
            status = code;
        }
        throw new ToolExit();
    }

    private static ObjectNode serve(JsonNode request) throws Exception {
        List<String> words = new ArrayList<>();
        request.get("args").forEach(word -> words.add(word.asText()));
        status = null;
        hooks.clear();
        OUT.take();
        ERR.take();
        System.setIn(new ByteArrayInputStream(request.get("stdin").asText().getBytes(StandardCharsets.UTF_8)));
        call(request.get("main").asText(), words.toArray(new String[0]));
        hooks.forEach(Runnable::run);
        ObjectNode answer = JSON.createObjectNode();
        answer.put("exit", status == null ? 0 : status);
        answer.put("out", OUT.take());
        answer.put("err", ERR.take());
        return answer;
    }

    private static void call(String main, String[] words) throws Exception {
        try {
            Class.forName(main).getMethod("main", String[].class).invoke(null, (Object) words);
        } catch (InvocationTargetException failure) {
            if (failure.getCause() instanceof ToolExit) {
                return;
            }
            failure.getCause().printStackTrace();
            status = 1;
        }
    }
}
