import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Our codec, in a process of its own; wire_oracle.cc describes what is said between us. */
final class Peer implements AutoCloseable {
    /** A struct of ours: what it says about itself. */
    record MessageType(int index, String name, Kind kind, int key, int min, int max, int flexible, int stable) { }

    enum Kind { REQUEST, RESPONSE, RECORD }

    /** The peer refused to decode. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        Refusal(String reason) {
            super(reason);
        }
    }

    private final Process process;
    private final DataOutputStream questions;
    private final DataInputStream answers;

    Peer(String program) throws IOException {
        process = new ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        questions = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 16));
        answers = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
    }

    List<MessageType> types() throws IOException, Refusal {
        questions.writeByte('l');
        List<MessageType> types = new ArrayList<>();
        for (String line : new String(answer(), StandardCharsets.UTF_8).split("\n")) {
            String[] word = line.split(" ");
            int[] number = new int[word.length];
            for (int i = 1; i < word.length; i++) number[i] = Integer.parseInt(word[i]);
            types.add(new MessageType(types.size(), word[0], Kind.values()[number[1]], number[2], number[3], number[4],
                number[5], number[6]));
        }
        return types;
    }

    byte[] recode(MessageType type, int version, byte[] body) throws IOException, Refusal {
        ask('r', type, version);
        questions.writeInt(body.length);
        questions.write(body);
        return answer();
    }

    byte[] random(MessageType type, int version, long seed) throws IOException, Refusal {
        ask('g', type, version);
        questions.writeLong(seed);
        return answer();
    }

    private void ask(char question, MessageType type, int version) throws IOException {
        questions.writeByte(question);
        questions.writeShort(type.index());
        questions.writeShort(version);
    }

    private byte[] answer() throws IOException, Refusal {
        questions.flush();
        boolean success = answers.readByte() != 0;
        byte[] content = answers.readNBytes(answers.readInt());
        if (!success) throw new Refusal(new String(content, StandardCharsets.UTF_8));
        return content;
    }

    @Override
    public void close() throws IOException {
        questions.close();
        process.destroy();
    }
}
