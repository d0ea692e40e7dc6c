"""promtool, of Debian's package prometheus."""

import subprocess

import yaml


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
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
