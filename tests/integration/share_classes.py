#!/usr/bin/env python3
"""Has the JVM write down Kafka's classes as it wants to find them in memory (class data sharing), for much of a start
is loading them from their jars. A broker and a JVM of tools work a little, and leave what they have loaded.

A JVM that doesn't find that, or finds it unfit, loads its classes itself. Uses the standard library only."""

import shutil
import tempfile

from harness import paths
from harness.broker import RealKafka
from harness.tools import ToolServer

SCRIPT = [
    ["kafka-topics", "--create", "--topic", "a", "--partitions", 2],
    ["kafka-console-producer", "--topic", "a"],
    ["kafka-console-consumer", "--topic", "a", "--from-beginning", "--max-messages", 1, "--group", "g"],
    ["kafka-topics", "--describe"],
    ["kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", "a"],
    ["kafka-consumer-groups", "--describe", "--group", "g"],
    ["kafka-metadata-quorum", "describe", "--status"],
    ["kafka-topics", "--delete", "--topic", "a"],
]


def left_by(name):
    """Instead of what is there already: a JVM that is told of a file that it doesn't find writes none."""
    return f"-XX:ArchiveClassesAtExit={paths.SHARED_CLASSES / name}.jsa"


class Taught(RealKafka):
    jvm = [*RealKafka.heap, left_by("broker")]


def main():
    shutil.rmtree(paths.SHARED_CLASSES, ignore_errors=True)
    paths.SHARED_CLASSES.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as directory:
        broker = Taught(f"{directory}/kafka")
        tools = ToolServer(broker.directory, [left_by("tools")])
        broker.formatter = tools
        try:
            broker.start()
            for tool, *arguments in SCRIPT:
                done = tools.run(tool, "--bootstrap-server", broker.bootstrap, *arguments, stdin="k\n")
                assert done["exit"] == 0, (tool, done)
            tools.process.popen.stdin.close()
            tools.process.popen.wait(60)
            broker.stop()
        finally:
            tools.close()
            broker.close()


if __name__ == "__main__":
    main()
