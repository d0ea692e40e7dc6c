"""More of everything than a cluster has most of the time."""

import subprocess
import time

from harness.process import Process, until
from lab import TOPIC, scenario

READERS = 4
MANY = 1000


@scenario(bound_s=3)
def consumers_read_from_the_beginning(lab):
    """Four of them, over and over, for ten seconds; producers hardly notice."""
    readers, passes = [None] * READERS, 0
    end = time.monotonic() + 10
    while any(readers) or time.monotonic() < end:
        for index, reader in enumerate(readers):
            if reader and not reader.is_alive():
                lab.expect(reader.popen.returncode == 0, f"a reader has failed, see {reader.log}")
                readers[index] = None
                passes += 1
            if not readers[index] and time.monotonic() < end:
                readers[index] = start_reader(lab, index)
        lab.runs_for(0.05)
    lab.outcome["passes"] = passes


def start_reader(lab, index):
    """Of as many records as there are now: the end of a log that grows isn't one."""
    records = sum(load.acknowledged for load in lab.loads)
    command = ["kcat", "-b", lab.cluster.bootstrap, "-C", "-t", TOPIC, "-o", "beginning", "-c", records, "-q"]
    return Process(command, lab.logs / f"reader-{index}.log", stdout=subprocess.DEVNULL)


@scenario(bound_s=10)
def broker_with_many_partitions_is_killed(lab):
    """It has a replica of each of 1,000 more."""
    lab.create("many", MANY)
    until(lambda: lab.cluster.are_in_sync("many"), "all 1,000 partitions in sync", 60)
    victim = lab.leader()
    victim.kill()
    lab.resumes()
    with lab.timed("serves_again_s", at_most_s=5):
        victim.launch()
        until(victim.serves, "it serves again", 30, poll_s=0.005)
    until(lambda: lab.cluster.are_in_sync("many"), "all 1,000 partitions in sync again", 60)
