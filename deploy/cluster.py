#!/usr/bin/env python3
"""A cluster of several brokers on this machine: `deploy/cluster.py up` starts it and prints a line for each node,
`down` stops it. Where, and how many: CLUSTER_PORT (of the first node's clients, 9092), CLUSTER_DIR (./cluster),
CLUSTER_NODES (3).

Node n serves clients on CLUSTER_PORT + n - 1; its controller, its replication and its metrics listen 100, 200 and 300
above that. All of it on 127.0.0.1 only."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = pathlib.Path(os.environ.get("MILENA", ROOT / "build/bin/milena"))
PORT = int(os.environ.get("CLUSTER_PORT", "9092"))
DIRECTORY = pathlib.Path(os.environ.get("CLUSTER_DIR", "cluster")).resolve()
NODES = int(os.environ.get("CLUSTER_NODES", "3"))
READY_SECONDS_MAX = 20


def ports(node):
    client = PORT + node - 1
    return {"client": client, "controller": client + 100, "replication": client + 200, "metrics": client + 300}


def properties(node, cluster_id):
    at = ports(node)
    voters = ",".join(f"{other}@127.0.0.1:{ports(other)['controller']}" for other in range(1, min(NODES, 5) + 1))
    is_voter = node <= 5
    listeners = f"PLAINTEXT://127.0.0.1:{at['client']},REPLICATION://127.0.0.1:{at['replication']}"
    if is_voter:
        listeners += f",CONTROLLER://127.0.0.1:{at['controller']}"
    return f"""# Written by deploy/cluster.py.
node.id={node}
process.roles={"broker,controller" if is_voter else "broker"}
milena.cluster.id={cluster_id}
controller.quorum.voters={voters}
listeners={listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,REPLICATION:GRPC,CONTROLLER:GRPC
inter.broker.listener.name=REPLICATION
controller.listener.names=CONTROLLER
log.dirs={DIRECTORY}/node-{node}/data
milena.metrics.listener=127.0.0.1:{at['metrics']}
default.replication.factor={min(NODES, 3)}
offsets.topic.replication.factor={min(NODES, 3)}
min.insync.replicas={2 if NODES >= 3 else 1}
"""


def is_alive(pid):
    """Whether the process with this id is a broker of this cluster: ids are used again."""
    try:
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return str(DIRECTORY).encode() in command and state != "Z"


def pids():
    found = {}
    for file in sorted(DIRECTORY.glob("node-*/pid")):
        pid = int(file.read_text())
        if is_alive(pid):
            found[int(file.parent.name.removeprefix("node-"))] = pid
    return found


def start(node, cluster_id):
    directory = DIRECTORY / f"node-{node}"
    directory.mkdir(parents=True, exist_ok=True)
    settings = directory / "server.properties"
    settings.write_text(properties(node, cluster_id))
    with open(directory / "broker.log", "ab") as log:
        process = subprocess.Popen(
            [PROGRAM, "broker", settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    (directory / "pid").write_text(f"{process.pid}\n")
    return process


def is_ready(node):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{ports(node)['metrics']}/readyz", timeout=1) as answer:
            return json.load(answer)["node_id"] == node
    except (urllib.error.URLError, OSError, ValueError):
        return False


def up():
    if running := pids():
        sys.exit(f"cluster: node {min(running)} is running already; `make cluster-down` stops it")
    if not PROGRAM.exists():
        sys.exit(f"cluster: there is no {PROGRAM}; `make build` makes it")
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    identity = DIRECTORY / "cluster.id"
    if not identity.exists():
        identity.write_bytes(subprocess.check_output([PROGRAM, "random-uuid"]))
    cluster_id = identity.read_text().strip()
    begin = time.monotonic()
    processes = {node: start(node, cluster_id) for node in range(1, NODES + 1)}
    missing = set(processes)
    while missing:
        for node, process in processes.items():
            if process.poll() is not None:
                down()
                sys.exit(f"cluster: node {node} has ended; see {DIRECTORY}/node-{node}/broker.log")
        missing = {node for node in missing if not is_ready(node)}
        if missing and time.monotonic() - begin > READY_SECONDS_MAX:
            sys.exit(f"cluster: nodes {sorted(missing)} are not ready; see broker.log in {DIRECTORY}/node-*")
        time.sleep(0.01)
    for node, process in processes.items():
        print(f"{node} {process.pid} 127.0.0.1:{ports(node)['client']} {DIRECTORY}/node-{node}/data")
    print(f"ready after {time.monotonic() - begin:.2f} s", file=sys.stderr)


def down():
    running = pids()
    for pid in running.values():
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 30
    while running := {node: pid for node, pid in running.items() if is_alive(pid)}:
        if time.monotonic() > end:
            for pid in running.values():
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    for file in DIRECTORY.glob("node-*/pid"):
        file.unlink()


if __name__ == "__main__":
    verbs = {"up": up, "down": down}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    verbs[sys.argv[1]]()
