import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Java consumers that share topics as a group of the classic protocol. */
final class GroupScenarios {
    private GroupScenarios() {}

    static void add(Map<String, Clients.Step> scenarios, Clients clients) {
        scenarios.put("group-eager", () -> share(clients, "group-eager", RangeAssignor.class.getName()));
        scenarios.put("group-cooperative",
                () -> share(clients, "group-cooperative", CooperativeStickyAssignor.class.getName()));
        scenarios.put("group-static", () -> staticMembers(clients));
        scenarios.put("group-commits", () -> commits(clients));
        scenarios.put("group-admin", () -> admin(clients));
    }

    /** A member, with what it was told about its partitions. */
    private static final class Member implements AutoCloseable, ConsumerRebalanceListener {
        final KafkaConsumer<byte[], byte[]> consumer;
        final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        final AtomicInteger lost = new AtomicInteger();

        Member(Clients clients, String group, String name, String topic, Object... pairs) {
            Properties properties = clients.properties(pairs);
            properties.put("group.id", group);
            properties.put("client.id", name);
            properties.put("auto.offset.reset", "earliest");
            properties.put("heartbeat.interval.ms", "100");
            properties.put("enable.auto.commit", "false");
            properties.put("group.protocol", "classic");
            consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            consumer.subscribe(List.of(topic), this);
        }

        void poll() {
            consumer.poll(Duration.ofMillis(20)).forEach(records::add);
        }

        Set<String> assignment() {
            Set<String> names = new TreeSet<>();
            consumer.assignment().forEach(partition -> names.add(partition.toString()));
            return names;
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            consumer.commitSync();
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            lost.incrementAndGet();
        }

        @Override
        public void close() {
            consumer.close();
        }
    }

    private static void fill(Clients clients, String topic, int partitions, int from, int count) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = ProducerScenarios.producer(clients)) {
            for (int index = from; index < from + count; index++) {
                producer.send(new ProducerRecord<>(topic, index % partitions, null, Clients.bytes("value " + index)));
            }
        }
    }

    /** Until every member has as many partitions as it should. */
    private static void settle(Map<Member, Integer> wanted) throws Exception {
        Clients.until("assignments", () -> {
            wanted.keySet().forEach(Member::poll);
            return wanted.entrySet().stream().allMatch(
                    entry -> entry.getKey().assignment().size() == entry.getValue());
        });
    }

    private static Map<String, Long> read(List<ConsumerRecord<byte[], byte[]>> records) {
        Map<String, Long> counts = new TreeMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            counts.merge(record.topic() + "-" + record.partition(), 1L, Long::sum);
        }
        return counts;
    }

    private static void readUntil(int count, Member... members) throws Exception {
        Clients.until("records", () -> {
            int sum = 0;
            for (Member member : members) {
                member.poll();
                sum += member.records.size();
            }
            return sum >= count;
        });
    }

    private static Object share(Clients clients, String topic, String assignor) throws Exception {
        AdminScenarios.createTopic(clients, topic, 6);
        fill(clients, topic, 6, 0, 60);
        Object[] settings = {"partition.assignment.strategy", assignor};
        try (Member first = new Member(clients, topic, "a", topic, settings)) {
            settle(Map.of(first, 6));
            Clients.show("alone", first::assignment);
            readUntil(60, first);
            Clients.show("read alone", () -> read(first.records));
            try (Member second = new Member(clients, topic, "b", topic, settings)) {
                settle(Map.of(first, 3, second, 3));
                Clients.show("first of two", () -> first.assignment().size());
                Clients.show("second of two", () -> second.assignment().size());
                Clients.show("nothing lost", () -> first.lost.get() + second.lost.get());
                fill(clients, topic, 6, 60, 60);
                readUntil(120, first, second);
                List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>(first.records);
                all.addAll(second.records);
                Clients.show("read by two", () -> read(all));
            }
            settle(Map.of(first, 6));
            Clients.show("alone again", first::assignment);
            fill(clients, topic, 6, 120, 6);
            List<ConsumerRecord<byte[], byte[]>> before = new ArrayList<>(first.records);
            readUntil(before.size() + 6, first);
            Clients.show("read alone again", () -> read(first.records.subList(before.size(), first.records.size())));
            first.consumer.commitSync();
            Clients.show("committed", () -> committed(first.consumer));
        }
        return null;
    }

    private static Map<String, Object> committed(KafkaConsumer<byte[], byte[]> consumer) {
        Map<String, Object> shown = new TreeMap<>();
        consumer.committed(consumer.assignment()).forEach((partition, offset) -> {
            shown.put(partition.toString(), offset == null ? null : offset.offset());
        });
        return shown;
    }

    private static Object generation(Member member) {
        ConsumerGroupMetadata metadata = member.consumer.groupMetadata();
        return Clients.map("generation", metadata.generationId(), "instance", metadata.groupInstanceId().orElse(null),
                "assignment", member.assignment());
    }

    private static Object staticMembers(Clients clients) throws Exception {
        String topic = "group-static";
        AdminScenarios.createTopic(clients, topic, 4);
        Member first = new Member(clients, topic, "a", topic, "group.instance.id", "one");
        settle(Map.of(first, 4));
        Member second = new Member(clients, topic, "b", topic, "group.instance.id", "two");
        settle(Map.of(first, 2, second, 2));
        Clients.show("first", () -> generation(first));
        Clients.show("second", () -> generation(second));
        // It goes without a word, and comes back to what it had; the other one notices nothing.
        second.close();
        Member again = new Member(clients, topic, "b", topic, "group.instance.id", "two");
        settle(Map.of(first, 2, again, 2));
        Clients.show("second again", () -> generation(again));
        Clients.show("first still", () -> generation(first));
        // Two with one name: the former is fenced.
        Member twin = new Member(clients, topic, "c", topic, "group.instance.id", "two");
        Clients.until("fencing", () -> {
            first.poll();
            twin.poll();
            return twin.assignment().size() == 2;
        });
        Clients.show("fenced", () -> {
            for (int attempt = 0; attempt < 100; attempt++) {
                again.poll();
            }
            return "never";
        });
        Clients.show("twin", () -> generation(twin));
        again.close();
        twin.close();
        first.close();
        try (Admin admin = Admin.create(clients.properties())) {
            Clients.show("removed", () -> {
                admin.removeMembersFromConsumerGroup(
                             topic, new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("one"))))
                        .all()
                        .get();
                return null;
            });
            Clients.show("removed nobody", () -> {
                admin.removeMembersFromConsumerGroup(
                             topic, new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("nobody"))))
                        .all()
                        .get();
                return null;
            });
            Clients.show("all removed", () -> {
                admin.removeMembersFromConsumerGroup(topic, new RemoveMembersFromConsumerGroupOptions()).all().get();
                return null;
            });
        }
        return null;
    }

    private static Object commits(Clients clients) throws Exception {
        String topic = "group-commits";
        AdminScenarios.createTopic(clients, topic, 2);
        TopicPartition partition = new TopicPartition(topic, 0);
        TopicPartition nowhere = new TopicPartition("group-nowhere", 0);
        try (KafkaConsumer<byte[], byte[]> consumer =
                        ConsumerScenarios.consumer(clients, "group.id", topic)) {
            consumer.assign(List.of(partition));
            Clients.show("nothing yet", () -> consumer.committed(Set.of(partition)).get(partition));
            Clients.show("commit", () -> {
                consumer.commitSync(Map.of(partition, new OffsetAndMetadata(5, "a note")));
                return consumer.committed(Set.of(partition)).toString();
            });
            Clients.show("commit beyond the end", () -> {
                consumer.commitSync(Map.of(partition, new OffsetAndMetadata(1_000_000)));
                return consumer.committed(Set.of(partition)).toString();
            });
            Clients.show("long note", () -> {
                consumer.commitSync(Map.of(partition, new OffsetAndMetadata(6, "x".repeat(5000))));
                return null;
            });
            Clients.show("unknown topic", () -> consumer.committed(Set.of(nowhere)).get(nowhere));
        }
        try (Member member = new Member(clients, topic, "a", topic);
                KafkaConsumer<byte[], byte[]> outsider = ConsumerScenarios.consumer(clients, "group.id", topic)) {
            settle(Map.of(member, 2));
            Clients.show("outsider", () -> {
                outsider.assign(List.of(partition));
                outsider.commitSync(Map.of(partition, new OffsetAndMetadata(9)));
                return null;
            });
        }
        return null;
    }

    private static Object admin(Clients clients) throws Exception {
        String topic = "group-admin";
        AdminScenarios.createTopic(clients, topic, 2);
        TopicPartition partition = new TopicPartition(topic, 0);
        try (Admin admin = Admin.create(clients.properties());
                Member member = new Member(clients, topic, "a", topic)) {
            settle(Map.of(member, 2));
            // Those that are known when it leaves are committed then.
            member.consumer.assignment().forEach(member.consumer::position);
            member.consumer.commitSync(Map.of(partition, new OffsetAndMetadata(0)));
            Clients.show("describe", () -> {
                var group = admin.describeConsumerGroups(List.of(topic)).describedGroups().get(topic).get();
                List<Object> members = new ArrayList<>();
                group.members().forEach(each -> {
                    Set<String> assigned = new TreeSet<>();
                    each.assignment().topicPartitions().forEach(owned -> assigned.add(owned.toString()));
                    members.add(Clients.map("client", each.clientId(), "host", each.host(), "assignment", assigned));
                });
                return Clients.map("state", group.groupState().toString(), "type", group.type().toString(), "assignor",
                        group.partitionAssignor(), "simple", group.isSimpleConsumerGroup(), "coordinator",
                        group.coordinator().id(), "members", members);
            });
            Clients.show("describe nobody", () -> {
                var described = admin.describeConsumerGroups(List.of("nobody")).describedGroups();
                return described.get("nobody").get().toString();
            });
            Clients.show("list stable", () -> {
                Set<String> names = new TreeSet<>();
                admin.listGroups(new ListGroupsOptions().inGroupStates(Set.of(GroupState.STABLE)))
                        .all()
                        .get()
                        .forEach(each -> names.add(each.groupId() + " " + each.protocol() + " " + each.type()));
                return names.contains(topic + " consumer Optional[Classic]");
            });
            Clients.show("offsets", () -> {
                Map<String, Object> shown = new TreeMap<>();
                admin.listConsumerGroupOffsets(topic).partitionsToOffsetAndMetadata().get().forEach(
                        (key, value) -> shown.put(key.toString(), value.offset()));
                return shown;
            });
            Clients.show("alter while used", () -> {
                admin.alterConsumerGroupOffsets(topic, Map.of(partition, new OffsetAndMetadata(3))).all().get();
                return null;
            });
            Clients.show("delete while used", () -> {
                admin.deleteConsumerGroups(List.of(topic)).all().get();
                return null;
            });
            Clients.show("delete offsets while used", () -> {
                admin.deleteConsumerGroupOffsets(topic, Set.of(partition)).all().get();
                return null;
            });
        }
        try (Admin admin = Admin.create(clients.properties())) {
            Clients.show("alter", () -> {
                Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
                offsets.put(partition, new OffsetAndMetadata(3));
                offsets.put(new TopicPartition("group-nowhere", 0), new OffsetAndMetadata(4));
                var altered = admin.alterConsumerGroupOffsets(topic, offsets);
                altered.partitionResult(partition).get();
                return altered.partitionResult(new TopicPartition("group-nowhere", 0)).get();
            });
            Clients.show("delete offsets", () -> {
                admin.deleteConsumerGroupOffsets(topic, Set.of(partition)).all().get();
                return admin.listConsumerGroupOffsets(topic).partitionsToOffsetAndMetadata().get().toString();
            });
            Clients.show("delete", () -> {
                admin.deleteConsumerGroups(List.of(topic)).all().get();
                return null;
            });
            Clients.show("delete again", () -> {
                admin.deleteConsumerGroups(List.of(topic)).all().get();
                return null;
            });
        }
        return null;
    }
}
