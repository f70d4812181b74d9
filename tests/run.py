#!/usr/bin/env python3
"""Runs the tests of one build folder and closes with `N passed, N failed`.

    tests/run.py BUILD SUITE... [--only TEXT] [--patience N]

Suites, each found by name:
    unit         BUILD/tests/unit_*           Catch2 programs, several at a time
    integration  BUILD/tests/integration_*    Catch2 programs, one at a time
    fuzz         BUILD/tests/fuzz_*_corpus    Catch2 programs that replay the kept inputs
    e2e          tests/e2e/*.{sh,mjs,py}      scripts that print TAP, plus tests/house/*.py, the tests of these tools

A script gets TRUNKLINE_BIN (the binary) and TRUNKLINE_SOURCE_DIR, prints `ok ...` or `not ok ...` a check, and exits 0
when all is well. A script with a line `# Runs once for each of: one, two` runs that often, each time with one of them as its
argument, as a program of its own. A check that cannot run here prints `ok ... # SKIP reason`; a Catch2 case says WARN("skipped: reason")
and SUCCEED(), and returns. Every program gets an empty working folder under BUILD, which is also its TMPDIR.

All programs share one Postgres and one Redis, started here and named to them by TRUNKLINE_TEST_POSTGRES and
TRUNKLINE_TEST_REDIS (URLs); where they may make servers of their own, TRUNKLINE_TEST_POSTGRES_DIR and
TRUNKLINE_TEST_REDIS_DIR say. Without them they skip what needs one and say why.

A program that crashes, hangs, fails without saying which check, or checks nothing counts as one failure.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
import postgres  # noqa: E402
import redis  # noqa: E402
INTERPRETERS = {".sh": ["bash"], ".mjs": ["node"], ".py": [sys.executable]}
VARIANTS = re.compile(r"^# Runs once for each of: (.+)$", re.MULTILINE)
SHOWN_LINES = 120  # of what a failing program printed

# A sanitizer that finds something ends the program; what it found is in its output.
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:check_initialization_order=1:strict_string_checks=1",
    "LSAN_OPTIONS": f"suppressions={ROOT / 'tests' / 'support' / 'leaks.supp'}:print_suppressions=0",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


@dataclasses.dataclass
class Suite:
    name: str
    where: str  # "build" or "source"
    patterns: tuple
    limit: float  # seconds a program
    parallel: bool = False


SUITES = {
    suite.name: suite
    for suite in (
        Suite("unit", "build", ("tests/unit_*",), limit=60, parallel=True),
        Suite("integration", "build", ("tests/integration_*",), limit=180),
        Suite("fuzz", "build", ("tests/fuzz_*_corpus",), limit=60, parallel=True),
        Suite("e2e", "source", ("tests/house/*.py", "tests/e2e/*.sh", "tests/e2e/*.mjs", "tests/e2e/*.py"), limit=300),
    )
}


@dataclasses.dataclass(frozen=True)
class Program:
    path: pathlib.Path
    arguments: tuple = ()

    @property
    def name(self):
        return " ".join((self.path.stem, *self.arguments))


@dataclasses.dataclass
class Outcome:
    """What one program said about its checks, and what it printed beside that."""

    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)  # one text a failed check
    skips: list = dataclasses.field(default_factory=list)
    printed: str = ""
    seconds: float = 0.0
    excused: bool = False  # the program complained of sections that assert nothing themselves


def find(suite, build):
    base = build if suite.where == "build" else ROOT
    found = [path for pattern in suite.patterns for path in sorted(base.glob(pattern))]
    if suite.where == "build":
        return [Program(path) for path in found if path.is_file() and os.access(path, os.X_OK)]
    return [program for path in found for program in programs_of(path)]


def programs_of(script):
    """One, or one for each of what the script names."""
    variants = VARIANTS.search(script.read_text())
    return [Program(script, (word.strip(),)) for word in variants[1].split(",")] if variants else [Program(script)]


RUNNING = set()  # process groups
SERVERS = {}  # folders with servers, and what ends them


def end_all(signal_number, _frame):
    for group in list(RUNNING):
        os.killpg(group, signal.SIGKILL)
    for folder, kind in SERVERS.items():
        kind.end_all(folder)
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(128 + signal_number)


def execute(command, folder, environment, log_path, limit):
    """Returns the exit status, or None when the time was over. Ends whatever the command left running."""
    with open(log_path, "wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT, start_new_session=True)
    RUNNING.add(process.pid)
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        return None
    finally:
        RUNNING.discard(process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def read_catch(report, outcome):
    """Counts the finished cases of a Catch2 XML report; one that a crash cut short is read up to there."""
    with contextlib.suppress(ElementTree.ParseError, OSError):
        for _, element in ElementTree.iterparse(report):
            if element.tag == "TestCase":
                read_case(element, outcome)


def read_case(case, outcome):
    warnings = [(warning.text or "").strip() for warning in case.iter("Warning")]
    skips = [text.removeprefix("skipped:").strip() for text in warnings if text.startswith("skipped:")]
    failed = case.find("OverallResult").get("success") != "true"
    if failed and only_sections_asserted_nothing(case):
        outcome.excused = True
        failed = False
    if failed:
        outcome.failures.append(f"{case.get('name')}\n{describe(case)}")
    elif skips:
        outcome.skips.append(f"{case.get('name')}: {skips[0]}")
    else:
        outcome.passed += 1


def only_sections_asserted_nothing(case):
    """Sections that only prepare, before checks that they share, are no failure; a whole case without a check is."""
    faults = ("Failure", "FatalErrorCondition", "Exception")
    return case.find("Section") is not None and not any(
        element.tag in faults or (element.tag == "Expression" and element.get("success") == "false")
        for element in case.iter())


def describe(case):
    lines = []
    for element in case.iter():
        place = f"{element.get('filename')}:{element.get('line')}"
        if element.tag == "Section":
            lines.append(f"  in: {element.get('name')}")
        elif element.tag == "Expression" and element.get("success") == "false":
            wanted, got = (" ".join((element.findtext(tag) or "").split()) for tag in ("Original", "Expanded"))
            lines.append(f"  {place}: {element.get('type')}({wanted})\n      with: {got}")
            lines += [f"      threw: {(thrown.text or '').strip()}" for thrown in element.iter("Exception")]
        elif element.tag in ("Failure", "FatalErrorCondition", "Exception"):
            lines.append(f"  {place}: {element.tag}: {(element.text or '').strip()}")
        elif element.tag in ("Info", "StdOut", "StdErr"):
            lines.append(f"  {element.tag.lower()}: {(element.text or '').strip()}")
    return "\n".join(lines or ["  asserted nothing"])


def read_tap(printed, outcome):
    planned = None
    checks = 0
    for line in printed.splitlines():
        plan = re.fullmatch(r"1\.\.(\d+)(\s*#.*)?", line)
        check = re.match(r"(not )?ok\b[\s\d-]*(.*)", line)
        if plan:
            planned = int(plan[1])
        if not check:
            continue
        checks += 1
        name, _, directive = check[2].partition("# ")
        if check[1]:
            outcome.failures.append(name)
        elif directive.upper().startswith("SKIP"):
            outcome.skips.append(f"{name.strip()}: {directive[4:].strip()}")
        else:
            outcome.passed += 1
    if planned is not None and planned != checks:
        outcome.failures.append(f"{planned} checks were planned, {checks} came")


@contextlib.contextmanager
def shared_server(kind, name):
    """One of `kind` (a module of tests/support), named to the programs by TRUNKLINE_TEST_`name`. Its folder is below
    /tmp: the user that a server runs as can go there, which cannot be said of the build folder."""
    reason = kind.why_not()
    if reason:
        print(f"no {name} for the tests: {reason}", flush=True)
        yield
        return
    with tempfile.TemporaryDirectory(prefix=f"trunkline-{name.lower()}-") as folder:
        os.chmod(folder, 0o755)
        SERVERS[folder] = kind
        try:
            server = kind.Server(pathlib.Path(folder) / "shared").start()
            os.environ.update({f"TRUNKLINE_TEST_{name}": server.url(), f"TRUNKLINE_TEST_{name}_DIR": folder})
            yield
        finally:
            kind.end_all(folder)


def environment_for(build, folder):
    environment = dict(os.environ, TMPDIR=str(folder), TRUNKLINE_BIN=str(build / "trunkline"),
                       TRUNKLINE_SOURCE_DIR=str(ROOT))
    for name, value in SANITIZERS.items():
        environment.setdefault(name, value)
    return environment


def fixed_addresses():
    """ThreadSanitizer maps fixed addresses, which a kernel with strong address randomisation may have taken."""
    command = ["setarch", "--addr-no-randomize"]
    allowed = shutil.which("setarch") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if allowed else []


def run_program(program, build, limit, prefix):
    folder = build / "test-work" / "-".join((program.path.stem, *program.arguments))
    shutil.rmtree(folder, ignore_errors=True)
    work, report, log = (folder / name for name in ("work", "report.xml", "output.log"))
    work.mkdir(parents=True)
    script = INTERPRETERS.get(program.path.suffix)
    command = [*script, program.path, *program.arguments] if script else [
        *prefix, program.path, "-r", "xml", "-o", report, "-w", "NoAssertions"]

    outcome = Outcome()
    started = time.monotonic()
    status = execute(command, work, environment_for(build, work), log, limit)
    outcome.seconds = time.monotonic() - started
    outcome.printed = log.read_text(errors="replace")
    if script:
        read_tap(outcome.printed, outcome)
    else:
        read_catch(report, outcome)
    judge(status, limit, outcome)
    return outcome


def judge(status, limit, outcome):
    if status is None:
        outcome.failures.append(f"not finished after {limit:.0f} s: ended")
    elif status < 0 and not any("FatalErrorCondition" in failure for failure in outcome.failures):
        outcome.failures.append(f"crashed: {signal.Signals(-status).name}")
    elif status != 0 and not outcome.failures and not outcome.excused:
        outcome.failures.append(f"exit status {status} without a failed check")
    elif not outcome.passed and not outcome.failures and not outcome.skips:
        outcome.failures.append("checked nothing")


def show(program, outcome):
    mark = "FAIL" if outcome.failures else "ok"
    print(f"  {mark:4}  {program.name:36} {outcome.passed + len(outcome.failures):5} checks {outcome.seconds:7.1f} s")
    for skip in outcome.skips:
        print(f"        skipped: {skip}")
    for failure in outcome.failures:
        print("        " + failure.replace("\n", "\n        "))
    printed = outcome.printed.rstrip().splitlines()
    if outcome.failures and printed:
        print(f"        --- {program.name} printed {len(printed)} lines; here are at most the last {SHOWN_LINES}")
        print("\n".join("        | " + line for line in printed[-SHOWN_LINES:]))
    sys.stdout.flush()


def run_suite(suite, build, arguments, prefix):
    programs = [program for program in find(suite, build) if arguments.only in program.name]
    print(f"{suite.name}: {len(programs)} programs", flush=True)
    workers = (os.cpu_count() or 1) if suite.parallel else 1
    limit = suite.limit * arguments.patience
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(run_program, program, build, limit, prefix): program for program in programs}
        for done in concurrent.futures.as_completed(running):
            outcome = done.result()
            show(running[done], outcome)
            passed += outcome.passed
            failed += len(outcome.failures)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("suites", nargs="+", choices=SUITES, metavar="SUITE")
    parser.add_argument("--only", default="", metavar="TEXT", help="programs whose name has TEXT in it")
    parser.add_argument("--patience", type=float, default=1, metavar="N", help="multiply the time limits")
    arguments = parser.parse_args()

    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, end_all)
    build = arguments.build.resolve()
    prefix = fixed_addresses() if build.name == "tsan" else []
    with (shared_server(postgres, "POSTGRES"), shared_server(redis, "REDIS")):
        results = [run_suite(SUITES[name], build, arguments, prefix) for name in arguments.suites]
    passed, failed = (sum(column) for column in zip(*results))
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
