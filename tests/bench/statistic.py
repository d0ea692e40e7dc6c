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
    """One figure: Milena's samples, those that they are held against, if any, and the target, if there is one.

    With `against`, the target is on the ratio of Milena's sample to the other's, round by round. A target is met by the
    median; with `is_clear` the whole 90 % interval has to meet it, with `may_tie` it is enough that it reaches it."""

    name: str
    unit: str
    milena: list
    against: str = ""  # "kafka" or "bare broker": what `theirs` are samples of
    theirs: list | None = None
    at_most: float | None = None
    at_least: float | None = None
    is_clear: bool = False
    may_tie: bool = False

    def has_target(self):
        return self.at_most is not None or self.at_least is not None

    def is_ratio(self):
        return self.has_target() and bool(self.against)

    def judged(self):
        if self.is_ratio():
            return [ours / theirs for ours, theirs in zip(self.milena, self.theirs, strict=True)]
        return self.milena

    def passes(self):
        low = high = statistics.median(self.judged())
        if self.is_clear:
            low, high = interval(self.judged())
        if self.may_tie:
            high, low = interval(self.judged())
        if self.at_most is not None and high > self.at_most:
            return False
        return self.at_least is None or low >= self.at_least

    def target(self):
        sign = "<=" if self.at_most is not None else ">="
        bound = self.at_most if self.at_most is not None else self.at_least
        how = " clear" if self.is_clear else " or a tie" if self.may_tie else ""
        return f"{sign} {bound:.3g}{how}" if self.has_target() else ""

    def verdict(self):
        return ("PASS" if self.passes() else "FAIL") if self.has_target() else ""

    def as_json(self):
        low, high = interval(self.judged())
        return {
            "name": self.name,
            "unit": self.unit,
            "milena": self.milena,
            "against": self.against,
            "theirs": self.theirs,
            "judged_on": f"milena / {self.against}" if self.is_ratio() else "milena",
            "median": statistics.median(self.judged()),
            "interval_90": [low, high],
            "target": self.target(),
            "passes": self.passes(),
        }

    def as_text(self):
        low, high = interval(self.judged())
        theirs = f"{statistics.median(self.theirs):10.3g}" if self.theirs else " " * 10
        judged = f"{statistics.median(self.judged()):8.3g} ({low:.3g} to {high:.3g})"
        kind = f"/ {self.against}" if self.is_ratio() else ""
        return (
            f"{self.name:46} {self.unit:12} {statistics.median(self.milena):10.3g} {theirs} "
            f"{kind:11} {judged:30} {self.target():13} {self.verdict()}"
        )


HEADER = f"{'figure':46} {'unit':12} {'milena':>10} {'theirs':>10} {'':11} {'judged: median (90 %)':30} {'target':13}"
