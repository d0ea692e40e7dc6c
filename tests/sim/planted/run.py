#!/usr/bin/env python3
"""Do the simulations find bugs? Plants those of bugs.py one by one and runs CI's seeds until one fails.

    run.py DIRECTORY [--known] [--remember] [--only EXPRESSION] [--json FILE] [--jobs N]

--known: only those that were found before, by found.json, each with its seed; with all seeds only where that one finds
it no longer, as any change of the broker or of a simulation makes another life of it. --remember: writes found.json.
Fails if one is missed that bugs.py doesn't explain, and if of all of them fewer than nine of ten are found; those that
are planted together don't count there.
"""
import argparse
import collections
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

from bugs import BUGS, EXPLAINED, TOGETHER

FOUND_SHARE_MIN = 0.9
# Of processor time, of which all seeds take a third; with some bugs the simulated time doesn't go on.
SECONDS_MAX = 600
SECONDS_MAX_OF_ONE = 20  # life
FOUND = pathlib.Path(__file__).with_name("found.json")

# What is planted at a time: bugs by their numbers, one or some together.
Trial = collections.namedtuple("Trial", "name files numbers")


def trials():
    numbers = {bug.name: number for number, bug in enumerate(BUGS, 1)}
    alone = [Trial(bug.name, [bug.file], [numbers[bug.name]]) for bug in BUGS]
    files = {bug.name: bug.file for bug in BUGS}
    return alone + [
        Trial(name, [files[one] for one in bugs], [numbers[one] for one in bugs]) for name, bugs in TOGETHER.items()
    ]


def how_it_ended(output, status):
    """The seed that failed and what was complained of, of the output of a run."""
    seed = re.search(r"^FAILED seed (\d+)", output, re.M)
    violation = re.search(r"^  violation: (.*)$", output, re.M)
    never = re.findall(r"^  (.*?) +never$", output, re.M)
    if status < 0:
        is_still = -status in (signal.SIGXCPU, signal.SIGKILL)
        begun = re.findall(r"^seed (\d+) begins$", output, re.M)
        return (int(begun[-1]) if begun else None,
                "the simulation stood still" if is_still else f"ended by signal {-status}")
    if violation:
        return int(seed[1]), violation[1]
    if seed:
        return int(seed[1]), "did too little to count"
    return None, "never happened: " + ", ".join(never) if never else f"exit code {status}"


class Hunter:
    """A program with all bugs in it, as CI runs it without them, and the modules that it is tried on."""

    def __init__(self, program, modules, *all_lives):
        self.program, self.modules, self.all_lives = program, modules, all_lives

    def lives(self, known):
        """Arguments for all lives of CI, or for the one that is known."""
        return ["--policy", "alternating", "--stop", *(self.all_lives if known is None else ("--seed", str(known)))]

    def hunt(self, directory, numbers, known=None):
        """Nothing, or what was found."""
        seconds = SECONDS_MAX if known is None else SECONDS_MAX_OF_ONE
        done = subprocess.run([directory / self.program, *self.lives(known)], capture_output=True, text=True,
                              env=os.environ | {"PLANTED_BUG": " ".join(map(str, numbers))},
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds)))
        if done.returncode == 0:
            return None
        seed, how = self.how_it_ended(done.stdout, done.returncode)
        return {"with": self.program, "seed": seed if seed is not None else known, "by": how}

    how_it_ended = staticmethod(how_it_ended)


class TestHunter(Hunter):
    """Likewise, of tests that go through their seeds themselves: known is the name of the test."""

    def lives(self, known):
        return ["--gtest_brief=1", "--gtest_filter=" + (known or "*.among_faults*")]

    @staticmethod
    def how_it_ended(output, status):
        test = re.search(r"^\[  FAILED  \] ([\w.]+)", output, re.M)
        seed = re.search(r"seed (\d+)$", output, re.M)
        return test and test[1], f"a claim of the test failed, seed {seed[1]}" if seed else f"exit code {status}"


# In this order: who is quick comes first.
HUNTERS = (
    TestHunter("raft_planted", {"raft"}),
    Hunter("cluster_sim_planted", {"replica", "raft", "controller", "metadata", "storage"},
           "--seeds", "400", "--coverage"),
    Hunter("sim_planted", {"replica", "storage"}, "--seeds", "2000"),
)


def attempts(trial, known):
    """Hunters and what they begin with: what has found it once comes first."""
    modules = {file.split("/")[0] for file in trial.files}
    mine = [hunter for hunter in HUNTERS if modules <= hunter.modules]
    before = [(hunter, known["seed"]) for hunter in mine if known is not None and hunter.program == known["with"]]
    return before + [(hunter, None) for hunter in mine]


def hunt(directory, trial, known):
    began = time.monotonic()
    result = {"bug": trial.name, "files": trial.files, "found": False}
    for hunter, seed in attempts(trial, known.get(trial.name)):
        if found := hunter.hunt(directory, trial.numbers, seed):
            result |= {"found": True, **found}
            break
    result["seconds"] = round(time.monotonic() - began, 1)
    if not result["found"] and trial.name in EXPLAINED:
        result["explanation"] = EXPLAINED[trial.name]
    return result


def report(result):
    how = result.get("by") or result.get("explanation") or "and nobody knows why"
    if result["found"]:
        seed = f"seed {result['seed']}" if isinstance(result["seed"], int) else result["seed"]
        how = ", ".join(part for part in (result["with"], seed, how) if part)
    print(f"{'found ' if result['found'] else 'MISSED'} {result['seconds']:6.1f} s  {result['bug']}: {how}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path, help="where the programs are")
    parser.add_argument("--known", action="store_true")
    parser.add_argument("--remember", action="store_true")
    parser.add_argument("--only", default="", help="only bugs in whose name this regular expression is found")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    chosen = [trial for trial in trials() if re.search(arguments.only, trial.name)]
    before = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    known = before if arguments.known else {}
    if arguments.known:
        chosen = [trial for trial in chosen if trial.name in known]
    results = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for done in pool.map(lambda trial: hunt(arguments.directory, trial, known), chosen):
            report(done)
            results.append(done)
    alone = [result["found"] for result in results if result["bug"] not in TOGETHER]
    together = [result["found"] for result in results if result["bug"] in TOGETHER]
    unexplained = [result["bug"] for result in results if not result["found"] and "explanation" not in result]
    seconds = sum(result["seconds"] for result in results)
    print(f"{sum(alone)} of {len(alone)} planted bugs found, and {sum(together)} of {len(together)} that are planted "
          f"together, in {seconds:.0f} s of simulation")
    if arguments.remember:
        now = before | {result["bug"]: {"with": result["with"], "seed": result["seed"]}
                        for result in results if result["found"] and result["seed"] is not None}
        names = [trial.name for trial in trials() if trial.name in now]
        lines = (f"  {json.dumps(name)}: {json.dumps(now[name])}" for name in names)
        FOUND.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps({
            "date": datetime.date.today().isoformat(), "planted": len(alone), "found": sum(alone),
            "planted_together": len(together), "found_together": sum(together), "seconds": round(seconds, 1),
            "bugs": results}, indent=1) + "\n")
    if unexplained:
        sys.exit("missed without an explanation: " + ", ".join(unexplained))
    if not arguments.known and sum(alone) < FOUND_SHARE_MIN * len(alone):
        sys.exit(f"fewer than {FOUND_SHARE_MIN:.0%} were found")


main()
