#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Check the counts of gcov: coverage.py TOP FILE.json...

Prints each line that was not reached, and each line with branches that were not
taken, with the reason from kunit/coverage.reasons. A reason is a line
"FOLDER/FILE: SOURCE LINE :: REASON". SOURCE LINE is the first line of a statement,
without the white space around it. REASON follows the last " :: ". A reason
applies to all lines of the file with that text.

Some branches are taken in some runs only, so a reason that no run needs is
printed but is not a failure. A reason for a line that does not exist is a
failure.
"""

import json
import os
import sys


def read_reasons(top):
    reasons = {}
    with open(os.path.join(top, "kunit/coverage.reasons")) as f:
        for line in f:
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            where, reason = line.rsplit(" :: ", 1)
            name, source = where.split(": ", 1)
            reasons[name, source] = reason
    return reasons


def merge(lines):
    """Sum the counts of each line over all functions that inline it."""
    merged = {}
    for line in lines:
        number = line["line_number"]
        counts = [b["count"] for b in line["branches"]]
        old = merged.setdefault(number, [0, []])
        old[0] += line["count"]
        if len(old[1]) < len(counts):
            old[1], counts = counts, old[1]
        for i, count in enumerate(counts):
            old[1][i] += count
    return merged


def read_source(top, name):
    with open(os.path.join(top, "src", name)) as f:
        return [""] + f.read().split("\n")


def judge(top, name, path, reasons, used):
    with open(path) as f:
        data = json.load(f)
    source = read_source(top, name)
    lines = []
    for entry in data["files"]:
        if entry["file"].endswith(f"src/{name}"):
            lines += entry["lines"]
    merged = merge(lines)
    reached = missed = taken = explained = unexplained = 0
    for number, (count, branches) in sorted(merged.items()):
        text = source[number].strip()
        if not count:
            missed += 1
            print(f"{name}:{number}: not reached: {text}")
            continue
        reached += 1
        taken += sum(1 for b in branches if b)
        idle = sum(1 for b in branches if not b)
        if not idle:
            continue
        reason = reasons.get((name, text))
        if reason:
            explained += idle
            used.add((name, text))
        else:
            unexplained += idle
        print(f"{name}:{number}: {idle} of {len(branches)} branches not taken:"
              f" {text} :: {reason or 'NO REASON'}")
    print(f"{name}: {reached} of {reached + missed} lines reached, "
          f"{taken} branches taken, {explained + unexplained} not taken, "
          f"{unexplained} of those without a reason")
    return missed == 0 and unexplained == 0


def main():
    top = sys.argv[1]
    reasons = read_reasons(top)
    used = set()
    results = {}
    for path in sys.argv[2:]:
        name = "/".join(path.split("/")[-2:]).replace(".json", ".c")
        results[name] = judge(top, name, path, reasons, used)
    for name, text in sorted(set(reasons) - used):
        if name not in results:
            continue
        if text in (line.strip() for line in read_source(top, name)):
            print(f"{name}: reason, but all branches are taken: {text}")
        else:
            print(f"{name}: reason for a line that does not exist: {text}")
            results[name] = False
    passed = sum(results.values())
    print(f"{passed} passed, {len(results) - passed} failed, 0 skipped")
    sys.exit(0 if passed == len(results) else 1)


main()
