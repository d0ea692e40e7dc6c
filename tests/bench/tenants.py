"""What one tenant notices of another that wants ten times its quota."""

import subprocess
import time

from duel import MIB, Background, Duel, paced
from harness import tools
from statistic import Row

QUOTA = MIB  # bytes a second
WINDOW_S = 11  # a quota's worth of this many seconds may be used at once
RATE = 500  # records a second of the quiet tenant


def limit_client(broker, client_id, **quotas):
    config = ",".join(f"{key}={value}" for key, value in quotas.items())
    command = [*tools.JVM, tools.MAINS["kafka-configs"], "--bootstrap-server", broker.bootstrap, "--alter",
               "--add-config", config, "--entity-type", "clients", "--entity-name", client_id]  # fmt: skip
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=60)


def p99_ms(broker, seconds):
    return paced(broker, "tenants", seconds, RATE, client_id="quiet")["p99_ms"]


def tenants(bench):
    """The quiet one alone, then beside the loud one, which sends as fast as it is let."""
    seconds = max(bench.scaled(5), 3)
    with Duel(bench) as duel:
        for broker in duel.brokers:
            broker.admin.create("tenants", 6)
            limit_client(broker, "loud", producer_byte_rate=QUOTA)
            p99_ms(broker, seconds)

        def measure(broker, samples):
            alone = p99_ms(broker, seconds)
            bytes_wanted = int(10 * QUOTA * (WINDOW_S + seconds))
            loud = Background("produce", broker, "tenants", bytes_wanted // 1024, size=1024, client_id="loud")
            try:
                time.sleep(3)  # By then it has used up what it may use at once.
                beside = p99_ms(broker, seconds)
            finally:
                loud.process.kill()
                loud.process.communicate()
            samples.add("alone", alone)
            samples.add("beside", beside)
            samples.add("factor", beside / alone)

        duel.rounds(measure)
    ours, theirs = duel.milena, duel.kafka
    return [
        Row("p99 of a tenant alone", "ms", ours["alone"], "kafka", theirs["alone"]),
        Row("p99 beside one at ten times its quota", "ms", ours["beside"], "kafka", theirs["beside"]),
        Row("p99 beside it by p99 alone", "times", ours["factor"], at_most=1.5),
    ]
