"""The programs of docs/examples, run as their READMEs say."""

import re
import subprocess
import sys

import pytest

from harness import paths, tools
from harness.broker import Milena

EXAMPLES = paths.REPOSITORY / "docs/examples"
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{paths.BUILD / 'examples/classes'}:{paths.KAFKA_LIB}/*"]


@pytest.fixture(scope="module")
def bootstrap(run_directory):
    broker = Milena(run_directory / "examples")
    try:
        broker.start()
        yield broker.bootstrap
    finally:
        broker.close()


def read(bootstrap, topic):
    """The records of a topic as "key value"."""
    shown = ("-o", "beginning", "-e", "-q", "-f", "%k %s\n")
    return tools.kcat("-b", bootstrap, "-C", "-t", topic, *shown)["out"].decode().splitlines()


def run(*command, exits=0):
    """The lines that a program prints."""
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False
    )
    assert done.returncode == exits, done.stdout + done.stderr
    return done.stdout.splitlines()


def greet_in(language):
    return {
        "java": ([*JAVA, "Greetings"], ["produce"], ["consume"]),
        "python": ([sys.executable], [EXAMPLES / "python/produce.py"], [EXAMPLES / "python/consume.py"]),
        "go": ([paths.BUILD / "examples/greetings"], ["produce"], ["consume"]),
    }[language]


@pytest.mark.parametrize("language", ["java", "python", "go"])
def test_greetings_are_produced_and_consumed_once(bootstrap, language):
    program, produce, consume = greet_in(language)

    def greet(verb, count):
        # Python has a program for each verb.
        words = [*verb, bootstrap] if language == "python" else [bootstrap, *verb]
        return run(*program, *words, count)

    assert greet(produce, 20) == ["produced 20"]
    expected = sorted(f"guest-{number % 7}: greeting {number}" for number in range(20))
    assert sorted(greet(consume, 20)) == expected
    greet(produce, 3)
    assert sorted(greet(consume, 3)) == expected[:1] + sorted(f"guest-{n}: greeting {n}" for n in (1, 2))


def test_accounts_are_what_their_events_say(bootstrap):
    def accounts(*command, exits=0):
        return run(sys.executable, EXAMPLES / "event-sourcing/accounts.py", bootstrap, *command, exits=exits)

    accounts("open", "alice")
    accounts("open", "bob")
    accounts("deposit", "alice", 100)
    accounts("withdraw", "alice", 500, exits=1)
    accounts("open", "bob", exits=1)
    accounts("deposit", "carol", 1, exits=1)
    assert accounts("withdraw", "alice", 30) == ["alice 70", "bob 0"]
    assert accounts("balances") == ["alice 70", "bob 0"]
    assert dict(line.split() for line in read(bootstrap, "account-balances")) == {"alice": "70", "bob": "0"}


def test_no_order_is_shipped_twice_though_the_payment_service_crashes(bootstrap):
    def orders(*command, exits=0):
        return run(*JAVA, "Orders", bootstrap, *command, exits=exits)

    assert orders("place", 100) == ["placed 100"]
    (crash,) = orders("pay", 100, "crash", exits=1)
    paid = int(re.fullmatch(r"crashed after (\d+)", crash)[1])
    assert orders("pay", 100) == ["paid 100"]
    *twice, shipped = orders("ship", 100)
    assert shipped == "shipped 100" and len(twice) <= paid
    assert sorted(read(bootstrap, "shipments")) == sorted(f"order-{n} to customer-{n % 5}" for n in range(100))


def test_every_example_has_a_readme_that_names_its_program():
    for example in sorted(path for path in EXAMPLES.iterdir() if path.is_dir()):
        text = (example / "README.md").read_text()
        programs = [path for path in example.iterdir() if path.suffix in (".java", ".py")]
        assert len(text.splitlines()) <= 12 and all(path.stem in text for path in programs), example
        assert f"({example.name})" in (EXAMPLES / "README.md").read_text()
