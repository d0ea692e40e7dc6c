#!/usr/bin/env python3
"""Do the simulations find bugs? Plants those of bugs.py one by one and runs CI's seeds until one fails.

    run.py DIRECTORY [--only WORD] [--json FILE] [--jobs N]

Fails if fewer than nine of ten are found, or if one is missed that bugs.py doesn't explain.
"""
import argparse
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

from bugs import BUGS, EXPLAINED

FOUND_SHARE_MIN = 0.9
# Of processor time, of which all seeds take a third; with some bugs the simulated time doesn't go on.
SECONDS_MAX = 600


def how_it_ended(output, status):
    """The seed that failed and what was complained of, of the output of a run."""
    seed = re.search(r"^FAILED seed (\d+)", output, re.M)
    violation = re.search(r"^  violation: (.*)$", output, re.M)
    never = re.findall(r"^  (.*?) +never$", output, re.M)
    traced = re.search(r"seed (\d+)$", output, re.M)
    if status < 0:
        is_still = -status in (signal.SIGXCPU, signal.SIGKILL)
        return None, "the simulation stood still" if is_still else f"ended by signal {-status}"
    if violation:
        return int(seed[1]), violation[1]
    if seed:
        return int(seed[1]), "did too little to count"
    if traced:
        return int(traced[1]), "a claim of the test failed"
    return None, "never happened: " + ", ".join(never) if never else f"exit code {status}"


class Hunter:
    """A program with all bugs in it, as CI runs it without them, and the modules that it is tried on."""

    def __init__(self, program, modules, *arguments):
        self.program, self.modules, self.arguments = program, modules, arguments

    def hunt(self, directory, number):
        """Nothing, or what was found."""
        done = subprocess.run([directory / self.program, *self.arguments], capture_output=True, text=True,
                              env=os.environ | {"PLANTED_BUG": str(number)},
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MAX, SECONDS_MAX)))
        if done.returncode == 0:
            return None
        seed, how = how_it_ended(done.stdout, done.returncode)
        return {"with": self.program, "seed": seed, "by": how}


# In this order: who is quick comes first.
HUNTERS = (
    Hunter("raft_planted", {"raft"}, "--gtest_brief=1", "--gtest_filter=*.among_faults*"),
    Hunter("cluster_sim_planted", {"replica", "raft", "controller", "metadata", "storage"},
           "--seeds", "400", "--stop", "--coverage"),
    Hunter("sim_planted", {"replica", "storage"}, "--seeds", "2000", "--policy", "alternating", "--stop"),
)


def hunt(directory, number, bug):
    began = time.monotonic()
    result = {"bug": bug.name, "file": bug.file, "found": False}
    for hunter in HUNTERS:
        if bug.file.split("/")[0] in hunter.modules and (found := hunter.hunt(directory, number)):
            result |= {"found": True, **found}
            break
    result["seconds"] = round(time.monotonic() - began, 1)
    if not result["found"] and bug.name in EXPLAINED:
        result["explanation"] = EXPLAINED[bug.name]
    return result


def report(result):
    how = result.get("by") or result.get("explanation") or "and nobody knows why"
    if result["found"]:
        how = f"{result['with']}, " + (f"seed {result['seed']}, " if result["seed"] else "") + how
    print(f"{'found ' if result['found'] else 'MISSED'} {result['seconds']:6.1f} s  {result['bug']}: {how}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path, help="where the programs are")
    parser.add_argument("--only", default="", help="only bugs whose name contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    chosen = [(number, bug) for number, bug in enumerate(BUGS, 1) if arguments.only in bug.name]
    results = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for done in pool.map(lambda one: hunt(arguments.directory, *one), chosen):
            report(done)
            results.append(done)
    found = sum(result["found"] for result in results)
    unexplained = [result["bug"] for result in results if not result["found"] and "explanation" not in result]
    seconds = sum(result["seconds"] for result in results)
    print(f"{found} of {len(results)} planted bugs found in {seconds:.0f} s of simulation")
    if arguments.json:
        arguments.json.write_text(json.dumps({
            "date": datetime.date.today().isoformat(), "planted": len(results), "found": found,
            "bugs": results}, indent=1) + "\n")
    if unexplained:
        sys.exit("missed without an explanation: " + ", ".join(unexplained))
    if found < FOUND_SHARE_MIN * len(results):
        sys.exit(f"fewer than {FOUND_SHARE_MIN:.0%} were found")


main()
