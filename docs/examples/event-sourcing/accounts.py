"""Accounts whose state is what their events say.

accounts.py BOOTSTRAP open|deposit|withdraw|balances [ACCOUNT [AMOUNT]]"""

import json
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

EVENTS = "account-events"  # kept for ever: the truth
BALANCES = "account-balances"  # compacted: what other programs want to know


class Accounts:
    """The state. Only `apply` changes it, and it cannot refuse what has happened."""

    def __init__(self):
        self.balances = {}

    def decide(self, verb, account, amount):
        """The event that a command leads to, or a refusal."""
        if verb == "open":
            if account in self.balances:
                raise SystemExit(f"refused: {account} is open already")
            return {"type": "opened", "account": account}
        if account not in self.balances:
            raise SystemExit(f"refused: there is no {account}")
        if verb == "withdraw" and self.balances[account] < amount:
            raise SystemExit(f"refused: {account} has only {self.balances[account]}")
        return {"type": "deposited" if verb == "deposit" else "withdrawn", "account": account, "amount": amount}

    def apply(self, event):
        account, amount = event["account"], event.get("amount", 0)
        change = {"opened": 0, "deposited": amount, "withdrawn": -amount}[event["type"]]
        self.balances[account] = self.balances.get(account, 0) + change


def create_topics(bootstrap):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    # One partition: events of all accounts are in one order.
    wanted = [
        NewTopic(EVENTS, 1, 1, config={"retention.ms": "-1"}),
        NewTopic(BALANCES, 1, 1, config={"cleanup.policy": "compact"}),
    ]
    there = admin.list_topics(timeout=10).topics
    missing = [topic for topic in wanted if topic.topic not in there]
    for created in admin.create_topics(missing).values() if missing else []:
        created.result()


def replay(bootstrap):
    """The state after all events so far. A reader without a group: it begins at the beginning each time."""
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False})
    _, end = reader.get_watermark_offsets(TopicPartition(EVENTS, 0), timeout=10)
    reader.assign([TopicPartition(EVENTS, 0, 0)])
    accounts, at = Accounts(), 0
    while at < end:
        message = reader.poll(1.0)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        accounts.apply(json.loads(message.value()))
        at = message.offset() + 1
    reader.close()
    return accounts


def write(bootstrap, topic, key, value):
    def delivered(failure, _):
        if failure:
            raise KafkaException(failure)

    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    producer.produce(topic, json.dumps(value), key, on_delivery=delivered)
    producer.flush()


def main(bootstrap, verb, account=None, amount="0"):
    create_topics(bootstrap)
    accounts = replay(bootstrap)
    if verb != "balances":
        event = accounts.decide(verb, account, int(amount))
        write(bootstrap, EVENTS, account, event)
        accounts.apply(event)
        write(bootstrap, BALANCES, account, accounts.balances[account])
    for name, balance in sorted(accounts.balances.items()):
        print(name, balance)


if __name__ == "__main__":
    main(*sys.argv[1:])
