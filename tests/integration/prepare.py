#!/usr/bin/env python3
"""Fetches and builds what the integration tests and the bench need, under build/: Kafka's jars from Maven Central, the
Python packages of requirements.txt in a venv, the Java programs of java/. Does nothing that is already done.

KAFKA_LIB may name a directory that holds Kafka's jars already. Uses the standard library only."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build"
DEBIAN = {"kcat": "kcat", "mvn": "maven", "javac": "default-jdk-headless", "java": "default-jdk-headless"}


def digest(paths):
    content = hashlib.sha256()
    for path in sorted(paths):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()


def once(stamp, inputs, make):
    """Runs make() unless the stamp file says that it ran for the same inputs."""
    now = digest(inputs)
    if stamp.exists() and stamp.read_text() == now:
        return
    stamp.parent.mkdir(parents=True, exist_ok=True)
    make()
    stamp.write_text(now)


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)


def make_venv():
    venv = BUILD / "venv"
    run(sys.executable, "-m", "venv", "--clear", venv)
    run(venv / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "requirements.txt")


def fetch_kafka():
    lib, fresh = BUILD / "kafka/lib", BUILD / "kafka/lib.new"
    shutil.rmtree(fresh, ignore_errors=True)
    run(
        "mvn",
        "-B",
        "-q",
        "-f",
        HERE / "pom.xml",
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={fresh}",
    )
    shutil.rmtree(lib, ignore_errors=True)
    fresh.rename(lib)


def compile_java(kafka_lib, sources):
    classes = BUILD / "kafka/classes"
    shutil.rmtree(classes, ignore_errors=True)
    run("javac", "-nowarn", "--release", "17", "-cp", f"{kafka_lib}/*", "-d", classes, *sources)
    run("jar", "--create", "--file", BUILD / "kafka/tests.jar", "-C", classes, ".")


def main():
    missing = sorted({package for command, package in DEBIAN.items() if not shutil.which(command)})
    if missing:
        sys.exit(f"missing: apt-get install {' '.join(missing)}")
    once(BUILD / "venv/.done", [HERE / "requirements.txt"], make_venv)
    kafka_lib = os.environ.get("KAFKA_LIB")
    if not kafka_lib:
        once(BUILD / "kafka/.fetched", [HERE / "pom.xml"], fetch_kafka)
        kafka_lib = BUILD / "kafka/lib"
    sources = sorted((HERE / "java").glob("*.java"))
    once(BUILD / "kafka/.compiled", [*sources, pathlib.Path(__file__)], lambda: compile_java(kafka_lib, sources))
    trained = [HERE / "pom.xml", HERE / "share_classes.py", *sources]
    once(BUILD / "kafka/.shared", trained, lambda: run(sys.executable, HERE / "share_classes.py"))


if __name__ == "__main__":
    main()
