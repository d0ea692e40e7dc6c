import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.ResponseHeader;

/**
 * Sends requests exactly as they are written, in any version, and prints what comes back: Requests HOST:PORT, with one
 * JSON object for each line of the input,
 *
 *   {"api": "JoinGroup", "version": 9, "body": {…}, "as": "first", "on": "a"}
 *
 * "on" names a connection, made when it is first named, and "as" the answer: ${first.memberId} in a later line stands
 * for what it says, and "#{first.generationId}" for a number. With "later": true nobody waits for the answer before
 * {"receive": "first"}. What comes after an answer that never came, since the broker has closed the connection, is sent
 * on a new one.
 */
public final class Requests {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern REFERENCE =
            Pattern.compile("\\$\\{(\\w+)\\.([\\w.]+)\\}|\"#\\{(\\w+)\\.([\\w.]+)\\}\"");

    /** An answer that is on its way. */
    private record Pending(Socket link, ApiKeys api, short version) {}

    private final String host;
    private final int port;
    private final Map<String, Socket> links = new HashMap<>();
    private final Map<String, Pending> pending = new HashMap<>();
    private final Map<String, JsonNode> answers = new HashMap<>();
    private int unnamed = 0;

    private Requests(String bootstrap) {
        host = bootstrap.substring(0, bootstrap.lastIndexOf(':'));
        port = Integer.parseInt(bootstrap.substring(host.length() + 1));
    }

    public static void main(String[] arguments) throws Exception {
        Requests requests = new Requests(arguments[0]);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            requests.run(JSON.readTree(requests.filledIn(line)));
        }
        for (Socket link : requests.links.values()) {
            link.close();
        }
    }

    private void run(JsonNode line) throws Exception {
        if (line.has("pause_ms")) {
            Thread.sleep(line.get("pause_ms").asLong());
            return;
        }
        if (line.has("close")) {
            links.remove(line.get("close").asText()).close();
            return;
        }
        String name = line.has("receive") ? line.get("receive").asText() : line.path("as").asText("#" + unnamed++);
        if (line.has("receive")) {
            show(name, receive(pending.remove(name)));
            return;
        }
        Pending sent = send(line);
        if (line.path("later").asBoolean()) {
            pending.put(name, sent);
        } else {
            show(name, receive(sent));
        }
    }

    private void show(String name, JsonNode answer) throws Exception {
        answers.put(name, answer);
        ObjectNode shown = JSON.createObjectNode();
        shown.put("step", name);
        shown.set("value", answer);
        System.out.println(JSON.writeValueAsString(shown));
    }

    private String filledIn(String line) {
        Matcher found = REFERENCE.matcher(line);
        StringBuilder text = new StringBuilder();
        while (found.find()) {
            boolean isText = found.group(1) != null;
            JsonNode value = answers.get(found.group(isText ? 1 : 3));
            for (String part : found.group(isText ? 2 : 4).split("\\.")) {
                value = value.isArray() ? value.get(Integer.parseInt(part)) : value.get(part);
            }
            found.appendReplacement(text, Matcher.quoteReplacement(value.asText()));
        }
        return found.appendTail(text).toString();
    }

    private static ApiKeys apiCalled(String name) {
        for (ApiKeys key : ApiKeys.values()) {
            if (key.messageType.name.equals(name)) {
                return key;
            }
        }
        throw new IllegalArgumentException(name);
    }

    private static Class<?> converter(ApiKeys api, String kind) throws Exception {
        return Class.forName("org.apache.kafka.common.message." + api.messageType.name + kind + "DataJsonConverter");
    }

    private Pending send(JsonNode line) throws Exception {
        ApiKeys api = apiCalled(line.get("api").asText());
        short version = (short) line.get("version").asInt();
        ApiMessage body = (ApiMessage) converter(api, "Request")
                                  .getMethod("read", JsonNode.class, short.class)
                                  .invoke(null, line.get("body"), version);
        RequestHeader header = new RequestHeader(api, version, line.path("client").asText("raw"), 7);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        int size = header.data().size(cache, header.headerVersion()) + body.size(cache, version);
        ByteBuffer frame = ByteBuffer.allocate(4 + size);
        frame.putInt(size);
        header.data().write(new ByteBufferAccessor(frame), cache, header.headerVersion());
        body.write(new ByteBufferAccessor(frame), cache, version);
        String on = line.path("on").asText("main");
        if (!links.containsKey(on)) {
            links.put(on, new Socket(host, port));
        }
        Socket link = links.get(on);
        link.setSoTimeout(20_000);
        new DataOutputStream(link.getOutputStream()).write(frame.array());
        return new Pending(link, api, version);
    }

    private JsonNode receive(Pending sent) throws Exception {
        DataInputStream input = new DataInputStream(sent.link().getInputStream());
        byte[] frame;
        try {
            frame = new byte[input.readInt()];
            input.readFully(frame);
        } catch (IOException failure) { // a reset, if the broker hasn't read all that was sent
            links.values().remove(sent.link());
            sent.link().close();
            boolean silent = failure instanceof SocketTimeoutException;
            return JSON.createObjectNode().put("closed", silent ? "without an answer" : "by the broker");
        }
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        ResponseHeader.parse(buffer, sent.api().responseHeaderVersion(sent.version()));
        ApiMessage body = sent.api().messageType.newResponse();
        body.read(new ByteBufferAccessor(buffer), sent.version());
        if (buffer.hasRemaining()) {
            throw new IllegalStateException(buffer.remaining() + " bytes left over");
        }
        JsonNode answer = (JsonNode) converter(sent.api(), "Response")
                                  .getMethod("write", body.getClass(), short.class)
                                  .invoke(null, body, sent.version());
        if (body instanceof FetchResponseData fetched) {
            showRecords(fetched, answer);
        }
        return answer;
    }

    /** The converter leaves them out. */
    private static void showRecords(FetchResponseData fetched, JsonNode answer) {
        for (int i = 0; i < fetched.responses().size(); ++i) {
            List<FetchResponseData.PartitionData> partitions = fetched.responses().get(i).partitions();
            for (int j = 0; j < partitions.size(); ++j) {
                if (partitions.get(j).records() instanceof MemoryRecords records) {
                    byte[] bytes = new byte[records.sizeInBytes()];
                    records.buffer().duplicate().get(bytes);
                    ObjectNode shown = (ObjectNode) answer.get("responses").get(i).get("partitions").get(j);
                    shown.put("records", HexFormat.of().formatHex(bytes));
                }
            }
        }
    }
}
