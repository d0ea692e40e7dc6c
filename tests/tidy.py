#!/usr/bin/env python3
"""The conventions of docs/architecture.md as a test. It has no exceptions file: a rule we cannot keep is deleted.

Prints one line per breach, file:line: what, and fails. The slow rule, that every header compiles alone, remembers under
build/ what it has seen."""
import concurrent.futures
import hashlib
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = [["base"], ["env", "settings"], ["wire"], ["storage"], ["raft", "metadata"], ["replica"],
          ["group", "txn", "controller"], ["env/posix"], ["shard"], ["server", "peer"], ["main"]]
OPERATOR_LAYERS = [["api"], ["kube"], ["resource"], ["plan"], ["admin"], ["execute"], ["reconcile"], ["main"]]
OF_BROKER = {"base", "env", "env/posix", "wire"}                # what the operator may include of the broker
LEVEL = {module: level for level, modules in enumerate(LAYERS) for module in modules}
LEVEL |= {f"operator/{module}": len(LAYERS) + i for i, modules in enumerate(OPERATOR_LAYERS) for module in modules}
EDGE = {"env/posix", "shard", "server", "peer", "main"}         # may ask the operating system
EDGE |= {f"operator/{module}" for module in ("kube", "admin", "execute", "reconcile", "main")}
PROGRAMS = (ROOT / "broker", ROOT / "operator")
COROUTINES = {"shard", "server", "peer", "main"}                # may contain co_await
LOG_SINK = "broker/base/log.cc"                                 # the one place below the edge with a lock and a clock
# But for auxv.h, which says what the processor can do.
OS_HEADERS = re.compile(r"#include <(asio\b.*|thread|mutex|shared_mutex|condition_variable|future|semaphore|fstream|"
                        r"filesystem|iostream|random|ctime|unistd\.h|fcntl\.h|poll\.h|sys/(?!auxv\.h).*|netinet/.*)>")
OS_CALLS = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock|random_device|s?rand\(|(secure_)?getenv\(|"
                      r"clock_gettime|gettimeofday|std::j?thread|std::(shared_|recursive_)?mutex|std::async)")
FORBIDDEN_PARTS = {"utils", "util", "common", "helpers", "manager", "impl"}
FORBIDDEN_NAMES = re.compile(r"\b(?:class|struct)\s+(\w*(?:Manager|Utils?|Helper|Impl))\b|(?<![.>:])\b(get_\w+)\(")
FORBIDDEN_WORDS = re.compile("TO" r"DO|FIX" r"ME|\bXX" r"X\b|\bHA" r"CK\b")
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|var/cache|tmp/w)/|\.\./sha[r]ed|(?:maven|debian|pypi)\.org")
COMMENTED_OUT = re.compile(r"^\s*// ?(?:[\w:<>,]+ \w+ = .*;|[\w.:>-]+\(.*\);|(?:if|for|while) \(.*[{;]|return .*;)$")
TEXT_SUFFIXES = {".h", ".cc", ".py", ".txt", ".md", ".java", ".sh", ".xml", ".proto", ".yaml", ".properties", ""}
FUNCTION_LINES_MAX, FILE_LINES_MAX, COLUMNS_MAX = 70, 800, 120
breaches = []


def breach(path, line, what):
    breaches.append(f"{path.relative_to(ROOT)}:{line}: {what}")


def files():
    listed = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    paths = {ROOT / name for name in listed.splitlines()}
    return sorted(path for path in paths if path.is_file() and path.suffix in TEXT_SUFFIXES)


def module_of(path):
    """The module of a program's file: the longest directory that LAYERS names; main for the top level."""
    program, *parts = path.relative_to(ROOT).parts[:-1]
    if program == "operator":
        return f"operator/{parts[0] if parts else 'main'}"
    return "/".join(parts[:2]) if "/".join(parts[:2]) in LEVEL else parts[0] if parts else "main"


def included_path(path, name):
    """Where an include is found: in the own program first; the operator also uses the broker."""
    own = ROOT / path.relative_to(ROOT).parts[0] / name
    return own if own.exists() else ROOT / "broker" / name


def code_only(text):
    """The text without comments and literals, the lines kept."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda m: ("" if m[0][0] == "/" else '""') + "\n" * m[0].count("\n"), text, flags=re.S)


def check_layers(path, text, code):
    module = module_of(path)
    if module not in LEVEL:
        return breach(path, 1, f"directory {module} is in no layer of {pathlib.Path(__file__).name}")
    is_pure = module not in EDGE and str(path.relative_to(ROOT)) != LOG_SINK
    for number, (line, bare) in enumerate(zip(text.splitlines(), code.splitlines()), 1):
        if is_pure and (found := OS_HEADERS.match(line) or OS_CALLS.search(bare)):
            breach(path, number, f"{module} is pure and may not ask the operating system: {found[0]}")
        if (included := re.match(r'#include "(.+)"', line)):
            target = module_of(included_path(path, included[1]))
            if target != module and LEVEL.get(target, 99) >= LEVEL[module]:
                breach(path, number, f"{module} includes {included[1]}: includes point only down")
            if module.startswith("operator/") and not target.startswith("operator/") and target not in OF_BROKER:
                breach(path, number, f"{module} includes {included[1]}: of the broker it uses only {OF_BROKER}")
            if target == "env/posix" and module not in EDGE:
                breach(path, number, f"{module} is pure and may not include {included[1]}")
    if module not in COROUTINES and "co_await" in code:
        breach(path, 1, f"co_await outside {', '.join(sorted(COROUTINES))}")


def check_functions(path, text, code):
    """Braces whose head has a parameter list. What is a table doesn't count: cases of one line, clang-format off."""
    opened, head, line, counted, in_table = [], "", 1, [0], False
    for row in text.splitlines():
        in_table = "clang-format off" in row or (in_table and "clang-format on" not in row)
        counted.append(counted[-1] + (not in_table and not re.match(r"\s*case .*: return .*;$", row)))
    for char in code:
        if char == "{":
            kind = re.search(r"\b(namespace|class|struct|enum|union)\b[^()]*$", head.strip())
            opened.append((line, ")" in head and not kind and not head.rstrip().endswith(("=", "(", ",", "return"))))
        elif char == "}":
            begin, is_function = opened.pop() if opened else (line, False)
            if is_function and (length := counted[line] - counted[begin - 1]) > FUNCTION_LINES_MAX:
                breach(path, begin, f"a function of {length} lines; the limit is {FUNCTION_LINES_MAX}")
        head, line = "" if char in "{};" else head + char, line + (char == "\n")


def check_coroutines(path, code):
    """Rule 19: g++ 12 destroys an aggregate or a capturing lambda built inside an expression with co_await twice."""
    for found in re.finditer(r"co_await\b([^;]*)", code):
        depth, operand = 0, ""
        for char in found[1]:
            depth += (char == "(") - (char == ")")
            if depth < 0 or (depth == 0 and char == "{"):
                break
            operand += char
        if re.search(r"[\w>(,]\s*\{|[(,]\s*\[[^\]]", operand):
            breach(path, code.count("\n", 0, found.start()) + 1, "name it before the co_await (rule 19)")
    for found in re.finditer(r"[\w>]\{[^;{}]*co_await", code):
        breach(path, code.count("\n", 0, found.start()) + 1, "await first, then build the aggregate (rule 19)")


def check_text(path, text):
    lines = text.splitlines()
    is_code = path.suffix in {".h", ".cc", ".py", ".java"}
    if is_code and len(lines) > FILE_LINES_MAX:
        breach(path, len(lines), f"a file of {len(lines)} lines; the limit is {FILE_LINES_MAX}")
    for number, line in enumerate(lines, 1):
        if is_code and len(line) > COLUMNS_MAX:
            breach(path, number, f"{len(line)} columns; the limit is {COLUMNS_MAX}")
        if is_code and (word := FORBIDDEN_WORDS.search(line)):
            breach(path, number, f"{word[0]}: finish it or leave it out")
        if path.suffix in {".h", ".cc"} and COMMENTED_OUT.match(line):
            breach(path, number, "looks like commented-out code")
        if (place := MACHINE.search(line)) and path != ROOT / ".ci/run":
            breach(path, number, f"a path or host of one machine: {place[0]}")
    if FORBIDDEN_PARTS & {*path.relative_to(ROOT).parts, path.stem}:
        breach(path, 1, f"none of {', '.join(sorted(FORBIDDEN_PARTS))} is a name")


def check_cpp(path, text):
    code = code_only(text)
    if path.relative_to(ROOT).parts[0] in ("broker", "operator"):
        check_layers(path, text, code)
    if path.suffix == ".h" and ("#pragma once" not in text or not text.startswith("//")):
        breach(path, 1, "a header begins with a paragraph on its responsibility, then #pragma once")
    for found in FORBIDDEN_NAMES.finditer(code if path.suffix == ".h" else ""):
        breach(path, code.count("\n", 0, found.start()) + 1, f"the name {found[1] or found[2]} says nothing")
    check_functions(path, text, code)
    check_coroutines(path, code)


def chains(sight):
    """Headers in sequences, of which each includes, directly or not, all that the one before it does, and itself. To be
    compiled one after the other is then the same as alone: what comes before one brings nothing that it lacks."""
    found = []
    for path in sorted(sight, key=lambda path: (len(sight[path]), path)):
        fitting = [chain for chain in found if sight[chain[-1]] <= sight[path]]
        if fitting:
            max(fitting, key=lambda chain: len(sight[chain[-1]])).append(path)
        else:
            found.append([path])
    return found


def check_headers(headers):
    """Every header compiles alone. One that was compiled with the same content beneath it is not compiled again."""
    own = {path: path.read_text() for path in headers}
    beneath = {path: [i for name in re.findall(r'#include "(.+)"', text) if (i := included_path(path, name)) in own]
               for path, text in own.items()}

    def closure(path, reached):
        if path not in reached:
            reached.add(path)
            [closure(included, reached) for included in beneath[path]]
        return reached

    sight = {path: closure(path, set()) for path in own}
    stamps = {path: hashlib.sha256("".join(own[i] for i in sorted(sight[path])).encode()).hexdigest() for path in own}
    seen_file = ROOT / "build/tidy/headers"
    seen = set(seen_file.read_text().split()) if seen_file.exists() else set()

    def compiles(chain):
        where = "-Ioperator -Ibroker" if PROGRAMS[1] in chain[-1].parents else "-Ibroker"
        command = f'g++ -std=c++20 -fsyntax-only -DASIO_STANDALONE -DMILENA_VERSION="" {where} -x c++ -'
        text = "".join(f'#include "{path}"\n' for path in chain)
        return subprocess.run(command.split(), cwd=ROOT, input=text, capture_output=True, text=True, check=False)

    fresh = [chain for program in PROGRAMS
             for chain in chains({i: sight[i] for i in own if program in i.parents and stamps[i] not in seen})]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for chain, done in zip(fresh, pool.map(compiles, fresh)):
            if done.returncode == 0:
                seen.update(stamps[path] for path in chain)
                continue
            place, line, what = re.search(r"^(.+?):(\d+):.*?error: (.*)", done.stderr, re.M).groups()
            path = ROOT / place
            breach(path if path in own else chain[-1], line, f"does not compile alone: {what}")
    seen_file.parent.mkdir(parents=True, exist_ok=True)
    seen_file.write_text("\n".join(sorted(seen & set(stamps.values()))))


def check_pairs():
    """Every module below the edge has tests; README names every module; the verbs are the same everywhere."""
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    modules = sorted({module_of(path) for program in PROGRAMS for path in program.rglob("*.cc")})
    for module in modules:
        mirror = module if module.startswith("operator/") else module.replace("/", "_")
        if module not in EDGE and not list((ROOT / "tests/unit").glob(f"{mirror}*/*_test.cc")):
            breach(ROOT / "tests/unit", 1, f"no test of {module}")
    named = re.findall(r"^\| `(?:broker/|(?=operator/))([\w/]+)` \|", readme, re.M)
    if sorted(named) != [module for module in modules if module not in ("main", "operator/main")]:
        breach(ROOT / "README.md", 1, f"its modules are {sorted(named)}; the directories are {modules}")
    verbs = dict(re.findall(r"^([\w-]+):.*?## (.*)$", makefile, re.M))
    table = dict(re.findall(r"^\| `make ([\w-]+)[^`]*` \| (.*) \|$", readme, re.M))
    if table != verbs or list(table) != list(verbs):
        breach(ROOT / "README.md", 1, f"its verbs differ from `make help`: {set(table.items()) ^ set(verbs.items())}")
    for word in re.findall(r"\bmake(?: -\w+)* ([\w-]+)", (ROOT / ".ci/run").read_text()):
        if not re.search(rf"^{word}:", makefile, re.M):
            breach(ROOT / ".ci/run", 1, f"`make {word}` is no target of the Makefile")


def check_settings():
    """What a table calls effective is read somewhere: the member that has its value, or its name."""
    tables = ROOT / "broker/settings"
    called = dict(re.findall(r'^    \{"([^"]+)",.*?\b(effective|accepted)\b',
                             "".join(path.read_text() for path in sorted(tables.glob("table_*.cc"))), re.M | re.S))
    outside = "".join(path.read_text() for path in sorted((ROOT / "broker").rglob("*.cc"))
                      if tables not in path.parents)
    for file, owner in (("broker_config.cc", r"config\w*(?:\(\))?"), ("topic_config.cc", r"topic|\w*defaults")):
        members = re.findall(r'^    f\("([^"]+)", c\.(\w+)\);', (tables / file).read_text(), re.M)
        for name, member in members:
            is_read = re.search(rf'"{re.escape(name)}"|\b(?:{owner})(?:\.|->){member}\b', outside)
            if called[name] == "effective" and not is_read:
                breach(tables / file, 1, f"{name} is called effective, and nothing reads {member}")
        if len(members) < 20:
            breach(tables / file, 1, "its members are no longer found here")


def main():
    everything = files()
    for path in everything:
        text = path.read_text(errors="replace")
        check_text(path, text)
        if path.suffix in {".h", ".cc"}:
            check_cpp(path, text)
    check_headers([path for path in everything if path.suffix == ".h" and {*PROGRAMS} & {*path.parents}])
    check_pairs()
    check_settings()
    print("\n".join(breaches) or f"tidy: {len(everything)} files keep the conventions")


main()
sys.exit(bool(breaches))
