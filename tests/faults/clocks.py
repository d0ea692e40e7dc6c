"""The time of day of one broker; never the machine's. An hour into the past is a minute less here: from
there on a record of now would be from the future by more than Kafka allows."""

import watch
from lab import scenario

AHEAD, BEHIND = "+3600", "-3540"


def give_second_a_clock(offset):
    return lambda cluster: cluster.node(2).has_clock_of_its_own(offset)


def changes_nothing(lab, seconds):
    """Nobody is elected for it, after what was elected before was seen."""
    lab.runs_for(4 * watch.INTERVAL_S)
    before = lab.watch.elections()
    lab.runs_for(seconds)
    lab.resumes()
    lab.expect(lab.watch.elections() == before, "partitions have got other leaders")


@scenario(bound_s=3, prepare=give_second_a_clock(AHEAD))
def clock_of_one_is_an_hour_ahead(lab):
    changes_nothing(lab, 12)
    lab.cluster.node(2).kill()
    lab.restart(lab.cluster.node(2))
    changes_nothing(lab, 2)


@scenario(bound_s=3, prepare=give_second_a_clock(BEHIND))
def clock_of_one_is_an_hour_behind(lab):
    changes_nothing(lab, 12)


@scenario(bound_s=3, prepare=give_second_a_clock("+0"))
def clock_of_one_is_stepped(lab):
    for offset in (AHEAD, BEHIND, "+0"):
        lab.cluster.node(2).set_clock(offset)
        changes_nothing(lab, 6)
