import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/** The Java admin client: topics, partitions, offsets, the cluster. */
final class AdminScenarios {
    private AdminScenarios() {}

    static void add(Map<String, Clients.Step> scenarios, Clients clients) {
        scenarios.put("admin-create", () -> create(clients));
        scenarios.put("admin-delete", () -> delete(clients));
        scenarios.put("admin-partitions", () -> partitions(clients));
        scenarios.put("admin-cluster", () -> cluster(clients));
        scenarios.put("admin-offsets", () -> offsets(clients));
        scenarios.put("admin-records", () -> records(clients));
    }

    /** An admin that gives up soon: some requests wait for an unknown topic to appear. */
    static Admin admin(Clients clients) {
        return Admin.create(clients.properties("default.api.timeout.ms", "4000", "request.timeout.ms", "3000"));
    }

    static void createTopic(Clients clients, String name, int partitions, String... configs) throws Exception {
        Map<String, String> settings = new TreeMap<>();
        for (int index = 0; index < configs.length; index += 2) {
            settings.put(configs[index], configs[index + 1]);
        }
        try (Admin admin = admin(clients)) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(settings))).all().get();
            awaitLeaders(admin, name, partitions);
        }
    }

    static void awaitLeaders(Admin admin, String name, int partitions) throws Exception {
        Clients.until(name + " has leaders", () -> {
            try {
                var described = admin.describeTopics(List.of(name)).allTopicNames().get().get(name).partitions();
                return described.size() == partitions
                        && described.stream().allMatch(one -> one.leader() != null && !one.leader().isEmpty());
            } catch (java.util.concurrent.ExecutionException notYet) {
                return false;
            }
        });
    }

    private static Object shown(TopicDescription topic) {
        List<Object> partitions = new ArrayList<>();
        topic.partitions().forEach(one
                -> partitions.add(Clients.map("index", one.partition(), "leader", one.leader().id(), "replicas",
                        one.replicas().size(), "isr", one.isr().size(), "elr", String.valueOf(one.elr()), "lastElr",
                        String.valueOf(one.lastKnownElr()))));
        return Clients.map("name", topic.name(), "id", topic.topicId().toString(), "internal", topic.isInternal(),
                "partitions", partitions, "operations", String.valueOf(topic.authorizedOperations()));
    }

    private static Object created(CreateTopicsResult result, String name) throws Exception {
        List<String> configs = new ArrayList<>();
        result.config(name).get().entries().forEach(entry
                -> configs.add(entry.name() + "=" + entry.value() + " " + entry.source()
                        + (entry.isReadOnly() ? " read-only" : "") + (entry.isSensitive() ? " sensitive" : "")));
        configs.sort(null);
        return Clients.map("partitions", result.numPartitions(name).get(), "replicas",
                result.replicationFactor(name).get(), "id", !result.topicId(name).get().equals(Uuid.ZERO_UUID),
                "configs", configs);
    }

    private static Object create(Clients clients) throws Exception {
        try (Admin admin = admin(clients)) {
            Map<String, NewTopic> rows = new java.util.LinkedHashMap<>();
            rows.put("plain", new NewTopic("admin-plain", 2, (short) 1));
            rows.put("again", new NewTopic("admin-plain", 2, (short) 1));
            rows.put(
                    "defaults", new NewTopic("admin-defaults", java.util.Optional.empty(), java.util.Optional.empty()));
            rows.put("configs",
                    new NewTopic("admin-configs", 1, (short) 1)
                            .configs(Map.of(
                                    "retention.ms", "1000", "compression.type", "lz4", "cleanup.policy", "compact")));
            rows.put("manual", new NewTopic("admin-manual", Map.of(0, List.of(1), 1, List.of(1))));
            rows.put("manual with a gap", new NewTopic("admin-gap", Map.of(0, List.of(1), 2, List.of(1))));
            rows.put("manual unknown broker", new NewTopic("admin-broker", Map.of(0, List.of(5))));
            rows.put("manual duplicate", new NewTopic("admin-duplicate", Map.of(0, List.of(1, 1))));
            rows.put("manual empty", new NewTopic("admin-empty", Map.of(0, List.of())));
            rows.put("manual uneven", new NewTopic("admin-uneven", Map.of(0, List.of(1), 1, List.of(1, 2))));
            rows.put("no partitions", new NewTopic("admin-zero", 0, (short) 1));
            rows.put("negative partitions", new NewTopic("admin-negative", -3, (short) 1));
            rows.put("no replicas", new NewTopic("admin-zero", 1, (short) 0));
            rows.put("three replicas", new NewTopic("admin-three", 1, (short) 3));
            rows.put("empty name", new NewTopic("", 1, (short) 1));
            rows.put("dot", new NewTopic(".", 1, (short) 1));
            rows.put("slash", new NewTopic("a/b", 1, (short) 1));
            rows.put("long name", new NewTopic("n".repeat(250), 1, (short) 1));
            rows.put("longest name", new NewTopic("n".repeat(249), 1, (short) 1));
            rows.put("metadata topic", new NewTopic("__cluster_metadata", 1, (short) 1));
            rows.put("unknown config", new NewTopic("admin-bad", 1, (short) 1).configs(Map.of("no.such", "1")));
            rows.put("bad number", new NewTopic("admin-bad", 1, (short) 1).configs(Map.of("retention.ms", "soon")));
            rows.put("bad boolean", new NewTopic("admin-bad", 1, (short) 1).configs(Map.of("preallocate", "perhaps")));
            rows.put("bad range",
                    new NewTopic("admin-bad", 1, (short) 1).configs(Map.of("min.cleanable.dirty.ratio", "2")));
            for (boolean validateOnly : new boolean[] {true, false}) {
                for (Map.Entry<String, NewTopic> row : rows.entrySet()) {
                    CreateTopicsOptions options = new CreateTopicsOptions().validateOnly(validateOnly);
                    Clients.show(row.getKey() + (validateOnly ? " (validate)" : ""),
                            () -> created(admin.createTopics(List.of(row.getValue()), options), row.getValue().name()));
                }
            }
            List<NewTopic> twice =
                    List.of(new NewTopic("admin-once", 1, (short) 1), new NewTopic("admin-once", 2, (short) 1));
            Clients.show("the same name twice", () -> admin.createTopics(twice).all().get());
            for (String name : new String[] {"admin-plain", "admin-configs", "admin-manual"}) {
                Clients.show(name, () -> shown(admin.describeTopics(List.of(name)).allTopicNames().get().get(name)));
            }
        }
        return null;
    }

    private static Object delete(Clients clients) throws Exception {
        createTopic(clients, "admin-gone", 2);
        createTopic(clients, "admin-gone-by-id", 2);
        try (Admin admin = admin(clients)) {
            Uuid id = admin.describeTopics(List.of("admin-gone-by-id"))
                              .allTopicNames()
                              .get()
                              .get("admin-gone-by-id")
                              .topicId();
            Clients.show("by id",
                    ()
                            -> shown(admin.describeTopics(TopicCollection.ofTopicIds(List.of(id)))
                                            .allTopicIds()
                                            .get()
                                            .get(id)));
            Clients.show("delete", () -> admin.deleteTopics(List.of("admin-gone")).all().get());
            Clients.show("delete by id", () -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get());
            Clients.until("they are gone",
                    () -> !admin.listTopics().names().get().removeAll(List.of("admin-gone", "admin-gone-by-id")));
            Clients.show("delete again", () -> admin.deleteTopics(List.of("admin-gone")).all().get());
            Clients.show("delete by id again",
                    () -> admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get());
            Clients.show("describe", () -> admin.describeTopics(List.of("admin-gone")).allTopicNames().get());
            Clients.show("describe by id",
                    () -> admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds().get());
            Clients.show("bad name", () -> admin.deleteTopics(List.of("a/b")).all().get());
        }
        createTopic(clients, "admin-gone", 1);
        try (Admin admin = admin(clients)) {
            TopicPartition first = new TopicPartition("admin-gone", 0);
            Clients.show("created again, empty",
                    () -> admin.listOffsets(Map.of(first, OffsetSpec.latest())).all().get().get(first).offset());
        }
        return null;
    }

    private static Object partitions(Clients clients) throws Exception {
        createTopic(clients, "admin-more", 2);
        try (Admin admin = admin(clients)) {
            Object[][] rows = {
                    {"the same", "admin-more", NewPartitions.increaseTo(2)},
                    {"fewer", "admin-more", NewPartitions.increaseTo(1)},
                    {"zero", "admin-more", NewPartitions.increaseTo(0)},
                    {"unknown", "admin-nowhere", NewPartitions.increaseTo(3)},
                    {"assigned", "admin-more", NewPartitions.increaseTo(3, List.of(List.of(1)))},
                    {"assigned too many", "admin-more", NewPartitions.increaseTo(4, List.of(List.of(1), List.of(1)))},
                    {"unknown broker", "admin-more", NewPartitions.increaseTo(4, List.of(List.of(8)))},
                    {"two replicas", "admin-more", NewPartitions.increaseTo(4, List.of(List.of(1, 2)))},
                    {"more", "admin-more", NewPartitions.increaseTo(6)},
            };
            for (boolean validateOnly : new boolean[] {true, false}) {
                for (Object[] row : rows) {
                    CreatePartitionsOptions options = new CreatePartitionsOptions().validateOnly(validateOnly);
                    Clients.show(row[0] + (validateOnly ? " (validate)" : ""),
                            ()
                                    -> admin.createPartitions(Map.of((String) row[1], (NewPartitions) row[2]), options)
                                            .all()
                                            .get());
                }
            }
            awaitLeaders(admin, "admin-more", 6);
            Clients.show("after",
                    () -> shown(admin.describeTopics(List.of("admin-more")).allTopicNames().get().get("admin-more")));
        }
        return null;
    }

    private static Object cluster(Clients clients) throws Exception {
        createTopic(clients, "admin-cluster", 1);
        try (Admin admin = admin(clients)) {
            var plain = admin.describeCluster();
            Clients.show("nodes",
                    ()
                            -> plain.nodes()
                                    .get()
                                    .stream()
                                    .map(node
                                            -> node.id() + " " + node.host() + ":" + node.port() + " " + node.rack()
                                                    + " fenced=" + node.isFenced())
                                    .toList());
            Clients.show("controller", () -> plain.controller().get().id());
            Clients.show("id", () -> plain.clusterId().get().length());
            var full = admin.describeCluster(
                    new DescribeClusterOptions().includeAuthorizedOperations(true).includeFencedBrokers(true));
            Clients.show("operations", () -> new java.util.TreeSet<>(full.authorizedOperations().get()));
            var operations = new DescribeTopicsOptions().includeAuthorizedOperations(true);
            Clients.show("topic operations",
                    ()
                            -> new java.util.TreeSet<>(admin.describeTopics(List.of("admin-cluster"), operations)
                                            .allTopicNames()
                                            .get()
                                            .get("admin-cluster")
                                            .authorizedOperations()));
            var topic = new DescribeTopicsOptions().partitionSizeLimitPerResponse(1);
            Clients.show("in small answers",
                    ()
                            -> shown(admin.describeTopics(List.of("admin-cluster"), topic)
                                            .allTopicNames()
                                            .get()
                                            .get("admin-cluster")));
            Clients.show("directories", () -> {
                List<Object> rows = new ArrayList<>();
                admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).forEach((path, directory) -> {
                    var replica = directory.replicaInfos().get(new TopicPartition("admin-cluster", 0));
                    rows.add(Clients.map("path", path, "error", directory.error(), "total",
                            directory.totalBytes().isPresent(), "usable", directory.usableBytes().isPresent(),
                            "replica", String.valueOf(replica)));
                });
                return rows;
            });
        }
        return null;
    }

    private static void fill(Clients clients, String topic, int count) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = ProducerScenarios.producer(clients, "linger.ms", "100")) {
            for (int index = 0; index < count; index++) {
                long time = 1_000_000_000_000L + 1000L * (index * 7 % count);
                producer.send(
                        new ProducerRecord<>(topic, 0, time, Clients.bytes("key"), Clients.bytes("value " + index)));
            }
        }
    }

    private static Object offsets(Clients clients) throws Exception {
        createTopic(clients, "admin-offsets", 2, "retention.ms", "-1");
        fill(clients, "admin-offsets", 30);
        Map<String, OffsetSpec> specs = new TreeMap<>(Map.of("latest", OffsetSpec.latest(), "earliest",
                OffsetSpec.earliest(), "max timestamp", OffsetSpec.maxTimestamp(), "earliest local",
                OffsetSpec.earliestLocal(), "latest tiered", OffsetSpec.latestTiered(), "earliest pending upload",
                OffsetSpec.earliestPendingUpload(), "zero", OffsetSpec.forTimestamp(0), "middle",
                OffsetSpec.forTimestamp(1_000_000_015_000L), "late", OffsetSpec.forTimestamp(2_000_000_000_000L)));
        try (Admin admin = admin(clients)) {
            for (Map.Entry<String, OffsetSpec> spec : specs.entrySet()) {
                for (int index = 0; index < 2; index++) {
                    TopicPartition partition = new TopicPartition("admin-offsets", index);
                    Clients.show(spec.getKey() + " of " + index, () -> {
                        var found = admin.listOffsets(Map.of(partition, spec.getValue())).all().get().get(partition);
                        return Clients.map("offset", found.offset(), "time", found.timestamp(), "epoch",
                                String.valueOf(found.leaderEpoch()));
                    });
                }
            }
        }
        return null;
    }

    private static Object records(Clients clients) throws Exception {
        createTopic(clients, "admin-records", 1, "retention.ms", "-1");
        fill(clients, "admin-records", 30);
        TopicPartition partition = new TopicPartition("admin-records", 0);
        try (Admin admin = admin(clients)) {
            for (long offset : new long[] {0, 10, 5, 31, -1}) {
                Clients.show("before " + offset,
                        () -> admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(offset))).all().get());
                Clients.show("low watermark",
                        ()
                                -> admin.listOffsets(Map.of(partition, OffsetSpec.earliest()))
                                        .all()
                                        .get()
                                        .get(partition)
                                        .offset());
            }
            Clients.show("producers", () -> {
                List<Object> rows = new ArrayList<>();
                admin.describeProducers(List.of(partition))
                        .all()
                        .get()
                        .get(partition)
                        .activeProducers()
                        .forEach(one
                                -> rows.add(Clients.map("epoch", one.producerEpoch(), "sequence", one.lastSequence(),
                                        "transaction", String.valueOf(one.currentTransactionStartOffset()),
                                        "coordinator", String.valueOf(one.coordinatorEpoch()))));
                return rows;
            });
        }
        return null;
    }
}
