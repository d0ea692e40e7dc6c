"""From this version to the next one, back, and forward again, under load: H of the scenarios."""

import kube
from clusters import IMAGE, NEXT_IMAGE
from harness.tools import alone

FEATURE = "milena.version"


def version(image):
    return image.rpartition(":")[2]


def levels(cluster):
    """What the brokers say of the feature: finalized, least, most."""
    rows = [line.split() for line in cluster.admin("features").splitlines()]
    return next((row[1:] for row in rows if row[:1] == [FEATURE]), None)


def roll(cluster, image):
    watch = cluster.watched()
    cluster.apply(image=image).settle(300)
    watch.stop()
    assert sorted(watch.order) == [cluster.pod(node_id) for node_id in range(3)] and watch.unready_max == 1
    assert cluster.resource()["status"]["version"] == version(image)


def test_h_an_upgrade_under_load_is_rolled_back_until_its_level_is_finalized(own_cluster):
    cluster = own_cluster
    with cluster.noticed_by_nobody():
        roll(cluster, NEXT_IMAGE)
        assert levels(cluster) == ["0", "0", "1"]
        roll(cluster, IMAGE)
        assert levels(cluster) is None
        roll(cluster, NEXT_IMAGE)

        own = ["--bootstrap-server", cluster.bootstrap(), "upgrade", "--feature", f"{FEATURE}=1"]
        finalized = alone("kafka-features", *own)
        assert finalized["exit"] == 0 and levels(cluster) == ["1", "0", "1"], finalized

        # The version before can't read on; the first pod says so, and the others are left alone.
        before = cluster.pods()
        cluster.apply(image=IMAGE).wait("Stalled", "True", "RolloutFailed", 180)
        (refusing,) = [name for name, uid in cluster.pods().items() if before[name] != uid]
        where = [refusing, "--namespace", cluster.namespace, "--tail=20"]
        kube.wait_until("why it doesn't start", lambda: f"{FEATURE} is finalized at 1" in kube.kubectl("logs", *where))
        cluster.apply(image=NEXT_IMAGE).settle(180)
