#!/usr/bin/env python3
"""Writes the tables of clients and tools in docs/compatibility.md: the clients that the last runs of the tests have
recorded, and the tools that the tests name."""

import json

from harness import compatibility, tools

if __name__ == "__main__":
    compatibility.write(
        clients=compatibility.client_rows(json.loads(compatibility.FILE.read_text())),
        tools=compatibility.tool_rows(tools.MAINS),
    )
