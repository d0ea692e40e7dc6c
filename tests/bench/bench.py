#!/usr/bin/env python3
"""The bench: Milena against real Apache Kafka in the same run, in turn, each warmed, in interleaved rounds.

  bench.py [--quick] [--only REGEX] [--rounds N] [--data DIRECTORY] [--out FILE]

A row that misses its target fails the run. The results go to docs/measurements/<date>-<commit>.json and .svg, except
with --quick or --only, which write only to --out. With --data they are for information: they go to a file beside the
other, <date>-<commit>-on-disk.json, and no target fails the run. CPU time is the broker process's own (user
and system), which says more than rates on a machine that the load shares with the broker. Data lies on tmpfs where
there is one with enough room, since a device's noise is not the broker's; what is about the disk lies on disk."""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

import chart  # noqa: E402
import fetch  # noqa: E402
import gaps  # noqa: E402
import latency  # noqa: E402
import offsets  # noqa: E402
import perf_tools  # noqa: E402
import replicated  # noqa: E402
import shapes  # noqa: E402
import startup  # noqa: E402
import tenants  # noqa: E402
import throughput  # noqa: E402
from duel import SUBJECT  # noqa: E402
from harness import measurement, paths  # noqa: E402
from statistic import HEADER  # noqa: E402

MEASUREMENTS = (
    startup.start,
    startup.ten_thousand_partitions,
    startup.thousand_partitions,
    startup.full_load,
    offsets.million_offsets,
    throughput.produce_and_fetch,
    throughput.million_records,
    fetch.hot_tail,
    fetch.cold_fetch,
    perf_tools.perf_tools,
    latency.latency,
    latency.fsync,
    shapes.shapes,
    tenants.tenants,
    replicated.replicated_produce,
    replicated.replicated_latency,
    replicated.replicated_wide,
    gaps.gaps_of_kills,
    gaps.gaps_of_moves,
    gaps.gaps_without_controller,
    gaps.gaps_of_silence,
)


class Bench:
    """How much is measured, and where the brokers lie."""

    def __init__(self, arguments):
        self.quick = arguments.quick
        self.rounds = arguments.rounds or (3 if arguments.quick else 7)
        self.directory = paths.data_directory("milena-bench-", 8e9, arguments.data)
        self.on_disk = None
        self.made = 0

    def scaled(self, amount):
        return amount / 5 if self.quick else amount

    def broker(self, kind, directory=None, **settings):
        self.made += 1
        settings = {key.replace("_", "."): str(value) for key, value in settings.items()}
        return kind((directory or self.directory) / f"{kind.name}-{self.made}", settings)

    def disk_directory(self):
        if self.on_disk is None:
            self.on_disk = paths.data_directory("milena-bench-", 0, paths.TEMPORARY)
        return self.on_disk

    def remove(self):
        for directory in (self.directory, self.on_disk):
            if directory is not None:
                shutil.rmtree(directory, ignore_errors=True)


def file_system(directory):
    words = subprocess.run(["stat", "--file-system", "--format=%T", directory], capture_output=True, text=True)
    return words.stdout.strip()


def report(rows, broken, arguments, seconds, data):
    document = {
        **measurement.head(),
        "subject": SUBJECT.name,
        "oracle": "Apache Kafka 4.3.1",
        "quick": arguments.quick,
        "seconds": round(seconds),
        "data": data,
        "is_judged": arguments.data is None,
        "broken": broken,
        "rows": [row.as_json() for row in rows],
    }
    out = arguments.out
    if out is None and not arguments.quick and not arguments.only:
        out = measurement.path_of("" if arguments.data is None else "-on-disk")
    if out:
        path = pathlib.Path(out)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n")
        path.with_suffix(".svg").write_text(chart.svg(document))
        print(f"\nwritten: {path} and its chart")
    broke = [f"{name} broke" for name in broken]
    failed = [row.name.strip() for row in rows if not row.passes()] + broke
    passed = len(rows) + len(broken) - len(failed)
    print(f"\n{passed} passed, {len(failed)} failed" + (f": {', '.join(failed)}" if failed else ""))
    if arguments.data is None:
        return 1 if failed else 0
    print("for information: the targets are for data on tmpfs")
    return 1 if broke else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three rounds of a fifth of the load")
    names = ", ".join(measure.__name__ for measure in MEASUREMENTS)
    parser.add_argument("--only", help=f"only the measurements whose name matches: {names}")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--data", help="where the brokers' data lie instead of on tmpfs, for information")
    parser.add_argument("--out", help="where the JSON goes")
    arguments = parser.parse_args()
    begin, rows, broken = time.monotonic(), [], []
    bench = Bench(arguments)
    print(HEADER)
    try:
        data = file_system(bench.directory)
        for measure in MEASUREMENTS:
            if not arguments.only or re.search(arguments.only, measure.__name__):
                print(f"{time.monotonic() - begin:6.1f} s: {measure.__name__}", flush=True)
                # What has been measured by then isn't lost, whatever ends; an interrupt skips what is being measured.
                try:
                    measured = measure(bench)
                except (Exception, SystemExit, KeyboardInterrupt):  # noqa: BLE001
                    traceback.print_exc()
                    broken.append(measure.__name__)
                    continue
                for row in measured:
                    print(row.as_text(), flush=True)
                rows += measured
    finally:
        bench.remove()
    sys.exit(report(rows, broken, arguments, time.monotonic() - begin, data))


if __name__ == "__main__":
    main()
