"""Processes that die, stand still, or are restarted one after the other."""

import protocol
from brokers import REPLICATION_PORT
from harness.process import until
from lab import TOPIC, scenario

# What a silent broker may cost: the session of broker.session.timeout.ms, 9 s, the five seconds after which clients ask
# elsewhere, and some for two busy processors.
SILENCE_S = 20


@scenario(bound_s=5, has_java=True)
def leader_is_killed(lab):
    """Three times. Its connections break, and nobody waits for a timeout."""
    for _ in range(3):
        victim = lab.leader(lab.random.randrange(6))
        victim.kill()
        lab.resumes()
        lab.restart(victim)


@scenario(bound_s=3, leader="controller")
def follower_is_killed(lab):
    """Each of both, while all partitions are led by the third."""
    for victim in lab.cluster.others(lab.leader()):
        victim.kill()
        lab.resumes()
        lab.restart(victim)


@scenario(bound_s=5)
def controller_is_killed(lab):
    """And the next one as soon as the first is back; metadata can be changed soon after each."""
    for index in range(2):
        victim = lab.cluster.controller()
        victim.kill()
        with lab.timed("metadata_changes_s", at_most_s=5):
            lab.create(f"after-{index}")
        lab.resumes()
        lab.restart(victim)


@scenario(bound_s=15, has_java=True)
def all_are_killed_at_once(lab):
    """Twice, and they are started again together."""
    for _ in range(2):
        for node in lab.cluster.nodes:
            node.kill()
        lab.restart(*lab.cluster.nodes)
        lab.resumes()


@scenario(bound_s=SILENCE_S, has_java=True)
def leader_stands_still(lab):
    """For 30 seconds. What it was sent meanwhile must not be acknowledged when it goes on, nor stay in its log."""
    leader = lab.leader()
    with leader.link() as link:
        with lab.lasting(30):
            leader.pause()
            link.sendall(protocol.produce_request(TOPIC, 0, b"to a leader that stands still"))
            lab.resumes()
        link.settimeout(30)
        leader.resume()
        try:
            error = protocol.produce_answer(link)
        except OSError:
            error = "the end of its connection"
    lab.expect(error != 0, "a leader that stood still has acknowledged a record")
    lab.outcome["zombie_answered"] = error
    lab.is_whole()


@scenario(bound_s=3, has_java=True)
def all_are_restarted_one_by_one(lab):
    """Cleanly, each when the one before is in sync again: leaderships move before a broker ends."""
    for node in lab.cluster.nodes:
        status, _ = node.stop()
        lab.expect(status == 0, f"node {node.node_id} has ended with {status}")
        lab.restart(node)
        lab.resumes()


@scenario(bound_s=5, members=4)
def coordinator_of_a_group_is_killed(lab):
    """Twice, the group having four members: it goes on committing at another one."""
    for _ in range(2):
        victim = lab.coordinator()
        victim.kill()
        with lab.timed("commits_again_s", at_most_s=15):
            commits = lab.group.commits
            until(lambda commits=commits: lab.group.commits > commits + 10, "the group commits again", 60)
        lab.resumes()
        lab.restart(victim)


@scenario(bound_s=20, leader="other", settings={"min.insync.replicas": 1, "replica.lag.time.max.ms": 3000})
def last_in_sync_dies(lab):
    """The leader was alone in sync and has acknowledged what the others lack: none of them is elected, and all goes on
    when it is back."""
    last = lab.leader()
    rest = lab.cluster.others(last)
    for other in rest:
        lab.network.cut_both_ways(last.node_id, other.node_id, REPLICATION_PORT)
    until(lambda: all(one.isr == [last.node_id] for one in found(lab, rest)), "the leader is alone in sync", 20)
    lab.resumes()
    last.kill()
    lab.network.heal()
    until(lambda: all(one.leader < 0 for one in found(lab, rest)), "nobody leads", 20)
    lab.runs_for(4)
    lab.expect(all(one.leader < 0 for one in found(lab, rest)), "somebody leads who isn't in sync")
    lab.restart(last)
    lab.resumes()


def found(lab, nodes):
    """What each of these nodes knows of each partition."""
    return [one for node in nodes for one in lab.cluster.metadata(TOPIC, node).values()]
