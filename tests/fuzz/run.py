#!/usr/bin/env python3
"""Runs every fuzz target of a build and says what was found.

    tests/fuzz/run.py BUILD [--seconds N] [--only TEXT]

A target starts from tests/fuzz/corpus/TARGET/ and collects what it learns under BUILD. An input that breaks a target is
left in BUILD/fuzz/found/; put it into the corpus together with the repair, and every test run replays it.
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent


def run_target(program, seconds, found):
    target = program.name.removeprefix("fuzz_")
    learned = program.parent / "corpus" / target
    for folder in (learned, found):
        folder.mkdir(parents=True, exist_ok=True)
    command = [program, learned, ROOT / "corpus" / target, f"-max_total_time={seconds}", "-timeout=10",
               "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={found}/{target}-"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    runs = [line.split()[-1] for line in done.stdout.splitlines() if "number_of_executed_units" in line]
    print(f"  {'ok' if done.returncode == 0 else 'FAIL':4}  {target:24} {runs[0] if runs else '?':>12} runs", flush=True)
    if done.returncode != 0:
        print("\n".join(done.stdout.splitlines()[-60:]))
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", default="", help="targets whose name has this text")
    options = parser.parse_args()

    folder = options.build.resolve() / "fuzz"
    programs = [p for p in sorted(folder.glob("fuzz_*")) if p.is_file() and options.only in p.name]
    if not programs:
        sys.exit(f"no fuzz targets in {folder}")
    outcomes = [run_target(program, options.seconds, folder / "found") for program in programs]
    print(f"{outcomes.count(True)} passed, {outcomes.count(False)} failed")
    sys.exit(0 if all(outcomes) else 1)


if __name__ == "__main__":
    main()
