#!/usr/bin/env python3
"""Does the simulator find bugs? Plants those of bugs.py one by one and runs CI's seeds until one fails.

    run.py PROGRAM [--seeds N] [--only WORD] [--json FILE] [--jobs N]

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
# Of processor time, for each seed, of which it takes a tenth; with some bugs the simulated time doesn't go on.
SECONDS_MAX = 1.5


def how_it_ended(output, status):
    """The seed that failed and what was complained of, of the output of a run."""
    seed = re.search(r"^FAILED seed (\d+)", output, re.M)
    violation = re.search(r"^  violation: (.*)$", output, re.M)
    never = re.findall(r"^  (.*?) +never$", output, re.M)
    if status < 0:
        is_still = -status in (signal.SIGXCPU, signal.SIGKILL)
        return None, "the simulation stood still" if is_still else f"ended by signal {-status}"
    if violation:
        return int(seed[1]), violation[1]
    if seed:
        return int(seed[1]), "did too little to count"
    return None, "never happened: " + ", ".join(never) if never else f"exit code {status}"


def hunt(program, number, bug, seeds):
    began = time.monotonic()
    seconds_max = int(30 + SECONDS_MAX * seeds)
    done = subprocess.run([program, "--seeds", str(seeds), "--stop", "--coverage"], capture_output=True, text=True,
                          env=os.environ | {"PLANTED_BUG": str(number)},
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds_max, seconds_max)))
    seed, how = how_it_ended(done.stdout, done.returncode)
    result = {"bug": bug.name, "file": bug.file, "found": done.returncode != 0,
              "seconds": round(time.monotonic() - began, 1)}
    if result["found"]:
        result |= {"seed": seed, "by": how}
    elif bug.name in EXPLAINED:
        result["explanation"] = EXPLAINED[bug.name]
    return result


def report(result):
    how = result.get("by") or result.get("explanation") or "and nobody knows why"
    print(f"{'found ' if result['found'] else 'MISSED'} {result['seconds']:6.1f} s  {result['bug']}: "
          f"{'seed ' + str(result['seed']) + ', ' if result.get('seed') else ''}{how}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seeds", type=int, default=400)
    parser.add_argument("--only", default="", help="only bugs whose name contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    chosen = [(number, bug) for number, bug in enumerate(BUGS, 1) if arguments.only in bug.name]
    results = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for done in pool.map(lambda one: hunt(arguments.program, *one, arguments.seeds), chosen):
            report(done)
            results.append(done)
    found = sum(result["found"] for result in results)
    unexplained = [result["bug"] for result in results if not result["found"] and "explanation" not in result]
    seconds = sum(result["seconds"] for result in results)
    print(f"{found} of {len(results)} planted bugs found with {arguments.seeds} seeds, {seconds:.0f} s of simulation")
    if arguments.json:
        arguments.json.write_text(json.dumps({
            "date": datetime.date.today().isoformat(), "seeds": arguments.seeds, "planted": len(results),
            "found": found, "bugs": results}, indent=1) + "\n")
    if unexplained:
        sys.exit("missed without an explanation: " + ", ".join(unexplained))
    if found < FOUND_SHARE_MIN * len(results):
        sys.exit(f"fewer than {FOUND_SHARE_MIN:.0%} were found")


main()
