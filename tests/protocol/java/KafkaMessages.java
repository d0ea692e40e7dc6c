import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.metadata.MetadataRecordType;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.Schema;

/** Kafka's own classes for the messages of brokers' listeners and for the records of its internal logs. */
final class KafkaMessages {
    /** Which of our structs Kafka calls otherwise. */
    private static final Map<String, String> KAFKA_NAMES = Map.of("ControlRecordKey", "ControlRecordTypeSchema");
    private static final String[] OTHERS = {"ControlRecordTypeSchema", "EndTxnMarker", "LeaderChangeMessage",
        "SnapshotHeaderRecord", "SnapshotFooterRecord", "KRaftVersionRecord", "VotersRecord",
        "ConsumerProtocolSubscription", "ConsumerProtocolAssignment"};

    /** A class of Kafka's; `stable` is its newest version that is final, `flexible` -1 where only its schema knows. */
    record Entry(Class<? extends Message> type, int key, int lowest, int highest, int stable) {
        Message create() {
            try {
                return type.getDeclaredConstructor().newInstance();
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        Schema schema(int version) {
            try {
                return ((Schema[]) type.getField("SCHEMAS").get(null))[version];
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        /** What Kafka makes of the bytes of a message; all of them must belong to it. */
        byte[] recode(byte[] body, int version) {
            ByteBufferAccessor from = new ByteBufferAccessor(ByteBuffer.wrap(body));
            Message message = create();
            message.read(from, (short) version);
            if (from.remaining() != 0) throw new IllegalArgumentException(from.remaining() + " bytes left over");
            return bytesOf(message, version);
        }

        private static byte[] bytesOf(Message message, int version) {
            ByteBuffer written = MessageUtil.toByteBufferAccessor(message, (short) version).buffer();
            byte[] bytes = new byte[written.remaining()];
            written.get(bytes);
            return bytes;
        }
    }

    private final Map<String, Entry> entries = new TreeMap<>();
    /** The first flexible version of each API as its header versions tell. */
    private final Map<String, Integer> flexible = new HashMap<>();
    private int stablePairs = 0;

    KafkaMessages() throws ReflectiveOperationException {
        for (ApiMessageType api : ApiMessageType.values()) {
            if (api.listeners().contains(ApiMessageType.ListenerType.BROKER)) addApi(api);
        }
        for (MetadataRecordType type : MetadataRecordType.values()) {
            add(type.newMetadataRecord(), type.id());
        }
        for (var type : org.apache.kafka.coordinator.group.generated.CoordinatorRecordType.values()) {
            add(type.newRecordKey(), type.id());
            add(type.newRecordValue(), type.id());
        }
        for (var type : org.apache.kafka.coordinator.transaction.generated.CoordinatorRecordType.values()) {
            add(type.newRecordKey(), type.id());
            add(type.newRecordValue(), type.id());
        }
        for (var type : org.apache.kafka.coordinator.share.generated.CoordinatorRecordType.values()) {
            add(type.newRecordKey(), type.id());
            add(type.newRecordValue(), type.id());
        }
        for (String name : OTHERS) {
            add((Message) Class.forName("org.apache.kafka.common.message." + name).getDeclaredConstructor()
                .newInstance(), -1);
        }
    }

    Map<String, Entry> entries() {
        return entries;
    }

    Entry find(String ourName) {
        return entries.get(KAFKA_NAMES.getOrDefault(ourName, ourName));
    }

    Integer flexibleOf(String name) {
        return flexible.get(name);
    }

    int stablePairs() {
        return stablePairs;
    }

    private void addApi(ApiMessageType api) {
        int stable = api.highestSupportedVersion(false);
        int highest = api.highestSupportedVersion(true);
        int first = Short.MAX_VALUE;
        for (int v = highest; v >= api.lowestSupportedVersion(); v--) {
            if (api.requestHeaderVersion((short) v) == 2) first = v;
        }
        stablePairs += stable - api.lowestSupportedVersion() + 1;
        for (Message message : new Message[] {api.newRequest(), api.newResponse()}) {
            String name = message.getClass().getSimpleName().replaceFirst("Data$", "");
            entries.put(name, new Entry(message.getClass(), api.apiKey(), message.lowestSupportedVersion(), highest,
                stable));
            flexible.put(name, first);
        }
    }

    private void add(Message record, int key) {
        int highest = record.highestSupportedVersion();
        entries.put(record.getClass().getSimpleName(),
            new Entry(record.getClass(), key, record.lowestSupportedVersion(), highest, highest));
    }
}
