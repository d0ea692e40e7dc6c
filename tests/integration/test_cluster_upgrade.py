"""From this version to the next one, back, and forward again: two programs out of one tree, which differ in a feature
level and in a record of the metadata log that comes with it."""

import re

from harness import paths
from harness.milena_admin import Admin
from harness.tools import alone
from test_cluster_rolling import clients_that_notice_nothing, roll

FEATURE = "milena.version"


def versions(cluster):
    """What the brokers run."""
    return {re.search(r'^milena_build_info\{version="(.+)"\} 1$', node.http("/metrics")[1], re.M)[1]
            for node in cluster.nodes}  # fmt: skip


def levels(ask):
    """(finalized, what all can live with); None: the controller's program doesn't know the feature."""
    found = re.search(rf"^{FEATURE} +(\d+) +0 +(\d+)$", ask("features").stdout, re.M)
    return found and tuple(map(int, found.groups()))


def finalize(cluster):
    return alone("kafka-features", "--bootstrap-server", cluster.bootstrap, "upgrade", "--feature", f"{FEATURE}=1")


def finalizations(ask):
    """As the metadata log has them: (version of the controller, its node)."""
    noted = re.findall(rf"^\d{{4}}-\d\d-\d\dT\S+Z  {FEATURE} from 0 to 1 by milena (\S+) on node (\d)$",
                       ask("features").stdout, re.M)  # fmt: skip
    return [(version, int(node)) for version, node in noted]


def test_upgrade_can_be_rolled_back_until_its_level_is_finalized_and_no_client_notices(cluster):
    assert paths.MILENA_NEXT.exists(), f"{paths.MILENA_NEXT} is missing: make build-next builds it"
    ask = Admin(cluster)
    (before,) = versions(cluster)
    with clients_that_notice_nothing(cluster):
        roll(cluster.nodes, ask, paths.MILENA_NEXT)
        (after,) = versions(cluster)
        assert after != before and levels(ask) == (0, 1)

        roll(cluster.nodes, ask, paths.MILENA)
        assert versions(cluster) == {before} and levels(ask) is None

        roll(cluster.nodes[:2], ask, paths.MILENA_NEXT)
        assert versions(cluster) == {before, after} and levels(ask) in (None, (0, 0))
        refused = finalize(cluster)
        assert refused["exit"] == 1 and "does not support this feature" in refused["out"] + refused["err"]
        roll(cluster.nodes[2:], ask, paths.MILENA_NEXT)
        assert levels(ask) == (0, 1) and finalizations(ask) == []

        decides = cluster.controller().node_id
        done = finalize(cluster)
        assert done["exit"] == 0, done
        assert levels(ask) == (1, 1) and finalizations(ask) == [(after, decides)]

        roll(cluster.nodes, ask, paths.MILENA_NEXT)
        assert finalizations(ask) == [(after, decides)]
        assert_refuses_to_start_as_before(cluster.node(1), ask, before)


def assert_refuses_to_start_as_before(node, ask, version):
    """It says why, and harms nothing: with the next version all goes on."""
    ask.wait_until("can-restart", node.node_id)
    assert node.stop()[0] == 0
    node.program = paths.MILENA
    node.launch()
    assert node.process.popen.wait(30) == 1
    assert re.search(
        rf"milena.version is finalized at 1, and milena {version} knows it up to 0: start the version that the cluster "
        "was upgraded to",
        node.log_tail(),
    ), node.log_tail()
    node.program = paths.MILENA_NEXT
    node.start()
    ask.wait_until("caught-up", node.node_id)
