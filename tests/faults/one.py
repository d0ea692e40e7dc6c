"""One scenario, as the first process of namespaces of its own: one.py NAME SEED DIRECTORY. Leaves result.json and the
brokers' logs in the directory, and what was on the disks if a promise was broken."""

import json
import pathlib
import sys
import time
import traceback

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

import clocks  # noqa: E402, F401
import cuts  # noqa: E402, F401
import disks  # noqa: E402, F401
import kills  # noqa: E402, F401
import moves  # noqa: E402, F401
import network  # noqa: E402
import pressure  # noqa: E402, F401
import topics  # noqa: E402, F401
from lab import SCENARIOS, Broken, Lab  # noqa: E402

DISKS = pathlib.Path("/mnt")  # a tmpfs that nobody outside sees


def main(name, seed, directory):
    chosen, directory = SCENARIOS[name], pathlib.Path(directory)
    network.run("mount", "-t", "tmpfs", "-o", "size=4g", "faults", DISKS)
    result = {"scenario": name, "seed": int(seed), "bound_s": chosen.bound_s, "outcome": "passed"}
    begin = time.monotonic()
    lab = Lab(chosen, int(seed), DISKS, directory)
    try:
        lab.begin()
        chosen.body(lab)
        lab.conclude()
    except (Exception, SystemExit) as failure:  # noqa: BLE001
        is_broken = isinstance(failure, (Broken, TimeoutError))
        result |= {"outcome": "failed", "why": str(failure) if is_broken else traceback.format_exc()}
        lab.cluster.keep(directory)
    finally:
        lab.close()
    result |= {"seconds": round(time.monotonic() - begin, 1), **lab.measured()}
    (directory / "result.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
