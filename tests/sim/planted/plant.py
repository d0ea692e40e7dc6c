#!/usr/bin/env python3
"""Writes a source file of the broker with the bugs of bugs.py in it, of which the program that is built chooses one:

    plant.py --files              the files that have bugs
    plant.py --check              fails if the place of a bug isn't in the broker any more
    plant.py FILE TO              writes broker/FILE with its bugs
"""
import pathlib
import sys

from bugs import BUGS, LEFT_OUT

BROKER = pathlib.Path(__file__).resolve().parents[3] / "broker"
CHOICE = "::milena::sim::is_planted"
FILES = sorted({bug.file for bug in BUGS})


def span(bug, text):
    """From where to where the text is that the bug is about."""
    before, expression, after = bug.place.replace("»", "«").split("«") if "«" in bug.place else ("", bug.place, "")
    count = text.count(before + expression + after)
    if count != 1:
        sys.exit(f"the place of the planted bug '{bug.name}' stands {count} times in broker/{bug.file}. Say in "
                 f"tests/sim/planted/bugs.py where the condition is now, or plant another bug:\n{bug.place}")
    begin = text.index(before + expression + after) + len(before)
    return begin, begin + len(expression)


def planted(file):
    """Both expressions, side by side; the bugs at one place lie around each other, the longest outside."""
    text = (BROKER / file).read_text()
    insertions = []
    for number, bug in enumerate(BUGS, 1):
        if bug.file != file:
            continue
        begin, end = span(bug, text)
        if bug.instead is LEFT_OUT:
            insertions.append((begin, begin - end, f"if (!{CHOICE}({number})) "))
        else:
            insertions.append((begin, begin - end, f"({CHOICE}({number}) ? ({bug.instead}) : ("))
            insertions.append((end, begin - end, "))"))
    for at, _, inserted in sorted(insertions, reverse=True):
        text = text[:at] + inserted + text[at:]
    return f'namespace milena::sim {{\nbool is_planted(int bug);\n}}\n#line 1 "{BROKER / file}"\n{text}'


def main(arguments):
    if arguments == ["--files"]:
        print(";".join(FILES))
    elif arguments == ["--check"]:
        for file in FILES:
            planted(file)
        print(f"{len(BUGS)} bugs can be planted")
    else:
        file, to = arguments
        pathlib.Path(to).parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(to).write_text(planted(file))


main(sys.argv[1:])
