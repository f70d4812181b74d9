"""tests/run.py counts what passes and fails, whatever way a program fails."""

import importlib.util
import os
import pathlib
import stat
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from tap import check, done  # noqa: E402

spec = importlib.util.spec_from_file_location("runner", ROOT / "tests" / "run.py")
runner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runner)

CASE = '<TestCase name="{}" filename="a.cpp" line="1"><OverallResult success="{}"/></TestCase>'
GOOD = CASE.format("good", "true")
BAD = CASE.format("bad", "false")
SKIPPED = '<TestCase name="x"><Warning>skipped: no such program</Warning><OverallResult success="true"/></TestCase>'


scratch = tempfile.TemporaryDirectory()


def folder():
    return pathlib.Path(tempfile.mkdtemp(dir=scratch.name))


def run(text, name):
    """Has the runner run a program of this text; returns its outcome."""
    build = folder()
    program = build / name
    program.write_text(text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return runner.run_program(runner.Program(program), build, limit=1, prefix=[])


def catch_program(report, ending="exit 0"):
    """A program that writes `report` where -o says, as a Catch2 program would, and ends with `ending`."""
    return run(f"#!/bin/bash\nprintf '%s' '{report}' >\"$4\"\n{ending}\n", "unit_x")


def script(text):
    return run(text, "x.sh")


def counts(outcome):
    return outcome.passed, len(outcome.failures), len(outcome.skips)


def expect(name, outcome, passed, failed, skipped=0):
    check(name, counts(outcome) == (passed, failed, skipped), f"{counts(outcome)} {outcome.failures} {outcome.printed}")


document = "<Catch>{}</Catch>".format
expect("passed cases are counted", catch_program(document(GOOD + GOOD)), 2, 0)
expect("a failed case is counted once", catch_program(document(GOOD + BAD), "exit 1"), 1, 1)
expect("a skipped case is told apart from a passed one", catch_program(document(GOOD + SKIPPED)), 1, 0, 1)
expect("a crash counts beside the cases before it", catch_program("<Catch>" + GOOD, "kill -SEGV $$"), 1, 1)
expect("a bad exit without a failed case is a failure", catch_program(document(GOOD), "exit 3"), 1, 1)
expect("a program without a case is a failure", catch_program(document("")), 0, 1)
expect("a program that hangs is ended and is a failure", catch_program(document(GOOD), "exec tail -f /dev/null"),
       1, 1)

expect("TAP lines are counted", script("echo ok 1 - one; echo ok two"), 2, 0)
expect("a failed TAP line is a failure, whatever the exit", script("echo ok one; echo not ok two"), 1, 1)
expect("a skipped TAP line keeps its reason", script("echo 'ok one # SKIP no network'; echo ok two"), 1, 0, 1)
expect("checks that were planned and did not come are a failure", script("echo 1..3; echo ok one"), 1, 1)
expect("a script that says nothing is a failure", script("exit 0"), 0, 1)
expect("a script that stops half way is a failure", script("echo ok one; exit 2"), 1, 1)
expect("a script gets the binary's path", script('[[ $TRUNKLINE_BIN == */trunkline ]] && echo ok path'), 1, 0)
expect("a script works in a folder of its own", script('[[ $PWD == "$TMPDIR" && -z $(ls) ]] && echo ok empty'), 1, 0)


def variants(text):
    """Runs a script as often as it says; the programs' names, and what passed in them."""
    build = folder()
    path = build / "x.sh"
    path.write_text(text)
    programs = runner.programs_of(path)
    return [program.name for program in programs], [runner.run_program(program, build, limit=1, prefix=[]).passed
                                                    for program in programs]


several = variants('# Runs once for each of: one, two\n[[ $1 == one || $1 == two ]] && echo ok "$1"')
check("a script runs once for each of what it names, with that as its argument", several == (["x one", "x two"], [1, 1]), several)
alone = variants('[[ $# == 0 ]] && echo ok alone')
check("one that names nothing runs once, without", alone == (["x"], [1]), alone)

# The pipe ends for its reader when the last process that holds its other end is gone.
pipe = folder() / "pipe"
os.mkfifo(pipe)
reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
os.set_blocking(reader, True)
script(f"exec 3>{pipe}; tail -f /dev/null & echo ok started")
check("what a script leaves running is ended", os.read(reader, 1) == b"")

done()
