#!/usr/bin/env python3
"""Checks the sources without running them: clang-format, clang-tidy, the direction of includes.

    tests/lint.py BUILD      BUILD is a configured build folder: its compile_commands.json says what is compiled how
    tests/lint.py --format   rewrites the sources as clang-format wants them

clang-tidy takes seconds a file, so what came out clean is remembered by content: of the file, the headers of the tree
that it reaches, the checks and the command. The memory is outside the clone, as ccache's is
(${XDG_CACHE_HOME:-~/.cache}/trunkline-lint); TRUNKLINE_LINT_CACHE moves it.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import include_direction

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY, FORMAT = "clang-tidy-19", "clang-format-19"
FOREIGN = {"src/base/boost_once.cpp"}  # compiles Asio and Beast, has no code of ours
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
FINDING = re.compile(r"^\S+:\d+:\d+: (?:error|warning): ", re.M)
KEPT_SECONDS = 60 * 24 * 3600


def sources():
    """What git tracks and what is new and not ignored; everything in a tree that is no clone."""
    git = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.cpp", "*.hpp"], cwd=ROOT,
                         capture_output=True, text=True)
    if git.returncode == 0:
        found = [ROOT / name for name in git.stdout.splitlines()]
    else:
        found = [path for folder in ("include", "src", "tests", "bench") for path in (ROOT / folder).rglob("*.[ch]pp")]
    return sorted(path for path in found if path.is_file())


def unformatted():
    """The sources that clang-format would change."""
    names = [path.relative_to(ROOT) for path in sources()]
    command = [FORMAT, "--dry-run", "-Werror", "-ferror-limit=1", *names]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stderr
    return sorted(set(re.findall(r"^(\S+?):\d+:\d+: error: code should be clang-formatted", output, re.M)))


class Headers:
    """Which headers of the tree a source reaches, and what they hold."""

    def __init__(self):
        self._direct = {}
        self._digests = {}

    def reach(self, path):
        seen, waiting = set(), [path]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting += self._includes(current)
        return seen

    def digest(self, path):
        if path not in self._digests:
            self._digests[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        return self._digests[path]

    def _includes(self, path):
        if path not in self._direct:
            places = (path.parent, ROOT / "include", ROOT / "src", ROOT / "tests")
            candidates = [place / name for name in INCLUDE.findall(path.read_text()) for place in places]
            self._direct[path] = [candidate.resolve() for candidate in candidates if candidate.is_file()]
        return self._direct[path]


def compiled_sources(build):
    """(path, command) of every translation unit of the program. Tests are formatted but not tidied: what clang-tidy
    finds in them is not worth the minutes it takes."""
    units = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(ROOT / "src") and str(path.relative_to(ROOT)) not in FOREIGN:
            units[path] = entry["command"].replace(str(build), "BUILD").replace(str(ROOT), "ROOT")
    return units


def memory():
    default = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "trunkline-lint"
    folder = pathlib.Path(os.environ.get("TRUNKLINE_LINT_CACHE") or default)
    folder.mkdir(parents=True, exist_ok=True)
    oldest = time.time() - KEPT_SECONDS
    for entry in folder.iterdir():
        if entry.stat().st_mtime < oldest:
            entry.unlink(missing_ok=True)
    return folder


def unique_findings(output, known):
    """What `output` says that no other file said: a header's finding comes with every file that includes it."""
    starts = [match.start() for match in FINDING.finditer(output)] + [len(output)]
    blocks = [output[begin:end].rstrip() for begin, end in zip(starts, starts[1:])]
    fresh = [block for block in blocks if block not in known]
    known.update(fresh)
    return fresh


def tidy(build):
    """Returns (files that failed, files looked at, files known to be clean)."""
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    checks = version + (ROOT / ".clang-tidy").read_text()
    headers, folder, units = Headers(), memory(), compiled_sources(build)

    def key(path):
        contents = [headers.digest(file) for file in sorted(headers.reach(path))]
        return hashlib.sha256("\n".join((checks, units[path], *contents)).encode()).hexdigest()

    keys = {path: folder / key(path) for path in units}
    waiting = [path for path in units if not keys[path].exists()]
    waiting.sort(key=lambda path: len(headers.reach(path)), reverse=True)  # the slow ones first
    known, failed = set(), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(subprocess.run, [TIDY, "-p", build, "--quiet", path], capture_output=True, text=True):
                   path for path in waiting}
        for number, done in enumerate(concurrent.futures.as_completed(running), 1):
            path, result = running[done], done.result()
            print(f"[{number}/{len(running)}] tidy {path.relative_to(ROOT)}", flush=True)
            if result.returncode == 0:
                keys[path].touch()
                continue
            failed += 1
            print("\n".join(unique_findings(result.stdout, known) or ([] if result.stdout else [result.stderr])))
    return failed, len(waiting), len(units) - len(waiting)


def lint(build):
    started = time.monotonic()
    crooked = unformatted()
    print("".join(f"{path}: not formatted\n" for path in crooked), end="")
    print(f"clang-format: {f'{len(crooked)} files; `make format` mends them' if crooked else 'clean'}", flush=True)

    files, offences = include_direction.check(ROOT)
    print("".join(offence + "\n" for offence in offences), end="")
    print(f"includes: {f'{len(offences)} point upwards' if offences else f'clean, {files} files'}", flush=True)

    failed, looked_at, remembered = tidy(build)
    print(f"clang-tidy: {f'{failed} files with findings' if failed else 'clean'}, {looked_at} files looked at, "
          f"{remembered} known to be clean; {time.monotonic() - started:.0f} s")
    return bool(crooked or offences or failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, nargs="?")
    parser.add_argument("--format", action="store_true")
    arguments = parser.parse_args()
    if arguments.format:
        return subprocess.run([FORMAT, "-i", *sources()], cwd=ROOT).returncode
    if not arguments.build:
        parser.error("BUILD is missing")
    return lint(arguments.build.resolve())


if __name__ == "__main__":
    sys.exit(main())
