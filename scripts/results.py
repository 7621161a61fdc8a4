#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""List the results of single tests from KTAP, and summarize such lists.

results.py read PLATFORM KTAP    print a line for each test: platform, result,
                                 seconds and name, separated by tabs
results.py table FILE...         read such lines; print the slowest tests, the
                                 tests that ran more than once on a platform,
                                 and the tests that passed on no platform
"""

import re
import sys
from collections import defaultdict

STAMP = re.compile(r"\[ *(\d+\.\d+)\](?:\[[^]]*\])? ?")
SUBTEST = re.compile(r"( *)# Subtest: (.*)")
RESULT = re.compile(r"( *)(ok|not ok) \d+ ?-? ?([^#]*)(# SKIP.*)?")
TOOK = re.compile(r" *# took (\d+\.\d+) s")
SLOWEST = 10


def read(path):
    """Yield [result, seconds, name] of each test without subtests."""
    groups = []  # indent and name
    last = 0.0  # time of the previous result, from the kernel log
    leaf = None
    with open(path, errors="replace") as file:
        for line in file:
            line = line.rstrip("\r\n")
            stamp = STAMP.match(line)
            now = float(stamp[1]) if stamp else None
            if stamp:
                line = line[stamp.end():]
            subtest, result = SUBTEST.fullmatch(line), RESULT.fullmatch(line)
            took = TOOK.fullmatch(line)
            if subtest:
                indent = len(subtest[1])
                while groups and groups[-1][0] >= indent:
                    groups.pop()
                groups.append((indent, subtest[2]))
                last = now or last
            elif result:
                if leaf:
                    yield leaf
                leaf = None
                depth = len(groups)
                while groups and groups[-1][0] > len(result[1]):
                    groups.pop()
                if len(groups) == depth:
                    names = [name for _, name in groups]
                    leaf = [
                        "skip" if result[4] else result[2],
                        now - last if now else 0.0,
                        "/".join(names + [result[3].strip()]),
                    ]
                last = now or last
            elif took and leaf:
                leaf[1] = float(took[1])
    if leaf:
        yield leaf


def table(paths):
    """Print a summary of the results of a whole run."""
    seconds = defaultdict(float)
    count = defaultdict(int)
    passed, names = set(), set()
    for path in paths:
        with open(path) as file:
            for line in file:
                platform, result, time, name = line.rstrip("\n").split("\t")
                test = " ".join(name.split("/")[:2])
                seconds[platform, test] += float(time)
                count[platform, name] += 1
                names.add(name)
                if result == "ok":
                    passed.add(name)
    print("the slowest tests:")
    slowest = sorted(seconds, key=seconds.get, reverse=True)[:SLOWEST]
    for platform, test in slowest:
        print(f"{seconds[platform, test]:8.1f} s  {platform}: {test}")
    again = {key: n for key, n in count.items() if n > 1}
    print(f"tests that ran more than once on a platform: {len(again)}")
    for (platform, name), n in sorted(again.items())[:SLOWEST]:
        print(f"  {n} times  {platform}: {name}")
    print(f"different tests: {len(names)}, of which passed: {len(passed)}")
    for name in sorted(names - passed):
        print(f"  not passed anywhere: {name}")


def main():
    """Run the command that the arguments name."""
    if len(sys.argv) == 4 and sys.argv[1] == "read":
        for result, seconds, name in read(sys.argv[3]):
            print(f"{sys.argv[2]}\t{result}\t{seconds:.2f}\t{name}")
    elif len(sys.argv) > 2 and sys.argv[1] == "table":
        table(sys.argv[2:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
