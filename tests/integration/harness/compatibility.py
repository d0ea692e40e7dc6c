"""What the tests have shown to work with Milena. Clients report themselves when their script has passed, tools when one
is started; each process of a run of the tests leaves a file of them under build/compatibility."""

import json
import os
import re

from harness import paths

SHOWN = paths.BUILD / "compatibility"
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


def shown():
    """(clients, tools) of all processes that have left something."""
    files = [json.loads(file.read_text()) for file in sorted(SHOWN.glob("*.json"))]
    every_client = {name: cells for file in files for name, cells in file["clients"].items()}
    return every_client, {tool for file in files for tool in file["tools"]}


def save():
    SHOWN.mkdir(parents=True, exist_ok=True)
    document = {"clients": clients, "tools": sorted(tools_run)}
    (SHOWN / f"{os.getpid()}.json").write_text(json.dumps(document, indent=1) + "\n")


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
