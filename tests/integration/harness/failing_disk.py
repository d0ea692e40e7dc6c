"""A disk that fails at command under one broker, by way of a library that is preloaded into it; see failing_disk.c."""

import pathlib
import subprocess

SOURCE = pathlib.Path(__file__).with_suffix(".c")


def build_preloaded(source, directory):
    """Returns the library."""
    library = pathlib.Path(directory) / f"{source.stem}.so"
    command = ["cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return library


class FailingDisk:
    """What lies below `below`, of a broker that is started with `environment`."""

    def __init__(self, library, below, control):
        self.control = pathlib.Path(control)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAILING_BELOW": str(below),
            "FAILING_CONTROL": str(control),
        }

    def fail(self, what="all"):
        """"write" or "fsync" or "all" fails from now on, or syncs are "slow"."""
        self.control.write_text(what)

    def heal(self):
        self.control.unlink()
