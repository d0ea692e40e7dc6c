"""Medians with their uncertainty, and rows that pass or fail."""

import dataclasses
import random
import statistics


def interval(values, resamples=2000):
    """The bootstrap's 90 % interval of the median; the same numbers give the same interval."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(resamples))
    return medians[resamples // 20], medians[resamples - 1 - resamples // 20]


@dataclasses.dataclass
class Row:
    """One figure: Milena's samples, Kafka's where it was measured too, and the target, if there is one."""

    name: str
    unit: str
    milena: list
    kafka: list | None = None
    target_max: float | None = None
    is_ratio: bool = False  # the target is on Milena's median divided by Kafka's, round by round

    def judged(self):
        if self.is_ratio:
            return [ours / theirs for ours, theirs in zip(self.milena, self.kafka)]
        return self.milena

    def passes(self):
        return self.target_max is None or statistics.median(self.judged()) <= self.target_max

    def as_json(self):
        low, high = interval(self.judged())
        return {
            "name": self.name,
            "unit": self.unit,
            "milena": self.milena,
            "kafka": self.kafka,
            "judged_on": "milena / kafka" if self.is_ratio else "milena",
            "median": statistics.median(self.judged()),
            "interval_90": [low, high],
            "target_max": self.target_max,
            "passes": self.passes(),
        }

    def as_text(self):
        low, high = interval(self.judged())
        kafka = f"{statistics.median(self.kafka):10.3g}" if self.kafka else " " * 10
        judged = f"{statistics.median(self.judged()):8.3g} ({low:.3g} to {high:.3g})"
        target = "" if self.target_max is None else f"<= {self.target_max:g}"
        verdict = "" if self.target_max is None else "PASS" if self.passes() else "FAIL"
        return (
            f"{self.name:44} {self.unit:12} {statistics.median(self.milena):10.3g} {kafka} "
            f"{'ratio' if self.is_ratio else '':5} {judged:32} {target:9} {verdict}"
        )


HEADER = f"{'figure':44} {'unit':12} {'milena':>10} {'kafka':>10} {'':5} {'judged: median (90 %)':32} {'target':9}"
