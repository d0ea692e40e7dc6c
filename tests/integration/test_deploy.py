"""What deploy/ promises: the files are valid, and the walk through compose.yaml runs as its README shows it, with the
broker as a process where a container engine would have put it into a container."""

import os
import re
import shlex
import subprocess

import pytest
import yaml

from harness import paths, tools
from harness.broker import free_port
from harness.process import Process, until

DEPLOY = paths.REPOSITORY / "deploy"
UNIT = DEPLOY / "systemd/milena.service"
KEYS = {"image", "environment", "ports", "volumes", "healthcheck", "read_only", "cap_drop", "security_opt", "ulimits",
        "stop_grace_period", "restart"}  # fmt: skip


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_the_compose_file_has_one_strict_broker_of_the_image_that_is_built():
    content = compose()
    assert set(content) == {"services", "volumes"} and set(content["services"]) == {"broker"}
    broker = content["services"]["broker"]
    assert set(broker) <= KEYS
    assert f"IMAGE ?= {broker['image']}\n" in (paths.REPOSITORY / "Makefile").read_text()
    assert broker["read_only"] is True and broker["cap_drop"] == ["ALL"]
    assert broker["volumes"] == [f"{volume}:/var/lib/milena" for volume in content["volumes"]]
    assert all(isinstance(value, str) for value in broker["environment"].values())
    ports = {row.split(":")[-1] for row in broker["ports"]}
    dockerfile = (paths.REPOSITORY / "Dockerfile").read_text()
    assert ports == set(re.findall(r"^EXPOSE (.*)$", dockerfile, re.M)[-1].split())  # the broker's stage is the last
    assert f'ENTRYPOINT ["{broker["healthcheck"]["test"][1]}"]' in dockerfile


def test_the_compose_file_is_what_a_container_engine_accepts():
    subprocess.run(["docker-compose", "--file", DEPLOY / "compose.yaml", "config", "--quiet"], check=True)


class Container:
    """The broker of compose.yaml as a process: its environment, its command, its directory, on ports that are free."""

    def __init__(self, directory):
        self.directory = directory
        self.ports = {"9092": free_port(), "9644": free_port()}
        self.environment = {
            name: self.on_free_ports(value) for name, value in compose()["services"]["broker"]["environment"].items()
        }
        self.process = None
        directory.mkdir(parents=True)

    def on_free_ports(self, text):
        return re.sub(r"\b(9092|9644)\b", lambda found: str(self.ports[found[0]]), text)

    def up(self):
        log = self.directory / "broker.log"
        self.process = Process([paths.MILENA, "broker"], log, cwd=self.directory, env=self.environment)
        until(self.is_healthy, f"the broker is healthy, see {log}", 30)

    def is_healthy(self):
        words = compose()["services"]["broker"]["healthcheck"]["test"][2:]
        command = [paths.MILENA, *map(self.on_free_ports, words)]
        return subprocess.run(command, capture_output=True, check=False, timeout=10).returncode == 0

    def down(self):
        assert self.process.stop()[0] == 0

    def docker(self, verb):
        if verb in ("restart", "down"):
            self.down()
        if verb in ("restart", "up"):
            self.up()


def walk():
    """[(command, what it shows)] of the README."""
    blocks = re.findall(r"^```\n(.*?)^```", (DEPLOY / "README.md").read_text(), re.M | re.S)
    steps = []
    for line in "".join(blocks).splitlines():
        if line.startswith("$ "):
            steps.append([line[2:], []])
        elif line.startswith("      ") and not steps[-1][1]:
            steps[-1][0] += "\n" + line
        else:
            steps[-1][1].append(line)
    return steps


@pytest.fixture
def kafka_commands(tmp_path):
    """A directory with the tools that the walk uses, under the names that it uses."""
    for name in set(re.findall(r"\bkafka-[a-z-]+", "\n".join(command for command, _ in walk()))):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join([*tools.JVM, tools.MAINS[name]])} "$@"\n')
        script.chmod(0o755)
    return tmp_path


def test_the_walk_through_shows_what_its_readme_says(run_directory, kafka_commands):
    container = Container(run_directory / "compose")
    environment = {**os.environ, "PATH": f"{kafka_commands}:{os.environ['PATH']}"}
    verbs = []
    try:
        for command, shows in walk():
            if found := re.match(r"docker compose --file deploy/compose.yaml (\w+)", command):
                verbs.append(found[1])
                container.docker(found[1])
                continue
            done = subprocess.run(["bash", "-c", container.on_free_ports(command)], env=environment, check=False,
                                  capture_output=True, text=True, timeout=60)  # fmt: skip
            assert (done.returncode, done.stdout.splitlines()) == (0, shows), (command, done.stderr)
    finally:
        container.process.kill()
    assert verbs == ["up", "restart", "down"]


def test_the_unit_of_systemd_is_valid_and_gives_away_no_right(tmp_path):
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/bin/milena", str(paths.MILENA)))
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    # 0 is the least exposed, 100 the most.
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", unit]
    exposed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert exposed.returncode == 0, exposed.stdout
