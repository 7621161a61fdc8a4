# SPDX-License-Identifier: GPL-2.0
"""Find the tests that call a function.

The library and the suites are built once more with -finstrument-functions, and
reach.c prints the functions that each test calls. A mutant of a function that a
test does not call cannot be noticed by the test.
"""

import json
import os
import subprocess

FLAGS = "CFLAGS=-O1 -g1 -finstrument-functions"
# If that many tests call a function, running all takes no longer.
MANY = 400


def suites(top, folder):
    """The objects of the suites in a folder. Those without a source are old."""
    return [f"{folder}/kunit/{name[:-2]}.o"
            for name in sorted(os.listdir(f"{top}/kunit"))
            if name.endswith(".c") and
            os.path.exists(f"{folder}/kunit/{name[:-2]}.o")]


def build(top, folder):
    """Build the program that prints what tests call. Returns its path."""
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["make", "-s", "-C", f"{top}/tools/libumbra",
                    f"-j{os.cpu_count()}", f"O={folder}", FLAGS, "CC=gcc",
                    "LDFLAGS=-no-pie", f"{folder}/unit"], check=True)
    program = f"{folder}/unit-reach"
    subprocess.run(["gcc", "-no-pie", "-O2", f"{top}/tools/mutants/reach.c",
                    *suites(top, folder),
                    f"{folder}/tools/libumbra/kunit.o",
                    f"{folder}/libumbra.a", "-o", program], check=True)
    return program


def names_of(program, addresses):
    """The file below src and the function of each address."""
    done = subprocess.run(["addr2line", "-f", "-e", program, *addresses],
                          check=True, stdout=subprocess.PIPE, text=True)
    lines = done.stdout.split("\n")
    names = {}
    for address, function, where in zip(addresses, lines[::2], lines[1::2]):
        path = where.rsplit(":", 1)[0]
        if "/src/" in path:
            names[address] = f"{path.rsplit('/src/', 1)[1]}:{function}"
    return names


class Reach:
    """Which tests call which functions."""

    def __init__(self, top, folder, key, ops):
        path = f"{folder}/reach.json"
        try:
            with open(path, encoding="utf-8") as f:
                known = json.load(f)
        except (OSError, ValueError):
            known = {}
        if known.get("key") != key:
            known = {"key": key, "tests": self.run(build(top, folder), ops)}
            with open(path, "w", encoding="utf-8") as f:
                json.dump(known, f)
        self.tests = known["tests"]

    def run(self, program, ops):
        """The tests of each function."""
        done = subprocess.run([program, f"--ops={ops}"], check=True, text=True,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        calls = [line.split() for line in done.stderr.split("\n") if line]
        names = names_of(program, sorted({a for c in calls for a in c[1:]}))
        tests = {}
        for call in calls:
            for address in call[1:]:
                if address in names:
                    tests.setdefault(names[address], []).append(call[0])
        return tests

    def filters(self, file, function):
        """Options that choose the tests of a function; None if there is none.

        A macro of a file counts for every function of the file.
        """
        if function.isupper():
            chosen = {test for name, tests in self.tests.items()
                      if name.startswith(f"{file}:") for test in tests}
        else:
            chosen = set(self.tests.get(f"{file}:{function}", []))
        if not chosen:
            return None
        if len(chosen) > MANY:
            return []
        return [f"--filter={test}" for test in sorted(chosen)]
