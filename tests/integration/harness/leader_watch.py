"""Whether there is a leader at every moment."""

import threading

from confluent_kafka import KafkaException


class LeaderWatch(threading.Thread):
    """Looks all the time whether some partition has no leader, as any of the brokers sees it."""

    def __init__(self, client, topics):
        super().__init__(daemon=True)
        self.topics = topics
        self.client = client
        self.stopping = threading.Event()
        self.looks = 0
        self.leaderless = []

    def run(self):
        while not self.stopping.wait(0.02):
            try:
                found = self.client.list_topics(timeout=2).topics
            except KafkaException:  # librdkafka waits for the one broker that it has asked, which may just be restarted
                continue
            self.looks += 1
            for topic in self.topics:
                self.leaderless += [
                    (topic, index, self.looks) for index, one in found[topic].partitions.items() if one.leader < 0
                ]

    def stop(self):
        self.stopping.set()
        self.join(20)
        assert not self.is_alive() and self.looks > 20 and not self.leaderless, self.leaderless[:5]
