"""What `make cluster` and `make cluster-down` do: a cluster on this machine, and its end."""

import os
import re
import socket
import subprocess

from harness import paths, tools
from harness.broker import free_port

SCRIPT = paths.REPOSITORY / "deploy/cluster.py"
NODES = 3


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def is_running(pid):
    """Who has ended may wait for a parent that asks how."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as status:
            return status.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def first_port():
    """Of as many as the nodes have; their other listeners are so far above it."""
    while True:
        port = free_port()
        if all(is_free(port + above + node) for above in (0, 100, 200, 300) for node in range(NODES)):
            return port


def test_make_runs_it():
    for target, verb in (("cluster", "up"), ("cluster-down", "down")):
        recipe = re.search(rf"^{target}:.*\n\t@(.*)$", (paths.REPOSITORY / "Makefile").read_text(), re.M)[1]
        assert recipe == f"deploy/cluster.py {verb}"


def test_cluster_comes_up_serves_and_ends_and_keeps_what_it_has(run_directory):
    port = first_port()
    directory = run_directory / "made-cluster"
    environment = {
        **os.environ,
        "CLUSTER_PORT": str(port),
        "CLUSTER_DIR": str(directory),
        "CLUSTER_NODES": str(NODES),
    }

    def run(verb):
        return subprocess.run([SCRIPT, verb], env=environment, capture_output=True, text=True, timeout=90, check=False)

    def kcat(node, *arguments, stdin=b""):
        done = tools.kcat("-b", f"127.0.0.1:{port + node - 1}", *arguments, stdin=stdin)
        assert done["exit"] == 0, done
        return done["out"]

    try:
        up = run("up")
        assert up.returncode == 0, up.stderr
        rows = [line.split() for line in up.stdout.splitlines()]
        assert [(int(row[0]), *row[2:]) for row in rows] == [
            (node, f"127.0.0.1:{port + node - 1}", f"{directory}/node-{node}/data") for node in range(1, NODES + 1)
        ]
        kcat(1, "-P", "-t", "made", "-X", "acks=all", stdin=b"a\nb\n")
        assert kcat(NODES, "-C", "-t", "made", "-e", "-q") == b"a\nb\n"

        again = run("up")
        assert again.returncode != 0 and "node 1 is running already" in again.stderr

        assert run("down").returncode == 0
        assert all(is_free(port + node) for node in range(NODES))
        assert not any(is_running(row[1]) for row in rows)

        assert run("up").returncode == 0
        assert kcat(2, "-C", "-t", "made", "-e", "-q") == b"a\nb\n"
    finally:
        assert run("down").returncode == 0
