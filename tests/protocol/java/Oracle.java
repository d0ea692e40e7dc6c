import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * Compares our description of the protocol with Kafka's own classes, for every message and record and every version:
 * what Kafka writes, we read and write alike; what we write, Kafka reads and writes alike.
 */
public final class Oracle {
    private static final int PAIRS_WANTED = 277;
    private static final int FAILURES_SHOWN = 20;

    private final Peer peer;
    private final KafkaMessages kafka = new KafkaMessages();
    private final long seed;
    private final int contents;
    private final Set<String> pairs = new HashSet<>();
    private int recordVersions = 0;
    private int comparisons = 0;
    private int failures = 0;

    private Oracle(Peer peer, long seed, int contents) throws ReflectiveOperationException {
        this.peer = peer;
        this.seed = seed;
        this.contents = contents;
    }

    public static void main(String[] args) throws Exception {
        long seed = 1;
        int contents = 12;
        for (int i = 1; i + 1 < args.length; i += 2) {
            switch (args[i]) {
                case "--seed" -> seed = Long.parseLong(args[i + 1]);
                case "--contents" -> contents = Integer.parseInt(args[i + 1]);
                default -> throw new IllegalArgumentException("unknown option " + args[i]);
            }
        }
        try (Peer peer = new Peer(args[0])) {
            System.exit(new Oracle(peer, seed, contents).run() ? 0 : 1);
        }
    }

    private boolean run() throws Exception {
        Set<String> described = new HashSet<>();
        for (Peer.MessageType type : peer.types()) {
            KafkaMessages.Entry entry = kafka.find(type.name());
            if (entry == null) {
                fail(type.name() + ": Kafka has no such message");
                continue;
            }
            described.add(entry.type().getSimpleName().replaceFirst("Data$", ""));
            compareVersions(type, entry);
            for (int version = type.min(); version <= type.max(); version++) compare(type, entry, version);
        }
        for (String name : kafka.entries().keySet()) {
            if (!described.contains(name)) fail(name + ": not described by us");
        }
        if (pairs.size() != PAIRS_WANTED || kafka.stablePairs() != PAIRS_WANTED) {
            fail("stable pairs: " + pairs.size() + " compared, Kafka has " + kafka.stablePairs() + ", wanted "
                + PAIRS_WANTED);
        }
        System.out.printf("protocol oracle: %d pairs, %d record versions, %d comparisons, seed %d: %s%n", pairs.size(),
            recordVersions, comparisons, seed, failures == 0 ? "all equal" : failures + " failures");
        return failures == 0;
    }

    private void compareVersions(Peer.MessageType type, KafkaMessages.Entry entry) {
        Integer flexible = kafka.flexibleOf(type.name());
        if (type.key() != entry.key() && entry.key() >= 0) fail(type.name() + ": key " + entry.key());
        if (type.min() != entry.lowest() || type.max() != entry.highest() || type.stable() != entry.stable()) {
            fail(type.name() + ": Kafka has versions " + entry.lowest() + " to " + entry.highest() + ", stable "
                + entry.stable());
        }
        // A first flexible version below the lowest version is as good as the lowest.
        if (flexible != null && Math.max(type.flexible(), type.min()) != flexible) {
            fail(type.name() + ": Kafka is flexible from " + flexible);
        }
    }

    private void compare(Peer.MessageType type, KafkaMessages.Entry entry, int version) throws Exception {
        String where = type.name() + " version " + version;
        int failuresBefore = failures;
        RandomContent random = new RandomContent(seed * 1_000_003 + where.hashCode());
        for (int i = 0; i < contents; i++) {
            byte[] theirs = entry.recode(random.of(entry.schema(version)), version);
            try {
                expectEqual(where + ", from Kafka", theirs, peer.recode(type, version, theirs));
            } catch (Peer.Refusal refusal) {
                fail(where + ", from Kafka: " + refusal.getMessage() + ": " + HexFormat.of().formatHex(theirs));
            }
            byte[] ours = peer.random(type, version, seed * 1_000_003 + i);
            try {
                expectEqual(where + ", from us", ours, entry.recode(ours, version));
            } catch (RuntimeException e) {
                fail(where + ", from us: " + e + ": " + HexFormat.of().formatHex(ours));
            }
            comparisons += 2;
        }
        if (failures != failuresBefore) return;
        if (type.kind() == Peer.Kind.RECORD) {
            recordVersions++;
        } else if (version <= type.stable() && type.kind() == Peer.Kind.RESPONSE) {
            // Requests come first in the list: the pair counts when both are done.
            pairs.add(type.key() + "/" + version);
        }
    }

    private void expectEqual(String where, byte[] before, byte[] after) {
        if (Arrays.equals(before, after)) return;
        fail(where + " at byte " + Arrays.mismatch(before, after) + "\n    was " + HexFormat.of().formatHex(before)
            + "\n    now " + HexFormat.of().formatHex(after));
    }

    private void fail(String what) {
        if (failures++ < FAILURES_SHOWN) System.err.println("FAILED " + what);
    }
}
