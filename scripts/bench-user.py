#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Print what callgrind counted of bench-user, and compare it with a budget.

A case may need MOST_PERCENT more instructions, or lines of data, than in the
budget of the same compiler. With "keep" the counts become the budget.

usage: bench-user.py check|keep DIRECTORY BUDGET COMPILER
"""
import json
import os
import re
import sys

MOST_PERCENT = 2
# Functions with less than this share of the instructions are left out.
LEAST_SHARE = 0.01
SHOWN = 5


def read_profile(path):
    """Return the description, the totals, and inclusive counts by function."""
    description, totals, functions = "", [], {}
    callee, call = None, False
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.startswith("desc: Trigger: Client Request: "):
                description = line.split(": ", 3)[3].strip()
            elif line.startswith("totals:"):
                totals = [int(n) for n in line.split()[1:]]
            elif line.startswith("cfn="):
                callee = line[4:].strip()
            elif line.startswith("calls="):
                call = True
            elif call:
                # The line after a call: position, then inclusive counts
                functions[callee] = functions.get(callee, 0) + \
                    int(line.split()[1])
                call = False
    return description, totals, functions


def read_counts(directory):
    """Return for each case its counts for one pair."""
    cases = {}
    paths = [os.path.join(directory, name) for name in os.listdir(directory)]
    # Callgrind numbers its files from 1 on.
    for path in sorted(paths, key=lambda p: [int(n) for n in re.findall(r"\d+", p)]):
        description, totals, functions = read_profile(path)
        if not description:
            continue
        name, kind, pairs = description.rsplit(" ", 2)
        case, pairs = cases.setdefault(name, {}), int(pairs)
        if kind == "work":
            instructions = totals[0]
            case["instructions"] = round(instructions / pairs, 1)
            case["functions"] = {
                f: round(n / pairs, 1) for f, n in sorted(functions.items())
                if LEAST_SHARE * instructions <= n <= instructions}
        else:
            case["data"] = round((totals[4] + totals[5]) / pairs, 2)
            case["code"] = round(totals[3] / pairs, 2)
    return cases


def grown(case, old):
    """Return text for the functions that need most more instructions."""
    before = old["functions"]
    more = sorted(((n - before.get(f, 0), f) for f, n in
                   case["functions"].items()), reverse=True)
    return [f"  {f}: {before.get(f, 0)} -> {case['functions'][f]}"
            for n, f in more[:SHOWN] if n >= 0.5]


def is_above(case, old, what):
    return case[what] > old[what] * (1 + MOST_PERCENT / 100)


def change(new, old):
    return f"{100 * (new - old) / old:+.1f} %" if old else ""


def check(cases, budget):
    """Print each case. Returns the numbers of passed, failed and skipped."""
    passed = failed = skipped = 0
    for name, case in cases.items():
        old = (budget or {}).get(name)
        text = (f"{name}: {case['instructions']} instructions, lines: "
                f"{case['data']} data, {case['code']} code")
        if not old:
            skipped += 1
            print(f"skipped: {text}")
            continue
        bad = [w for w in ("instructions", "data") if is_above(case, old, w)]
        failed += bool(bad)
        passed += not bad
        print(f"{'not ok' if bad else 'ok'}: {text}")
        for what in bad:
            print(f"  {what}: {old[what]} -> {case[what]}, "
                  f"{change(case[what], old[what])}")
        if bad:
            print("\n".join(grown(case, old)))
    for name in budget or {}:
        if name not in cases:
            failed += 1
            print(f"not ok: {name}: is in the budget, and did not run")
    return passed, failed, skipped


def keep(cases, path, budgets, compiler):
    budgets[compiler] = cases
    with open(path, "w", encoding="utf-8") as f:
        f.write("{\n")
        for i, (name, budget) in enumerate(sorted(budgets.items())):
            f.write(f"{',' * (i > 0)}{json.dumps(name)}: {{\n")
            f.write(",\n".join(f"{json.dumps(c)}: {json.dumps(n)}"
                               for c, n in budget.items()))
            f.write("\n}\n")
        f.write("}\n")


def main():
    if len(sys.argv) != 5 or sys.argv[1] not in ("check", "keep"):
        sys.exit(__doc__)
    _, command, directory, path, compiler = sys.argv
    cases = read_counts(directory)
    if not cases:
        sys.exit("umbra: callgrind has counted nothing")
    with open(path, encoding="utf-8") as f:
        budgets = json.load(f)
    if command == "keep":
        keep(cases, path, budgets, compiler)
        budgets[compiler] = cases
    if compiler not in budgets:
        print(f"no budget for {compiler}, only for {', '.join(budgets)}")
    passed, failed, skipped = check(cases, budgets.get(compiler))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0)


main()
