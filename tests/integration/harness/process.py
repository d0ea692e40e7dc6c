"""Child processes that never outlive the test run, and waiting for a condition instead of sleeping."""

import ctypes
import os
import re
import signal
import subprocess
import threading
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def until(condition, what, deadline_s=15.0, poll_s=0.02):
    """Polls until condition() is truthy and returns that value; an exception counts as not yet."""
    end = time.monotonic() + deadline_s
    problem = None
    while True:
        try:
            value = condition()
            if value:
                return value
            problem = None
        except Exception as failure:  # noqa: BLE001
            problem = failure
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {deadline_s} s" + (f" ({problem!r})" if problem else ""))
        time.sleep(poll_s)


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """One child. The kernel kills it when the thread that started it ends, so only the main thread may start one."""

    def __init__(self, command, log, **options):
        assert threading.current_thread() is threading.main_thread()
        self.command = [str(word) for word in command]
        self.log = log
        with open(log, "ab") as sink:
            self.popen = subprocess.Popen(
                self.command,
                stderr=sink,
                preexec_fn=die_with_parent,
                **{"stdin": subprocess.DEVNULL, "stdout": sink, **options},
            )

    @property
    def pid(self):
        return self.popen.pid

    def is_alive(self):
        return self.popen.poll() is None

    def kill(self):
        if self.is_alive():
            self.popen.kill()
        self.popen.wait()

    def stop(self, deadline_s=30.0):
        """SIGTERM; returns the exit status and the seconds it took. Past the deadline the child is killed."""
        begin = time.monotonic()
        if self.is_alive():
            self.popen.terminate()
        try:
            status = self.popen.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"{self.command[0]} did not stop within {deadline_s} s, see {self.log}") from None
        return status, time.monotonic() - begin

    def cpu_s(self):
        """Of all its threads, also those that have ended, to the nanosecond."""
        clock = ~self.pid << 3 | 2  # as clock_getcpuclockid(3), which Python doesn't have
        return time.clock_gettime(clock)

    def status_bytes(self, field):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(rf"^{field}:\s+(\d+) kB", status.read(), re.MULTILINE)[1]) * 1024

    def rss_bytes(self):
        return self.status_bytes("VmRSS")

    def rss_peak_bytes(self):
        return self.status_bytes("VmHWM")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))
