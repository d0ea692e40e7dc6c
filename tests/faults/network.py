"""Hosts in network namespaces of the test's own, joined by a bridge in one more, and rules that lose packets on the
way.

This process must already be in namespaces of its own for network, mounts and processes (`matrix.py` sees to that):
whatever is made here vanishes with it, however it ends. Its own namespace is the clients' host. No address here is
reachable from anywhere else."""

import pathlib
import subprocess
import sys

import slow_link

PREFIX = "10.77.0."
CLIENTS = 100
SWITCH = "switch"
NAMES = pathlib.Path("/run/netns")
SLOW_LINK_PORT = 15001


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def address(host):
    return f"{PREFIX}{host}"


def namespace(host):
    return f"host-{host}"


def inside(host):
    """What goes before a command so that it runs on that host; the process keeps its id."""
    return ["nsenter", f"--net={NAMES / namespace(host)}"]


class Network:
    """Hosts are numbers; the clients' host reaches all of them."""

    def __init__(self, hosts):
        self.hosts, self.slow_links = list(hosts), []
        run("mount", "-t", "tmpfs", "-o", "size=1m", "faults", "/run")  # seen by this mount namespace only
        run("ip", "netns", "add", SWITCH)
        run("ip", "-n", SWITCH, "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", SWITCH, "link", "set", "bridge", "up")
        self._plug_in(CLIENTS, [])
        for host in self.hosts:
            run("ip", "netns", "add", namespace(host))
            self._plug_in(host, ["-n", namespace(host)])
            self._filter(host, "add table inet faults")
            self._filter(host, "add chain inet faults incoming { type filter hook input priority 0; }")

    def _plug_in(self, host, where):
        run("ip", *where, "link", "set", "lo", "up")
        run("ip", *where, "link", "add", "eth0", "type", "veth", "peer", "name", f"port-{host}", "netns", SWITCH)
        run("ip", "-n", SWITCH, "link", "set", f"port-{host}", "master", "bridge", "up")
        run("ip", *where, "address", "add", f"{address(host)}/24", "dev", "eth0")
        run("ip", *where, "link", "set", "eth0", "up")

    def _filter(self, host, rule):
        run(*inside(host), "nft", rule)

    def _drop(self, source, target, what):
        self._filter(target, f"add rule inet faults incoming ip saddr {address(source)} {what} drop")

    def cut(self, source, target, port=None):
        """Nothing that the source sends arrives at the target; of one port, nothing of its connections."""
        for what in [""] if port is None else [f"tcp dport {port}", f"tcp sport {port}"]:
            self._drop(source, target, what)

    def cut_both_ways(self, one, other, port=None):
        self.cut(one, other, port)
        self.cut(other, one, port)

    def isolate(self, host):
        """From the other brokers; the clients go on reaching it."""
        for other in self.hosts:
            if other != host:
                self.cut_both_ways(host, other)

    def lose(self, source, target, percent):
        self._drop(source, target, f"numgen random mod 100 < {percent}")

    def delay(self, ports, least_s, most_s):
        """Connections to these ports of each other that hosts make from now on, both ways: `slow_link.py`."""
        wanted = ", ".join(map(str, ports))
        for host in self.hosts:
            command = [*inside(host), sys.executable, slow_link.__file__, SLOW_LINK_PORT, least_s, most_s]
            link = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE)
            self.slow_links.append(link)
            if not link.stdout.readline():
                raise RuntimeError(f"no slow link at host {host}")
            self._filter(host, "add table ip delays")
            self._filter(host, "add chain ip delays outgoing { type nat hook output priority -100; }")
            where = f"ip daddr {PREFIX}0/24 ip daddr != {address(host)} meta mark != {slow_link.MARK}"
            passes = f"redirect to :{SLOW_LINK_PORT}"
            self._filter(host, f"add rule ip delays outgoing {where} tcp dport {{ {wanted} }} {passes}")

    def heal(self):
        """What goes through slow links is cut off with them."""
        for host in self.hosts:
            self._filter(host, "flush chain inet faults incoming")
            if self.slow_links:
                self._filter(host, "delete table ip delays")
        for link in self.slow_links:
            link.kill()
            link.wait()
        self.slow_links = []
