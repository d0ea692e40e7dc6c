"""kafka-topics and kafka-configs: topics and their settings, and what is refused with which words."""


def topics(side, *arguments, **options):
    return side.tool("kafka-topics", *arguments, **options)


def configs(side, *arguments, **options):
    return side.tool("kafka-configs", *arguments, **options)


def test_topics_are_created_described_altered_and_deleted(both):
    def script(side):
        return [
            topics(side, "--create", "--topic", "t-plain"),
            topics(
                side,
                "--create",
                "--topic",
                "t-three",
                "--partitions",
                "3",
                "--replication-factor",
                "1",
                "--config",
                "retention.ms=3600000",
                "--config",
                "cleanup.policy=compact,delete",
            ),
            topics(side, "--describe", "--topic", "t-plain"),
            topics(side, "--describe", "--topic", "t-three"),
            topics(side, "--describe", "--topic", "t-(plain|three)", "--topics-with-overrides"),
            topics(side, "--alter", "--topic", "t-three", "--partitions", "5"),
            topics(side, "--describe", "--topic", "t-three"),
            topics(side, "--list", "--topic", "t-.*"),
            topics(side, "--describe", "--under-replicated-partitions"),
            topics(side, "--describe", "--unavailable-partitions"),
            topics(side, "--describe", "--under-min-isr-partitions"),
            topics(side, "--delete", "--topic", "t-three"),
            topics(side, "--describe", "--topic", "t-three"),
            topics(side, "--list", "--topic", "t-.*"),
        ]

    answers = both.same(script)
    assert [answer["exit"] for answer in answers] == [0] * 12 + [1, 0]


def test_a_topic_is_described_by_its_id(both):
    def script(side):
        topics(side, "--create", "--topic", "t-id", "--partitions", "2")
        described = topics(side, "--describe", "--topic", "t-id")
        topic_id = described["out"].split("TopicId: ")[1].split()[0]
        return (
            described,
            topics(side, "--describe", "--topic-id", topic_id),
            topics(side, "--describe", "--topic-id", "AAAAAAAAAAAAAAAAAAAAAQ"),
            topics(side, "--describe", "--topic-id", "rubbish"),
        )

    both.same(script)


def test_replicas_are_assigned_by_hand(both):
    def script(side):
        return [
            topics(side, "--create", "--topic", "t-manual", "--replica-assignment", "1,1,1"),
            topics(side, "--describe", "--topic", "t-manual"),
            topics(side, "--create", "--topic", "t-manual-bad", "--replica-assignment", "7"),
            topics(side, "--create", "--topic", "t-manual-twice", "--replica-assignment", "1:1"),
            topics(side, "--alter", "--topic", "t-manual", "--partitions", "4", "--replica-assignment", "1,1,1,1"),
            topics(side, "--alter", "--topic", "t-manual", "--partitions", "5", "--replica-assignment", "1,1,1,1,9"),
        ]

    both.same(script)


def test_bad_topics_are_refused_in_the_same_words(both):
    def script(side):
        topics(side, "--create", "--topic", "t-there", "--partitions", "2")
        return [
            topics(side, "--create", "--topic", "t-there"),
            topics(side, "--create", "--topic", "t-there", "--if-not-exists"),
            topics(side, "--create", "--topic", "bad name"),
            topics(side, "--create", "--topic", "x" * 250),
            topics(side, "--create", "--topic", ".."),
            topics(side, "--create", "--topic", "t.there"),
            topics(side, "--create", "--topic", "t_there"),
            topics(side, "--create", "--topic", "t-factor", "--replication-factor", "2"),
            topics(side, "--create", "--topic", "t-factor", "--replication-factor", "0"),
            topics(side, "--create", "--topic", "t-zero", "--partitions", "0"),
            topics(side, "--create", "--topic", "t-config", "--config", "no.such.config=1"),
            topics(side, "--create", "--topic", "t-config", "--config", "retention.ms=soon"),
            topics(side, "--create", "--topic", "t-config", "--config", "segment.bytes=1"),
            topics(side, "--create", "--topic", "t-config", "--config", "cleanup.policy=burn"),
            topics(side, "--alter", "--topic", "t-there", "--partitions", "1"),
            topics(side, "--alter", "--topic", "t-there", "--partitions", "2"),
            topics(side, "--alter", "--topic", "t-nowhere", "--partitions", "2"),
            topics(side, "--alter", "--topic", "t-nowhere", "--partitions", "2", "--if-exists"),
            topics(side, "--delete", "--topic", "t-nowhere"),
            topics(side, "--delete", "--topic", "t-nowhere", "--if-exists"),
            topics(side, "--describe", "--topic", "t-nowhere"),
            topics(side, "--describe", "--topic", "t-nowhere", "--if-exists"),
        ]

    both.same(script)


def test_names_that_differ_by_dot_and_underscore_collide(both):
    def script(side):
        return [
            topics(side, "--create", "--topic", "t.collides_a"),
            topics(side, "--create", "--topic", "t_collides.a"),
        ]

    both.same(script)


def test_topic_configs_are_altered_and_described(both):
    def script(side):
        on = ("--entity-type", "topics", "--entity-name", "c-topic")
        topics(side, "--create", "--topic", "c-topic", "--config", "segment.bytes=2097152")
        return [
            configs(side, *on, "--describe"),
            configs(side, *on, "--alter", "--add-config", "retention.ms=60000,max.message.bytes=2000"),
            configs(side, *on, "--alter", "--add-config", "cleanup.policy=[compact,delete]"),
            configs(side, *on, "--describe"),
            configs(side, *on, "--describe", "--all"),
            configs(side, *on, "--alter", "--delete-config", "retention.ms"),
            configs(side, *on, "--describe"),
            configs(side, *on, "--alter", "--delete-config", "retention.ms"),
            configs(side, *on, "--alter", "--delete-config", "no.such.config"),
            configs(side, *on, "--alter", "--add-config", "no.such.config=1"),
            configs(side, *on, "--alter", "--add-config", "retention.ms=soon"),
            configs(side, *on, "--alter", "--add-config", "min.insync.replicas=0"),
            configs(side, *on, "--alter", "--add-config", "compression.type=rar"),
            configs(side, *on, "--alter", "--add-config", "flush.ms=-1"),
            configs(side, "--entity-type", "topics", "--entity-name", "c-nowhere", "--describe"),
            configs(
                side, "--entity-type", "topics", "--entity-name", "c-nowhere", "--alter", "--add-config", "flush.ms=1"
            ),
            configs(side, "--entity-type", "topics", "--entity-name", "bad name", "--describe"),
            configs(side, *on, "--describe"),
        ]

    both.same(script)


def test_broker_configs_are_altered_and_described(both):
    def script(side):
        one, default = ("--entity-type", "brokers", "--entity-name", "1"), (
            "--entity-type",
            "brokers",
            "--entity-default",
        )
        return [
            configs(side, *one, "--describe"),
            configs(side, *default, "--describe"),
            configs(side, *one, "--alter", "--add-config", "log.retention.ms=86400000"),
            configs(side, *default, "--alter", "--add-config", "log.segment.bytes=2097152"),
            configs(side, *one, "--describe"),
            configs(side, *default, "--describe"),
            topics(side, "--create", "--topic", "c-inherits"),
            configs(side, "--entity-type", "topics", "--entity-name", "c-inherits", "--describe", "--all"),
            configs(side, *one, "--alter", "--add-config", "log.retention.ms=never"),
            configs(side, *one, "--alter", "--add-config", "node.id=5"),
            configs(side, *one, "--alter", "--delete-config", "log.retention.ms"),
            configs(side, *default, "--alter", "--delete-config", "log.segment.bytes"),
            configs(side, *one, "--describe"),
            configs(side, *default, "--describe"),
        ]

    both.same(script)
