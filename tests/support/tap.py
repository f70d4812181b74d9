"""Checks of a script, printed as tests/run.py counts them."""

import concurrent.futures
import sys
import traceback

_failed = False


def check(name, holds, detail=""):
    """Prints `ok NAME` or `not ok NAME`, and what is known about a failure. Any thread."""
    global _failed
    lines = f"{'ok' if holds else 'not ok'} {name}\n"
    if not holds:
        _failed = True
        lines += "# " + str(detail).replace("\n", "\n# ") + "\n"
    sys.stdout.write(lines)
    sys.stdout.flush()
    return bool(holds)


def skip(name, reason):
    sys.stdout.write(f"ok {name} # SKIP {reason}\n")
    sys.stdout.flush()


def together(scenarios, *arguments):
    """Calls functions at the same time, because they mostly wait; one that raises is a failed check."""
    def guarded(scenario):
        try:
            scenario(*arguments)
        except Exception:
            check(scenario.__name__.replace("_", " ") + " runs to its end", False, traceback.format_exc())

    with concurrent.futures.ThreadPoolExecutor(len(scenarios)) as pool:
        list(pool.map(guarded, scenarios))


def done():
    sys.exit(1 if _failed else 0)
