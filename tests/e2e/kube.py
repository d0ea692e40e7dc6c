"""kubectl and helm as functions, and a watch over pods. Knows nothing of Milena."""

import json
import re
import subprocess
import threading

from harness.process import die_with_parent, until


class Refused(Exception):
    """What the API server, or a program that speaks with it, has said."""


def run(*command, given=None, seconds=120):
    words = [str(word) for word in command]
    done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise Refused(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def kubectl(*arguments, given=None, seconds=120):
    return run("kubectl", *arguments, given=given, seconds=seconds)


def helm(*arguments, seconds=300):
    return run("helm", *arguments, seconds=seconds)


def apply(*resources, namespace=None, seconds=120):
    """Server-side, so that a field which isn't given any more goes, also one that was scaled meanwhile."""
    where = ["--namespace", namespace] if namespace else []
    content = "\n---\n".join(json.dumps(resource) for resource in resources)
    how = ["--server-side", "--force-conflicts", "--filename", "-"]
    return kubectl("apply", *how, *where, given=content, seconds=seconds)


def read(kind, name, namespace):
    """None: it isn't there."""
    text = kubectl("get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output", "json")
    return json.loads(text) if text.strip() else None


def listed(kind, namespace, selector=""):
    where = ["--selector", selector] if selector else []
    return json.loads(kubectl("get", kind, "--namespace", namespace, "--output", "json", *where))["items"]


def condition(resource, kind):
    """(status, reason, message)"""
    for one in (resource or {}).get("status", {}).get("conditions", []):
        if one["type"] == kind:
            return one["status"], one.get("reason", ""), one.get("message", "")
    return "Unknown", "", ""


def columns(kind, name, namespace):
    """What `kubectl get` shows: the text under each heading, which may be empty."""
    head, line = kubectl("get", kind, name, "--namespace", namespace).splitlines()
    begins = [found.start() for found in re.finditer(r"\S+", head)]
    ends = [*begins[1:], None]
    return {head[i:j].strip(): line[i:j].strip() for i, j in zip(begins, ends, strict=True)}


def events(namespace):
    """{(name, version): (reason, note)}; an event that comes again is another version."""
    return {
        (one["metadata"]["name"], one["metadata"]["resourceVersion"]): (one["reason"], one.get("note", ""))
        for one in listed("events.v1.events.k8s.io", namespace)
    }


class PodWatch(threading.Thread):
    """Sees every change of the pods of a selector from here on: which were made, and how many weren't ready at once."""

    LINE = (
        '{.metadata.name} {.metadata.uid} {.status.conditions[?(@.type=="Ready")].status}'
        '{.metadata.deletionTimestamp}{"\\n"}'
    )

    def __init__(self, namespace, selector):
        super().__init__(daemon=True)
        self.uids = {pod["metadata"]["uid"]: pod["metadata"]["name"] for pod in listed("pods", namespace, selector)}
        self.ready = dict.fromkeys(self.uids.values(), True)
        self.first = set(self.uids)
        self.order = []  # of pods that were replaced
        self.unready_max = 0
        self.process = subprocess.Popen(
            ["kubectl", "get", "pods", "--watch", "--namespace", namespace, "--selector", selector]
            + ["--output", f"jsonpath={self.LINE}"],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        self.start()

    def run(self):
        for line in self.process.stdout:
            name, uid, *state = line.split()
            if uid not in self.uids:
                self.uids[uid] = name
                self.order.append(name)
            self.ready[name] = state == ["True"]
            self.unready_max = max(self.unready_max, sum(not is_ready for is_ready in self.ready.values()))

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.join(10)
        return self


def wait_until(what, look, seconds=120):
    """look() once it is true. Slower than `until` by itself: each look starts kubectl."""
    return until(look, what, seconds, 0.3)
