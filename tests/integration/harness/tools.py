"""The clients that tests drive: kcat as a process each time, Kafka's Java tools inside one JVM per broker."""

import json
import select
import subprocess

from harness import compatibility, paths
from harness.process import Process

TOOLS = "org.apache.kafka.tools."
MAINS = {
    "kafka-storage": "kafka.tools.StorageTool",
    "kafka-topics": TOOLS + "TopicCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-producer": TOOLS + "ConsoleProducer",
    "kafka-console-consumer": TOOLS + "consumer.ConsoleConsumer",
    "kafka-get-offsets": TOOLS + "GetOffsetShell",
    "kafka-delete-records": TOOLS + "DeleteRecordsCommand",
    "kafka-log-dirs": TOOLS + "LogDirsCommand",
    "kafka-producer-perf-test": TOOLS + "ProducerPerformance",
    "kafka-consumer-perf-test": TOOLS + "ConsumerPerformance",
    "kafka-broker-api-versions": TOOLS + "BrokerApiVersionsCommand",
    "kafka-features": TOOLS + "FeatureCommand",
    "kafka-cluster": TOOLS + "ClusterTool",
    "kafka-transactions": TOOLS + "TransactionsCommand",
    "kafka-dump-log": TOOLS + "DumpLogSegments",
    "kafka-consumer-groups": TOOLS + "consumer.group.ConsumerGroupCommand",
    "kafka-groups": TOOLS + "GroupsCommand",
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-delegation-tokens": TOOLS + "DelegationTokenCommand",
    "kafka-metadata-quorum": TOOLS + "MetadataQuorumCommand",
    "kafka-leader-election": TOOLS + "LeaderElectionCommand",
    "kafka-reassign-partitions": TOOLS + "reassign.ReassignPartitionsCommand",
    "kafka-client-metrics": TOOLS + "ClientMetricsCommand",
    "kafka-verifiable-producer": TOOLS + "VerifiableProducer",
    "kafka-verifiable-consumer": TOOLS + "VerifiableConsumer",
    "kafka-client-compatibility": TOOLS + "ClientCompatibilityTest",
    "kafka-e2e-latency": TOOLS + "EndToEndLatency",
    "kafka-replica-verification": TOOLS + "ReplicaVerificationTool",
    "kafka-streams-application-reset": TOOLS + "StreamsResetter",
    "log-compaction-tester": TOOLS + "LogCompactionTester",
    "kafka-metadata-shell": "org.apache.kafka.shell.MetadataShell",
    "clients": "Clients",
    "requests": "Requests",
}


JVM = [
    "java",
    "-Xmx512M",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Duser.timezone=UTC",
    f"-Dlog4j2.configurationFile={paths.CONF / 'log4j2-tools.properties'}",
    "-cp",
    paths.CLASSPATH,
]


class ToolServer:
    """One JVM that runs Java tools one after another; see java/ToolServer.java."""

    def __init__(self, directory, sharing=None):
        self.directory = directory
        self.sharing = sharing or paths.shared_classes("tools")
        self.process = None
        self.start()

    def start(self):
        self.process = Process(
            [*JVM, *self.sharing, "ToolServer"],
            self.directory / "tools.log",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.directory,
        )

    def run(self, tool, *arguments, stdin="", deadline_s=120.0):
        """{exit, out, err} of one tool."""
        compatibility.record_tool(tool)
        request = {"main": MAINS[tool], "args": [str(word) for word in arguments], "stdin": stdin}
        self.process.popen.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.popen.stdin.flush()
        if not select.select([self.process.popen.stdout], [], [], deadline_s)[0]:
            self.process.kill()
            raise TimeoutError(f"{tool} {arguments}: no answer in {deadline_s} s")
        line = self.process.popen.stdout.readline()
        if not line:
            raise RuntimeError(f"{tool} {arguments}: the tool server ended, see {self.process.log}")
        answer = json.loads(line)
        # Some tools report the Error with which the tool server implements exit.
        answer["err"] = answer["err"].replace("exit\nToolServer$ToolExit: exit\n\n", "")
        return answer

    def revive(self):
        """One tool that hung must not fail the tests after it. Only the main thread may call this."""
        if not self.process.is_alive():
            self.start()

    def close(self):
        self.process.kill()


def alone(tool, *arguments, deadline_s=60.0):
    """{exit, out, err} of a tool that needs a JVM of its own, because of what it does when that ends."""
    compatibility.record_tool(tool)
    done = subprocess.run(
        [*JVM, MAINS[tool], *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=deadline_s,
    )
    return {"exit": done.returncode, "out": done.stdout, "err": done.stderr}


def metadata_shell(*arguments):
    """It keeps its lock on the directory."""
    return alone("kafka-metadata-shell", *arguments)


def kcat(*arguments, stdin=b"", deadline_s=60.0):
    """{exit, out, err} of one kcat; out stays bytes when it is no text."""
    done = subprocess.run(["kcat", *map(str, arguments)], input=stdin, capture_output=True, timeout=deadline_s)
    return {"exit": done.returncode, "out": done.stdout, "err": done.stderr.decode(errors="replace")}
