"""What a measurement says of itself, so that two of them can be compared: when, what, on which machine."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

from harness import paths


def git(*words):
    return subprocess.run(["git", "-C", paths.REPOSITORY, *words], capture_output=True, text=True).stdout.strip()


def commit():
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if git("status", "--porcelain", "-uno") else "")


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {
        "cpu": model[1] if model else "unknown",
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def head():
    """The first fields of every document in docs/measurements."""
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "load_average": os.getloadavg(),
    }


def path_of(name=""):
    """Where the record of today belongs: docs/measurements/<date>-<commit><name>.json."""
    return paths.REPOSITORY / f"docs/measurements/{datetime.date.today().isoformat()}-{commit()}{name}.json"
