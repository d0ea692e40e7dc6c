"""Packets that don't arrive, or arrive late. Clients reach all brokers all the time, so that a leader which nobody else
hears still gets their records."""

from brokers import CONTROLLER_PORT, REPLICATION_PORT
from kills import SILENCE_S
from lab import scenario


@scenario(bound_s=25, leader="other")
def leader_is_cut_from_its_followers(lab):
    """But neither of them from the controller, which sees no reason for another leader: nothing is acknowledged for the
    twelve seconds that it lasts, and soon after it everything is."""
    leader = lab.leader()
    with lab.lasting(12):
        for follower in lab.cluster.others(leader):
            lab.network.cut_both_ways(leader.node_id, follower.node_id, REPLICATION_PORT)
    lab.network.heal()
    lab.resumes()


@scenario(bound_s=SILENCE_S, leader="other", has_java=True)
def leader_is_cut_from_all(lab):
    """It may go on believing that it leads, and must not acknowledge anything."""
    with lab.cut_for(20):
        lab.network.isolate(lab.leader().node_id)


@scenario(bound_s=SILENCE_S, leader="controller")
def controller_that_leads_is_cut_from_all(lab):
    with lab.cut_for(20):
        lab.network.isolate(lab.leader().node_id)


@scenario(bound_s=SILENCE_S, leader="other")
def leader_is_cut_from_the_controller(lab):
    """Its followers still hear it. It is fenced after a session, and what it acknowledges, its successor has."""
    leader, controller = lab.leader(), lab.cluster.controller()
    with lab.cut_for(20):
        lab.network.cut_both_ways(leader.node_id, controller.node_id, CONTROLLER_PORT)


@scenario(bound_s=SILENCE_S, leader="other")
def leader_is_not_heard(lab):
    """It hears the others."""
    leader = lab.leader()
    with lab.cut_for(15):
        for other in lab.cluster.others(leader):
            lab.network.cut(leader.node_id, other.node_id)


@scenario(bound_s=SILENCE_S, leader="controller")
def leader_hears_nobody(lab):
    """It is heard by the others, and is the controller."""
    leader = lab.leader()
    with lab.cut_for(15):
        for other in lab.cluster.others(leader):
            lab.network.cut(other.node_id, leader.node_id)


@scenario(bound_s=SILENCE_S, leader="other")
def one_is_the_bridge_between_two(lab):
    """Leader and controller don't hear each other, the third hears both. Nobody is elected over and over."""
    leader, controller = lab.leader(), lab.cluster.controller()
    epochs = lab.controller_epochs()
    with lab.lasting(20):
        lab.network.cut_both_ways(leader.node_id, controller.node_id)
        lab.resumes()
    flaps = len(lab.controller_epochs() - epochs)
    lab.outcome["controller_elections"] = flaps
    lab.expect(flaps <= 2, f"{flaps} elections of a controller")
    lab.network.heal()
    lab.is_whole()


@scenario(bound_s=SILENCE_S)
def a_fifth_of_the_packets_is_lost(lab):
    """Between all brokers, both ways, for 25 seconds."""
    with lab.cut_for(25):
        for source in lab.network.hosts:
            for target in lab.network.hosts:
                if source != target:
                    lab.network.lose(source, target, percent=20)


@scenario(bound_s=8)
def what_brokers_send_each_other_arrives_late(lab):
    """By 50 to 300 ms each way, for 20 seconds: records and acknowledgements, heartbeats and the metadata log. Nobody
    is fenced, no controller is elected. Connections that are there already are as fast as ever, so all begin anew."""
    lab.network.delay([REPLICATION_PORT, CONTROLLER_PORT], 0.05, 0.3)
    for node in lab.cluster.nodes:
        node.stop()
        lab.restart(node)
    lab.resumes()
    before = lab.controller_epochs(), lab.said("broker fenced: it is silent")
    lab.runs_for(20)
    lab.resumes()
    after = lab.controller_epochs(), lab.said("broker fenced: it is silent")
    lab.expect(after == before, f"a controller was elected, or a broker fenced: {after}")
    lab.network.heal()
    lab.is_whole()
