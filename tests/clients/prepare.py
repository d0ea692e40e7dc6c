#!/usr/bin/env python3
"""Builds the programs of this directory under build/clients, and the examples of docs/examples under build/examples.
Does nothing that is already done."""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
from prepare import BUILD, once, run  # noqa: E402

OUT = BUILD / "clients"
EXAMPLES = HERE.parent.parent / "docs/examples"


def make_java():
    shutil.rmtree(OUT / "java", ignore_errors=True)
    lib = OUT / "java/lib"
    run("mvn", "-B", "-q", "-f", HERE / "java/pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={lib}")
    run("javac", "-nowarn", "--release", "17", "-cp", f"{lib}/*", "-d", OUT / "java/classes",
        HERE / "java/ClientScript.java")  # fmt: skip


def make_cpp():
    run("g++", "-std=c++20", "-O1", HERE / "cpp/main.cc", "-o", OUT / "librdkafka", "-lrdkafka++", "-lrdkafka")


def make_go(source, program):
    # Of the compiler that is installed, never of another that it would download.
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    subprocess.run(["go", "build", "-o", program, "."], cwd=source, env=environment, check=True)


def make_kafkajs():
    place = OUT / "kafkajs"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(HERE / "kafkajs", place)
    run("npm", "ci", "--prefix", place, "--silent", "--no-audit", "--no-fund")


def make_java_examples(sources):
    classpath = f"{os.environ.get('KAFKA_LIB') or BUILD / 'kafka/lib'}/*"
    run("javac", "-Xlint:all,-classfile", "-Werror", "--release", "17", "-cp", classpath,
        "-d", BUILD / "examples/classes", *sources)  # fmt: skip


def make_examples():
    sources = sorted(EXAMPLES.glob("*/*.java"))
    once(BUILD / "examples/.java", sources, lambda: make_java_examples(sources))
    greetings = EXAMPLES / "go"
    once(BUILD / "examples/.go", list(greetings.iterdir()), lambda: make_go(greetings, BUILD / "examples/greetings"))


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    make_examples()
    once(OUT / ".java", list((HERE / "java").iterdir()), make_java)
    once(OUT / ".librdkafka", [HERE / "cpp/main.cc"], make_cpp)
    for name in ("franz-go", "sarama"):
        sources = [*(HERE / name).iterdir(), *(HERE / "goscript").iterdir()]
        once(OUT / f".{name}", sources, lambda: make_go(HERE / name, OUT / name))
    once(OUT / ".kafkajs", list((HERE / "kafkajs").iterdir()), make_kafkajs)


if __name__ == "__main__":
    main()
