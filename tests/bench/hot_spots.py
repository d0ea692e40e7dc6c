#!/usr/bin/env python3
"""Where the broker's processor time goes, in produce and in fetch: hot_spots.py [--size BYTES] [--rounds N]

Needs perf (Debian: linux-perf) with the right to see the kernel, on x86-64. For each of both loads it prints what the
time went into, by the system call that it was spent in, and the functions that took most by themselves."""

import argparse
import collections
import functools
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

from duel import GB, Admin, MilenaAsShipped, Usage, generate, log_bytes, touch_memory  # noqa: E402
from harness import paths  # noqa: E402
from harness.process import until  # noqa: E402

VOLUME = 0.4 * GB
# Calls whose entry the compiler has inlined or turned into a jump.
ENTRIES = {"do_pwritev": "pwritev", "do_preadv": "preadv", "__sys_sendmsg": "sendmsg", "__sys_recvfrom": "recvfrom"}


def record(broker, output, load):
    """CPU-seconds of the broker while `load` runs under perf."""
    command = ["perf", "record", "--quiet", "--call-graph", "fp", "--freq", "4000", "--pid", str(broker.process.pid)]
    output.unlink(missing_ok=True)
    perf = subprocess.Popen([*command, "--output", output])
    try:
        until(lambda: output.exists(), "perf records")
        with Usage(broker) as usage:
            load()
    finally:
        perf.send_signal(signal.SIGINT)
        perf.wait()
    if perf.returncode not in (0, -signal.SIGINT):
        sys.exit(f"perf ended with {perf.returncode}")
    return usage.cpu_s


def samples(path):
    """Each sample's stack, innermost first."""
    script = ["perf", "script", "--input", path, "--fields", "ip,sym"]
    text = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    for block in text.split("\n\n"):
        stack = [line.split(None, 1)[1] for line in block.splitlines() if len(line.split(None, 1)) == 2]
        if stack:
            yield stack


def system_call(stack):
    for frame in stack:
        if frame in ENTRIES:
            return ENTRIES[frame]
        if frame.startswith("__x64_sys_"):
            return frame.removeprefix("__x64_sys_").removesuffix("64")
    is_system = any(frame.startswith("entry_SYSCALL") for frame in stack)
    return "other system calls" if is_system else "the broker's own code, and interrupts"


def report(title, path, cpu_s_per_gb):
    calls, functions = collections.Counter(), collections.Counter()
    for stack in samples(path):
        calls[system_call(stack)] += 1
        functions[stack[0]] += 1
    total = sum(calls.values())
    if not any(name.startswith("entry_SYSCALL") for stack in samples(path) for name in stack):
        sys.exit("perf has seen nothing of the kernel: it needs kernel.perf_event_paranoid below 2, or root, on x86-64")
    print(f"\n{title}: {cpu_s_per_gb:.2f} CPU-s per GB, {total} samples")
    for counter, count in ((calls, 8), (functions, 12)):
        for name, found in counter.most_common(count):
            print(f"  {found / total:6.1%}  {name[:110]}")
        print()


def profiled_round(broker, place, size):
    """CPU-seconds per GB by load; the profiles lie in `place`."""
    records, costs = int(VOLUME / size), {}
    broker.admin.create("profiled", 6)
    for mode, options in (("produce", {"size": size, "producers": 2}), ("consume", {"partitions": 6})):
        touch_memory(place, VOLUME * 1.3)
        load = functools.partial(generate, mode, broker, "profiled", records, **options)
        costs[mode] = record(broker, place / f"{mode}.perf", load) / (log_bytes(broker, "profiled") / GB)
    broker.admin.delete("profiled")
    return costs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="bytes of a value")
    parser.add_argument("--rounds", type=int, default=3, help="the last one is shown")
    arguments = parser.parse_args()
    place = paths.data_directory("milena-bench-", 4e9)
    broker = MilenaAsShipped(place / "milena", {"log.segment.delete.delay.ms": "10"})
    try:
        broker.start()
        broker.admin = Admin(broker)
        for _ in range(arguments.rounds):
            costs = profiled_round(broker, place, arguments.size)
        for what, cpu_s_per_gb in costs.items():
            report(what, place / f"{what}.perf", cpu_s_per_gb)
    finally:
        broker.close()
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
