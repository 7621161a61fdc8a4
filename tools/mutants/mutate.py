#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Change one thing at a time in the allocator, and see whether a test notices.

usage: mutate.py [OPTION...] TOP BUILD [FILE...]

TOP is the checkout, and BUILD is where tools/libumbra is built. FILE is below
src, without its suffix: page/pcp. Without a name, the files of all rooms are
changed. For each mutant only the changed file is compiled, and only the tests run
that call the changed function, until one fails. A mutant is caught if it does not
link, if a test fails, or if the tests do not end. A mutant whose object is that
of the original is not one.

Prints the mutants that nothing noticed, a table of the rooms, and the totals. A
room that catches less than its target is a failure.
"""

import argparse
import fnmatch
import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from find import Mutant, find_mutants
from reach import Reach, suites

# The share of its mutants that a room must catch, in percent
TARGETS = {"buddy": 95, "page": 95, "move": 90, "pressure": 90}
OPS = 100  # of each property test, for every mutant
# For mutants that no suite notices: operations, and seeds and operations
MORE_OPS = 20000
STORM = ("4", "400")
# The file of a mutant is built with checks of array indices, which end the
# program, as in the sanitized build of `make unit ALL=1`.
CHECKED = ("-fsanitize=bounds", "-fsanitize-undefined-trap-on-error")
# A test that fails only after this many times the time of the whole run hangs.
HANG = 4
FAILED = re.compile(r"# (\w+): failed at (\w+\.c):")
NOT_OK = re.compile(r"^ *not ok \d+ (.*)$", re.M)
SUBTEST = re.compile(r"# Subtest: (\w+)$", re.M)


def digest(*texts):
    """A short name for some texts."""
    total = hashlib.sha256()
    for text in texts:
        total.update(text.encode() + b"\0")
    return total.hexdigest()[:20]


def read(path):
    """The text of a file."""
    with open(path, encoding="utf-8") as f:
        return f.read()


class Tree:
    """The sources of a checkout, and what each result depends on."""

    def __init__(self, top):
        self.top = top
        self.headers = digest(*map(read, self.files(".h")))
        self.library = digest(*[
            read(p) for p in self.files(".c", ".sim", ".out")
            if "/tools/" in p and "/mutants/" not in p])
        self.tests = {os.path.basename(p): digest(read(p))
                      for p in self.files(".c") if "/kunit/" in p}
        helpers = [self.tests[name] for name in sorted(self.tests)
                   if not name.endswith("_test.c")]
        self.helpers = digest(self.library, *helpers)
        self.all_tests = digest(self.helpers, *[
            self.tests[name] for name in sorted(self.tests)])
        self.everything = digest(self.headers, self.all_tests, *[
            read(p) for p in self.files(".c") if "/src/" in p])

    def files(self, *ends):
        """The sources with one of some suffixes, in order."""
        found = []
        for folder in ("include", "src", "kunit", "tools"):
            for where, _, names in os.walk(os.path.join(self.top, folder)):
                found += [os.path.join(where, name) for name in names
                          if name.endswith(ends)]
        return sorted(found)

    def rooms(self, names):
        """The files to change, below src and without suffix."""
        found = []
        for room in TARGETS:
            folder = os.path.join(self.top, "src", room)
            found += [f"{room}/{name[:-2]}"
                      for name in sorted(os.listdir(folder))
                      if name.endswith(".c")]
        unknown = [n for n in names if not fnmatch.filter(found, n)]
        if unknown:
            sys.exit(f"mutants: no such file: {' '.join(unknown)}")
        return [f for f in found if not names or
                any(fnmatch.fnmatch(f, n) for n in names)]


class Bench:
    """Builds and runs mutants."""

    def __init__(self, tree, build, work):
        self.tree, self.build, self.work = tree, build, work
        make = ["make", "-s", "-C", f"{tree.top}/tools/libumbra"]
        flags = subprocess.run([*make, "flags", "CFLAGS=-O1"], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
        self.flags = flags.split()
        self.compiler = [os.environ.get("CC", "gcc"), *self.flags, "-w"]
        self.objects = {}
        self.reach = Reach(tree.top, f"{build}/reach", tree.everything, OPS)
        self.tests = suites(tree.top, build)
        self.limit = 600
        self.limit = 2 + int(HANG * self.seconds())

    def seconds(self):
        """The CPU time of the suites. Ends if a test fails without a mutant."""
        start = os.times()
        folder = tempfile.mkdtemp(dir=self.work)
        done = subprocess.run([f"{self.build}/unit", f"--ops={OPS}"],
                              check=False, stdout=subprocess.DEVNULL)
        now = os.times()
        self.compile("buddy/zone", read(f"{self.tree.top}/src/buddy/zone.c"),
                     f"{folder}/mutant.o")
        self.link(folder, self.unit_objects(), "unit")
        noticed = "a suite" if done.returncode else self.rest(folder)
        if noticed:
            sys.exit(f"mutants: {noticed} fails without a mutant: make unit")
        return now.children_user + now.children_system - \
            start.children_user - start.children_system

    def parse_command(self):
        """How clang reads a file."""
        return ["clang", *self.flags, "-w"]

    def compile(self, file, source, out):
        """Compile the text of a file, as if it were in its folder."""
        return not subprocess.run(
            [*self.compiler, *CHECKED, "-x", "c", "-c", "-", "-o", out],
            input=source, text=True, check=False, stderr=subprocess.DEVNULL,
            cwd=os.path.dirname(f"{self.tree.top}/src/{file}.c")).returncode

    def original(self, file, source):
        """The object of a file without a mutant."""
        out = f"{self.work}/{file.replace('/', '-')}.o"
        if not self.compile(file, source, out):
            sys.exit(f"mutants: {file}.c cannot be compiled")
        with open(out, "rb") as f:
            self.objects[file] = f.read()

    def link(self, folder, objects, program):
        """Link a program with the mutant before the library."""
        done = subprocess.run(
            [self.compiler[0], *objects, f"{folder}/mutant.o",
             f"{self.build}/libumbra.a", "-o", f"{folder}/{program}"],
            check=False, stderr=subprocess.DEVNULL)
        return not done.returncode

    def limited(self, folder, command, stdin=subprocess.DEVNULL):
        """Run a program with limits. Returns its status and its output."""
        path = f"{folder}/out"
        with open(path, "wb") as out:
            done = subprocess.run(
                ["prlimit", "--core=0", f"--cpu={self.limit}",
                 f"--fsize={1 << 25}", f"--as={1 << 36}", *command],
                check=False, stdin=stdin, stdout=out,
                stderr=subprocess.STDOUT)
        with open(path, encoding="utf-8", errors="replace") as f:
            return done.returncode, f.read()

    def unit_objects(self):
        """The objects of the suites, and of the program that runs them."""
        return [*self.tests, f"{self.build}/tools/libumbra/kunit.o"]

    def unit(self, folder, *options):
        """Run the suites until one fails. Returns what noticed, or None."""
        status, out = self.limited(folder,
                                   [f"{folder}/unit", "--stop", *options])
        if not status:
            return None
        failed = FAILED.findall(out)
        if failed:
            return f"{failed[-1][1]}:{failed[-1][0]}"
        suites, tests = SUBTEST.findall(out), NOT_OK.findall(out)
        where = suites[-1] if suites else "begin"
        if tests:
            return f"{where}: {tests[-1]}"
        return f"{where}: ends with {status}"

    def simulate(self, folder):
        """Run umbra-sim. Returns what noticed, or None."""
        tests = f"{self.tree.top}/tools/umbra-sim/tests"
        for name in sorted(os.listdir(tests)):
            if not name.endswith(".sim"):
                continue
            path = f"{tests}/{name}"
            first = read(path).split("\n", maxsplit=1)[0]
            options = first[2:].split() if first.startswith("# ") else []
            with open(path, "rb") as commands:
                status, out = self.limited(
                    folder, [f"{folder}/umbra-sim", *options], commands)
            if status:
                out += f"exit status {status}\n"
            if out != read(f"{path[:-4]}.out"):
                return f"umbra-sim: {name}"
        return None

    def rest(self, folder):
        """The other tests of `make unit`. Returns what noticed, or None."""
        tools = f"{self.build}/tools"
        programs = {
            "umbra-sim": [f"{tools}/umbra-sim/{name}" for name in
                          sorted(os.listdir(f"{tools}/umbra-sim"))
                          if name.endswith(".o")],
            "selftest": [f"{tools}/libumbra/selftest.o",
                         f"{tools}/libumbra/selftest_policy.o"],
            "storm": [f"{tools}/libumbra/storm.o"],
        }
        for program, objects in programs.items():
            self.link(folder, objects, program)
        noticed = self.simulate(folder)
        if noticed:
            return noticed
        if self.limited(folder, [f"{folder}/selftest"])[0]:
            return "selftest"
        noticed = self.unit(folder, "--filter=*property*",
                            f"--ops={MORE_OPS}")
        if noticed:
            return noticed
        if self.limited(folder, [f"{folder}/storm", *STORM])[0]:
            return "storm"
        return None

    def try_mutant(self, m, source):
        """The fate of a mutant: invalid, same, caught or survived, and by what."""
        folder = tempfile.mkdtemp(dir=self.work)
        try:
            text = source[:m.start] + m.new + source[m.end:]
            if not self.compile(m.file[:-2], text, f"{folder}/mutant.o"):
                return "invalid", ""
            with open(f"{folder}/mutant.o", "rb") as f:
                if f.read() == self.objects[m.file[:-2]]:
                    return "same", ""
            if not self.link(folder, self.unit_objects(), "unit"):
                return "caught", "the linker"
            filters = self.reach.filters(m.file, m.function)
            noticed = filters is not None and self.unit(
                folder, f"--ops={OPS}", *filters) or self.rest(folder)
            return ("caught", noticed) if noticed else ("survived", "")
        finally:
            shutil.rmtree(folder)


class Results:
    """The results of earlier runs, in a file for each source."""

    def __init__(self, tree, folder):
        self.tree, self.folder = tree, folder
        self.known = {}
        os.makedirs(folder, exist_ok=True)

    def path(self, file):
        """The file with the results of a source."""
        return f"{self.folder}/{file.replace('/', '-')}.json"

    def load(self, file, source):
        """Read what is known of a source with this text."""
        key = digest(source, self.tree.headers)
        try:
            known = json.loads(read(self.path(file)))
        except (OSError, ValueError):
            known = {}
        if known.get("key") != key:
            known = {"key": key, "mutants": None, "results": {}}
        self.known[file] = known
        return known

    def save(self, file):
        """Write what is known of a source."""
        path = self.path(file)
        with open(f"{path}.new", "w", encoding="utf-8") as f:
            json.dump(self.known[file], f, indent=0)
        os.rename(f"{path}.new", path)

    def depends(self, word, noticed):
        """The tests that a result depends on: a survivor needs all to stay."""
        if word in ("invalid", "same"):
            return ""
        name = noticed.split(":")[0]
        if word == "caught" and name in self.tree.tests:
            return digest(self.tree.helpers, self.tree.tests[name])
        return self.tree.all_tests

    def get(self, m):
        """The valid result of a mutant, or None."""
        found = self.known[m.file[:-2]]["results"].get(m.name)
        if found and found[2] == self.depends(found[0], found[1]):
            return found[0], found[1]
        return None

    def put(self, m, word, noticed):
        """Note a result."""
        self.known[m.file[:-2]]["results"][m.name] = \
            [word, noticed, self.depends(word, noticed)]


class Listed:
    """The mutants that nobody can see, and why.

    Each has a line: NAME :: LINE :: CHANGE :: REASON. The number in a name may
    differ from that of the mutant, so that a line that moved stays valid.
    """

    def __init__(self, path, mutants):
        self.path = path
        self.lines = {}  # of the list, by the name of the mutant
        self.stale = []
        for number, line in enumerate(read(path).split("\n"), 1):
            if not line or line.startswith("#"):
                continue
            part = [p.strip() for p in line.split(" :: ")]
            if len(part) != 4 or part[0].count(":") != 3 or not part[3]:
                sys.exit(f"{path}:{number}: must be"
                         " NAME :: LINE :: CHANGE :: REASON")
            self.add(number, part[:3], mutants)

    def add(self, number, part, mutants):
        """Find the mutant of a line."""
        name, text, change = part
        same = [m.name for m in mutants if m.text == text and
                m.name.rsplit(":", 1)[0] == name.rsplit(":", 1)[0] and
                describe(m) == change and m.name not in self.lines]
        if same:
            self.lines[name if name in same else same[0]] = number
        else:
            self.stale.append((name, number))

    def has(self, m):
        """Is a mutant listed?"""
        return m.name in self.lines

    def useless(self, files, results):
        """The lines about some files whose mutant is gone, or was noticed."""
        useless = self.stale + [
            (name, number) for name, number in self.lines.items()
            if results.known[name.split(":")[0][:-2]]["results"]
            [name][0] != "survived"]
        return [f"{self.path}:{number}: fits no mutant that survives: {name}"
                for name, number in useless
                if name.split(":")[0][:-2] in files]


def describe(m):
    """The change that a mutant makes, in one line."""
    old, new = (" ".join(t.split()) for t in (m.old, m.new))
    return f"{old} -> {new}"


def find_all(bench, results, files):
    """All mutants of some files, and the texts of these."""
    mutants, sources = [], {}
    for file in files:
        path = f"{bench.tree.top}/src/{file}.c"
        sources[file] = read(path)
        known = results.load(file, sources[file])
        if known["mutants"] is None:
            known["mutants"] = [asdict(m) for m in find_mutants(
                f"{file}.c", path, bench.parse_command())]
            results.save(file)
        mutants += [Mutant(**m) for m in known["mutants"]]
    return mutants, sources


def run_all(bench, results, mutants, sources, jobs):
    """Run the mutants that have no result yet."""
    todo = [m for m in mutants if not results.get(m)]
    for file in {m.file[:-2] for m in todo}:
        bench.original(file, sources[file])
    begin = last = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        done = pool.map(
            lambda m: bench.try_mutant(m, sources[m.file[:-2]]), todo)
        for n, (m, (word, noticed)) in enumerate(zip(todo, done), 1):
            results.put(m, word, noticed)
            if time.monotonic() - last > 10 or n == len(todo):
                last = time.monotonic()
                for file in sources:
                    results.save(file)
                print(f"{n} of {len(todo)} mutants run,"
                      f" {int(last - begin)} s: {m.name}", file=sys.stderr)


def choose(mutants, names, sample):
    """The mutants with some names, or a sample that changes elsewhere keep."""
    if names:
        return [m for m in mutants
                if any(fnmatch.fnmatch(m.name, n) for n in names.split())]
    if not sample:
        return mutants
    return sorted(sorted(mutants, key=lambda m: digest(m.name))[:sample],
                  key=lambda m: (m.file, m.start))


def is_low(room, caught, real, is_sample):
    """Does a room miss its target? A sample may do so by chance."""
    share, target = caught / real, TARGETS[room] / 100
    if is_sample:
        share += 2 * math.sqrt(target * (1 - target) / real)
    return share < target


def report(results, mutants, listed, is_sample, files):
    """Print survivors, a table and totals. Returns whether all is well.

    Mutants that survived are skipped; a failure is a room with too many.
    """
    rooms = {room: Counter() for room in TARGETS}
    for m in mutants:
        word, _ = results.get(m)
        if word == "survived" and listed.has(m):
            word = "listed"
        elif word == "survived":
            print(f"{m.name} :: {m.text} :: {describe(m)}")
        rooms[m.file.split("/")[0]][word] += 1
    print(f"\n{'room':<10}{'mutants':>8}{'caught':>8}{'listed':>8}"
          f"{'survived':>10}{'percent':>9}{'target':>8}")
    failed = 0
    total = sum(rooms.values(), Counter())
    for room, count in rooms.items():
        real = count["caught"] + count["survived"]
        if real:
            low = is_low(room, count["caught"], real, is_sample)
            failed += low
            print(f"{room:<10}{real + count['listed']:>8}{count['caught']:>8}"
                  f"{count['listed']:>8}{count['survived']:>10}"
                  f"{100 * count['caught'] / real:>9.1f}{TARGETS[room]:>8}"
                  f"{'  too few' if low else ''}")
    print(f"not counted: {total['same']} without a difference in the object,"
          f" {total['invalid']} that cannot be compiled")
    for line in [] if is_sample else listed.useless(files, results):
        failed += 1
        print(line)
    passed = total["caught"] + total["listed"]
    print(f"{passed} passed, {failed} failed, {total['survived']} skipped")
    return not failed and passed


def show(results, mutants):
    """Print what became of each mutant."""
    for m in mutants:
        print(f"{m.name} :: line {m.line} :: {m.text} :: {describe(m)}"
              f" :: {' by '.join(filter(None, results.get(m)))}")


def main():
    """Read the arguments, run, and report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--names", default="")
    parser.add_argument("top")
    parser.add_argument("build")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    tree = Tree(os.path.abspath(args.top))
    files = tree.rooms(args.files)
    results = Results(tree, f"{args.build}/results")
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(tree, args.build, work)
        mutants, sources = find_all(bench, results, files)
        listed = Listed(f"{tree.top}/tools/mutants/unseen", mutants)
        mutants = choose(mutants, args.names, args.sample)
        run_all(bench, results, mutants, sources, args.jobs)
    if args.names:
        show(results, mutants)
    else:
        sys.exit(not report(results, mutants, listed, args.sample > 0, files))


main()
