"""What the tests have shown to work with Milena. Clients report themselves when their script has passed; sessions add
them to build/compatibility.json. Of tools it is the sources of the tests that say which they run."""

import json
import os
import re

from harness import paths

FILE = paths.BUILD / "compatibility.json"
DOCUMENT = paths.REPOSITORY / "docs/compatibility.md"
OPTIONAL = {"create": "topics", "offsets": "offsets by time", "delete group": "groups"}
TOOL = re.compile(r"\"((?:kafka|log)-[a-z0-9-]+)\"|(metadata_shell)\(")

clients = {}  # name: cells of its row
tools_run = set()


def record_client(client, answer):
    name, version = answer["client"]
    administers = ", ".join(what for step, what in OPTIONAL.items() if step in answer)
    clients[client.name] = [f"{name} {version}", client.language, ", ".join(client.codecs[1:]), administers]


def record_tool(name):
    """Called by whoever starts one of Kafka's tools."""
    if name.startswith(("kafka-", "log-")) and "::" in os.environ.get("PYTEST_CURRENT_TEST", ""):
        tools_run.add(name)


def save():
    """Adds what this session has shown to what earlier ones have."""
    before = json.loads(FILE.read_text()) if FILE.exists() else {}
    FILE.write_text(json.dumps({**before, **clients}, indent=1, sort_keys=True) + "\n")


def row(*cells):
    return f"| {' | '.join(cells)} |"


def client_rows(of):
    return [row(*of[name]) for name in sorted(of)]


def tools_in_tests(known):
    """{tool: the files of tests that run it}"""
    found = {}
    for path in sorted(paths.INTEGRATION.glob("test_*.py")):
        for tool, shell in TOOL.findall(path.read_text()):
            name = "kafka-metadata-shell" if shell else tool
            if name in known or shell:
                found.setdefault(name, set()).add(path.name)
    return found


def tool_rows(known):
    return [
        row(tool, ", ".join(f"`{test}`" for test in sorted(tests)))
        for tool, tests in sorted(tools_in_tests(known).items())
    ]


def between(text, name):
    """(what precedes the table's rows, the rows, what follows them)"""
    begin = text.index("|---", text.index(f"<!-- {name}: made by"))
    begin = text.index("\n", begin) + 1
    end = text.index(f"<!-- end of {name} -->", begin)
    return text[:begin], text[begin:end], text[end:]


def documented(name):
    return between(DOCUMENT.read_text(), name)[1].splitlines()


def write(**tables):
    text = DOCUMENT.read_text()
    for name, lines in tables.items():
        before, _, after = between(text, name)
        text = before + "".join(line + "\n" for line in lines) + after
    DOCUMENT.write_text(text)
