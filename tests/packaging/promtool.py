"""promtool, of Debian's package prometheus: that of the PATH, or unpacked under build/. Not installed, as Debian would
start the server."""

import pathlib
import shutil
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = ROOT / "build/prometheus"


def program(name):
    if found := shutil.which(name):
        return found
    if not (HOME / "usr/bin" / name).exists():
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", "prometheus"], cwd=HOME, check=True, stdin=subprocess.DEVNULL)
        (package,) = HOME.glob("prometheus_*.deb")
        subprocess.run(["dpkg", "-x", package, HOME], check=True)
        package.unlink()
    return str(HOME / "usr/bin" / name)


def check_rules(file):
    return run("check", "rules", str(file))


def test_rules(directory, rules, tests):
    """What promtool says of `tests`, its own format. Annotations would have to be repeated there word by word: they are
    left out of the copy of the rules that is tested."""
    groups = [
        {**group, "rules": [{k: v for k, v in rule.items() if k != "annotations"} for rule in group["rules"]]}
        for group in rules["groups"]
    ]
    (directory / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    content = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (directory / "tests.yaml").write_text(yaml.safe_dump(content))
    return run("test", "rules", str(directory / "tests.yaml"))


def run(*arguments):
    done = subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
