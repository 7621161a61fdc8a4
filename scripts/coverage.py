#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Check the counts of gcov: coverage.py TOP FILE.json...

Prints each line that was not reached, and each line with branches that were not
taken, with the reason. A reason comes from the table COMPILER below, or from a
mark in the source: a comment that ends directly above a statement and has the
word "Untaken:" followed by the reason. The mark applies to the whole statement,
and of an "if" or a loop to its condition.

Some branches are taken in some runs only, so a mark that a run does not need is
printed but is not a failure. A mark without a branch below it is a failure.
"""

import json
import os
import re
import sys

# Branches that the compiler makes of a macro or an inline function of the
# kernel, and counts before it drops them: for each name the number that one use
# may leave untaken, and the reason.
COMPILER = {
    "__clear_bit": (7, "the bit is not a constant"),
    "__ffs": (1, "the word is not a constant"),
    "__fls": (1, "the word is not a constant"),
    "clamp": (3, "the limits are not constants"),
    "kcalloc": (1, "the product cannot overflow"),
    "kvcalloc": (1, "the product cannot overflow"),
    "list_add": (1, "links are only checked with CONFIG_DEBUG_LIST"),
    "memcpy": (6, "the sizes that the compiler knows suffice"),
    "memmove": (6, "the sizes that the compiler knows suffice"),
    "test_bit": (5, "the bit is a constant, the word is not"),
    "write_seqcount_begin": (1, "preemption is only checked with lockdep"),
    "write_seqcount_end": (1, "preemption is only checked with lockdep"),
}

USE = re.compile(r"\b(" + "|".join(COMPILER) + r")\(")
NO_CODE = re.compile(r'"(\\.|[^"\\])*"|/\*.*?\*/|//.*')


class Mark:
    """A comment with a reason, and the lines of the statement below it."""

    def __init__(self, source, number):
        self.number = number
        text = source[number].split("Untaken:", 1)[1]
        while "*/" not in text and number < len(source) - 1:
            number += 1
            text += " " + source[number].strip().removeprefix("* ")
        self.reason = " ".join(text.split("*/")[0].split())
        self.lines = range(number + 1, statement_end(source, number + 1) + 1)
        self.has_branch = False
        self.is_needed = False


def statement_end(source, number):
    """The last line of the statement or condition that begins in a line."""
    depth = 0
    while number < len(source) - 1:
        text = NO_CODE.sub("", source[number]).rstrip()
        depth += text.count("(") - text.count(")")
        if not text or (depth <= 0 and text.endswith((";", "{", "}", ")"))):
            break
        number += 1
    return number


def made_by_compiler(text):
    """How many branches of a line may be untaken, and why."""
    names = USE.findall(NO_CODE.sub("", text))
    reasons = {COMPILER[name][1] for name in names}
    return sum(COMPILER[name][0] for name in names), ", ".join(sorted(reasons))


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
    """The lines of a source file, from number 1."""
    with open(os.path.join(top, "src", name)) as f:
        return [""] + f.read().split("\n")


def judge_line(text, idle, mark):
    """The reason for the idle branches of a line, or None."""
    most, reason = made_by_compiler(text)
    if idle <= most:
        return f"made by the compiler: {reason}"
    if mark:
        mark.is_needed = True
        return mark.reason
    return None


def judge_mark(name, mark):
    """A mark must have a reason, and branches below it."""
    if not mark.reason:
        print(f"{name}:{mark.number}: mark without a reason")
        return False
    if not mark.has_branch:
        print(f"{name}:{mark.number}: mark without a branch below it:"
              f" {mark.reason}")
        return False
    if not mark.is_needed:
        print(f"{name}:{mark.number}: mark, but all branches are taken:"
              f" {mark.reason}")
    return True


def judge(top, name, path):
    with open(path) as f:
        data = json.load(f)
    source = read_source(top, name)
    marks = [Mark(source, number) for number, text in enumerate(source)
             if "Untaken:" in text]
    mark_of = {number: mark for mark in marks for number in mark.lines}
    lines = []
    for entry in data["files"]:
        if entry["file"].endswith(f"src/{name}"):
            lines += entry["lines"]
    reached = missed = taken = explained = unexplained = 0
    for number, (count, branches) in sorted(merge(lines).items()):
        text = source[number].strip()
        mark = mark_of.get(number)
        if mark and branches:
            mark.has_branch = True
        if not count:
            missed += 1
            print(f"{name}:{number}: not reached: {text}")
            continue
        reached += 1
        taken += sum(1 for b in branches if b)
        idle = sum(1 for b in branches if not b)
        if not idle:
            continue
        reason = judge_line(text, idle, mark)
        if reason:
            explained += idle
        else:
            unexplained += idle
        print(f"{name}:{number}: {idle} of {len(branches)} branches not taken:"
              f" {text} :: {reason or 'NO REASON'}")
    good_marks = [judge_mark(name, mark) for mark in marks]
    print(f"{name}: {reached} of {reached + missed} lines reached, "
          f"{taken} branches taken, {explained + unexplained} not taken, "
          f"{unexplained} of those without a reason")
    return missed == 0 and unexplained == 0 and all(good_marks)


def main():
    top = sys.argv[1]
    results = []
    for path in sys.argv[2:]:
        name = "/".join(path.split("/")[-2:]).replace(".json", ".c")
        results.append(judge(top, name, path))
    passed = sum(results)
    print(f"{passed} passed, {len(results) - passed} failed, 0 skipped")
    sys.exit(0 if passed == len(results) else 1)


main()
