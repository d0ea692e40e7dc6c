"""`milena admin` as a script uses it."""

import subprocess

from harness import paths
from harness.process import until

YES, NO, FAILED = 0, 1, 2


def milena_admin(*words, bootstrap=None):
    where = ["--bootstrap", bootstrap] if bootstrap else []
    command = [paths.MILENA, "admin", *where, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


class Admin:
    """Asks the nodes that are up."""

    def __init__(self, cluster):
        self.cluster = cluster

    def __call__(self, *words):
        return milena_admin(*words, bootstrap=self.cluster.bootstrap)

    def wait_until(self, *words, deadline_s=30):
        """Until the answer is yes."""
        return until(lambda: self(*words).returncode == YES, " ".join(map(str, words)), deadline_s, poll_s=0.05)
