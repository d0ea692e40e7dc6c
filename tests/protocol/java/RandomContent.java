import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.protocol.types.ArrayOf;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.CompactArrayOf;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.NullableSchema;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;

/** Random bytes that are a valid message of one of Kafka's schemas. */
final class RandomContent {
    private static final String TEXT = "The five boxing wizards jump quickly, and as this must be longer than one "
        + "hundred and twenty-seven bytes to need two bytes of length, they do it all over again and again.";
    private static final String[] TEXTS = {"", "a", "größer", "日本語 🙂", "topic-1", TEXT.substring(0, 126),
        TEXT.substring(0, 127), TEXT.substring(0, 128), TEXT};
    private static final long[] NUMBERS = {0, 1, -1, 127, 128, -128, Short.MAX_VALUE, Integer.MAX_VALUE,
        Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE};

    private final Random random;

    RandomContent(long seed) {
        random = new Random(seed);
    }

    byte[] of(Schema schema) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        write(schema, new DataOutputStream(bytes));
        return bytes.toByteArray();
    }

    private void write(Type type, DataOutputStream to) throws IOException {
        if (type instanceof Schema schema) {
            if (type instanceof NullableSchema && !writePresence(-1, to)) return;
            writeStruct(schema, to);
        } else if (type instanceof TaggedFields tagged) {
            writeTags(tagged.fields(), to);
        } else if (type instanceof ArrayOf || type instanceof CompactArrayOf) {
            writeArray(type, to);
        } else if (!writeNumber(type, to)) {
            writeBlob(type, to);
        }
    }

    private void writeStruct(Schema schema, DataOutputStream to) throws IOException {
        for (BoundField field : schema.fields()) write(field.def.type, to);
    }

    private boolean writePresence(int absent, DataOutputStream to) throws IOException {
        boolean present = random.nextInt(3) > 0;
        to.writeByte(present ? 1 : absent);
        return present;
    }

    /** As a tagged field, a struct that is null is 0: Kafka's schemas know nothing of it, but its classes do. */
    private void writeTagged(Type type, DataOutputStream to) throws IOException {
        if (!(type instanceof NullableSchema schema)) {
            write(type, to);
        } else if (writePresence(0, to)) {
            writeStruct(schema, to);
        }
    }

    private void writeTags(Map<Integer, Field> fields, DataOutputStream to) throws IOException {
        Map<Integer, Field> chosen = new TreeMap<>();
        fields.forEach((tag, field) -> {
            if (random.nextBoolean()) chosen.put(tag, field);
        });
        writeVarint(chosen.size(), to);
        for (Map.Entry<Integer, Field> entry : chosen.entrySet()) {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            writeTagged(entry.getValue().type, new DataOutputStream(content));
            writeVarint(entry.getKey(), to);
            writeVarint(content.size(), to);
            content.writeTo(to);
        }
    }

    private void writeArray(Type type, DataOutputStream to) throws IOException {
        Type element = type.arrayElementType().orElseThrow();
        int count = type.isNullable() && random.nextInt(4) == 0 ? -1 : random.nextInt(4);
        if (!(element instanceof Schema) && random.nextInt(32) == 0) count = 130;
        if (type instanceof CompactArrayOf) {
            writeVarint(count + 1, to);
        } else {
            to.writeInt(count);
        }
        for (int i = 0; i < count; i++) write(element, to);
    }

    private boolean writeNumber(Type type, DataOutputStream to) throws IOException {
        long number = random.nextInt(3) == 0 ? random.nextLong() : NUMBERS[random.nextInt(NUMBERS.length)];
        if (type == Type.BOOLEAN) {
            to.writeByte(random.nextInt(2));
        } else if (type == Type.INT8) {
            to.writeByte((int) number);
        } else if (type == Type.INT16 || type == Type.UINT16) {
            to.writeShort((int) number);
        } else if (type == Type.INT32 || type == Type.UNSIGNED_INT32) {
            to.writeInt((int) number);
        } else if (type == Type.INT64) {
            to.writeLong(number);
        } else if (type == Type.FLOAT64) {
            to.writeDouble(random.nextDouble() * 1e9);
        } else if (type == Type.UUID) {
            to.writeLong(random.nextInt(4) == 0 ? 0 : random.nextLong());
            to.writeLong(random.nextLong());
        } else {
            return false;
        }
        return true;
    }

    private void writeBlob(Type type, DataOutputStream to) throws IOException {
        boolean compact = type.toString().startsWith("COMPACT");
        boolean isText = type.toString().endsWith("STRING");
        if (type.isNullable() && random.nextInt(4) == 0) {
            if (compact) {
                to.writeByte(0);
            } else if (isText) {
                to.writeShort(-1);
            } else {
                to.writeInt(-1);
            }
            return;
        }
        byte[] content = isText ? TEXTS[random.nextInt(TEXTS.length)].getBytes(StandardCharsets.UTF_8)
            : new byte[random.nextInt(8) == 0 ? random.nextInt(3000) : random.nextInt(40)];
        if (!isText) random.nextBytes(content);
        if (compact) {
            writeVarint(content.length + 1, to);
        } else if (isText) {
            to.writeShort(content.length);
        } else {
            to.writeInt(content.length);
        }
        to.write(content);
    }

    private static void writeVarint(int value, DataOutputStream to) throws IOException {
        for (; (value & ~0x7f) != 0; value >>>= 7) to.writeByte(value & 0x7f | 0x80);
        to.writeByte(value);
    }
}
