#!/usr/bin/env python3
"""Writes the tables of clients and tools in docs/compatibility.md: the clients that the last run of all tests
has recorded, and the tools that the tests name."""

from harness import compatibility, tools

if __name__ == "__main__":
    compatibility.write(
        clients=compatibility.client_rows(compatibility.shown()[0]),
        tools=compatibility.tool_rows(tools.MAINS),
    )
