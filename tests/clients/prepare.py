#!/usr/bin/env python3
"""Builds the programs of this directory under build/clients. Does nothing that is already done."""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
from prepare import BUILD, once, run  # noqa: E402

OUT = BUILD / "clients"


def make_java():
    shutil.rmtree(OUT / "java", ignore_errors=True)
    lib = OUT / "java/lib"
    run("mvn", "-B", "-q", "-f", HERE / "java/pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={lib}")
    run("javac", "-nowarn", "--release", "17", "-cp", f"{lib}/*", "-d", OUT / "java/classes",
        HERE / "java/ClientScript.java")  # fmt: skip


def make_cpp():
    run("g++", "-std=c++20", "-O1", HERE / "cpp/main.cc", "-o", OUT / "librdkafka", "-lrdkafka++", "-lrdkafka")


def make_go(name):
    # Of the compiler that is installed, never of another that it would download.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    subprocess.run(["go", "build", "-o", OUT / name, "."], cwd=HERE / name, env=environment, check=True)


def make_kafkajs():
    place = OUT / "kafkajs"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(HERE / "kafkajs", place)
    run("npm", "ci", "--prefix", place, "--silent", "--no-audit", "--no-fund")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    once(OUT / ".java", list((HERE / "java").iterdir()), make_java)
    once(OUT / ".librdkafka", [HERE / "cpp/main.cc"], make_cpp)
    for name in ("franz-go", "sarama"):
        once(OUT / f".{name}", list((HERE / name).iterdir()), lambda: make_go(name))
    once(OUT / ".kafkajs", list((HERE / "kafkajs").iterdir()), make_kafkajs)


if __name__ == "__main__":
    main()
