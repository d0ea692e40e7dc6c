#!/usr/bin/env python3
"""Real brokers and real clients among faults: each scenario, so many times, each time in namespaces of its own for
network, mounts and processes. All that it makes there ends with them, also when it is killed.

Writes one JSON document with a row for each run, and fails if a promise was broken in one of them."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parent / "integration"))

import one  # noqa: E402
from harness import failing_disk, measurement, paths  # noqa: E402
from harness.process import die_with_parent  # noqa: E402

BUILT = paths.BUILD / "faults"
SECONDS_MAX = 240
NAMESPACES = ["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
COMMANDS = {"nft": "nftables", "ip": "iproute2", "gcc": "gcc", "kcat": "kcat"}


def unshare(*command):
    as_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *as_root, *NAMESPACES, *map(str, command)]


def check_machine():
    missing = sorted(package for command, package in COMMANDS.items() if not shutil.which(command))
    if missing:
        sys.exit(f"faults: missing: apt-get install {' '.join(missing)}")
    tried = subprocess.run(unshare("ip", "link", "add", "probe", "type", "bridge"), capture_output=True, text=True)
    if tried.returncode != 0:
        sys.exit(f"faults: no namespaces can be made here, or no bridge (needs CAP_SYS_ADMIN): {tried.stderr.strip()}")


def build():
    classes = BUILT / "classes"
    classes.mkdir(parents=True, exist_ok=True)
    for source in (failing_disk.SOURCE, HERE / "clock.c"):
        failing_disk.build_preloaded(source, BUILT)
    java = ["javac", "-nowarn", "--release", "17", "-cp", f"{paths.KAFKA_LIB}/*", "-d", classes]
    subprocess.run([*java, HERE / "ProducerByLines.java"], check=True, stdin=subprocess.DEVNULL)


def run_one(name, number, seed):
    directory = BUILT / f"{name}-{number}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    row = {"scenario": name, "seed": seed, "outcome": "failed", "run": number}
    with open(directory / "harness.log", "wb") as log:
        child = subprocess.Popen(
            unshare(sys.executable, HERE / "one.py", name, seed, directory),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,
        )
        try:
            child.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return row | {"why": f"not done after {SECONDS_MAX} s", "seconds": SECONDS_MAX}
    try:
        return row | json.loads((directory / "result.json").read_text())
    except OSError:
        return row | {"why": f"no result, see {directory}/harness.log", "seconds": 0}


def show(row):
    gap = row.get("longest_gap_s", float("nan"))
    print(
        f"{row['outcome']:7} {row['scenario']:40} {row['seconds']:6.1f} s  longest gap {gap:6.2f} s"
        f" of {row.get('bound_s', 0):2.0f}  acknowledged {row.get('acknowledged', 0):6}"
        f"  lost {row.get('lost', '-')}  doubled {row.get('doubled', '-')}",
        flush=True,
    )
    if row["outcome"] != "passed":
        place = BUILT / f"{row['scenario']}-{row['run']}"
        print(f"        {row['why']}\n        seed {row['seed']}, see {place}", flush=True)


def parse():
    known = sorted(one.SCENARIOS)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="how many scenarios at a time")
    parser.add_argument("--only", action="append", choices=known, metavar="SCENARIO", help=f"of {', '.join(known)}")
    parser.add_argument("--seed", type=int, help="of the first run; each has its own")
    parser.add_argument("--out", type=pathlib.Path, default=BUILT / "faults.json")
    parser.add_argument("--record", action="store_true", help="write to docs/measurements instead")
    return parser.parse_args()


def main():
    wanted = parse()
    check_machine()
    build()
    names = wanted.only or [name for name, chosen in one.SCENARIOS.items() if not chosen.left_out]
    for name, chosen in one.SCENARIOS.items():
        if name not in names and chosen.left_out:
            print(f"left out {name}: {chosen.left_out}")
    seeds = random.Random(wanted.seed)
    work = [(name, number, seeds.randrange(1 << 31)) for number in range(wanted.runs) for name in names]
    rows = []
    with concurrent.futures.ThreadPoolExecutor(wanted.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_one, *one_of_them) for one_of_them in work]):
            rows.append(done.result())
            show(rows[-1])
    rows.sort(key=lambda row: (names.index(row["scenario"]), row["run"]))
    failed = sum(row["outcome"] != "passed" for row in rows)
    out = measurement.path_of("-faults") if wanted.record else wanted.out
    out.write_text(json.dumps({**measurement.head(), "runs": wanted.runs, "rows": rows}, indent=1) + "\n")
    print(f"{out}\n{len(rows) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
