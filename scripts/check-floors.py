#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The floors of src: which file may include and call which.

Without objects the includes are checked, with objects the calls too. Prints one
line for each violation, and fails if there is one.

usage: check-floors.py TREE [OBJECTS]
OBJECTS has what a build of TREE made: src/FOLDER/FILE.o
"""

import glob
import os
import re
import subprocess
import sys

# Folders by floor, lowest first. A file includes from lower floors and from its
# own folder. Not every folder exists: study and layer are places for code to
# come.
FLOORS = (
    "compat",
    "policy provider",
    "core",
    "parse",
    "buddy",
    "page",
    "move",
    "pressure inspect",
    "api",
    "study",
    "layer shadow",
    "iface",
    "main",
)
RANK = {folder: rank for rank, floor in enumerate(FLOORS)
        for folder in floor.split()}

# Files that know the public headers and compat, and nothing else of src.
CLIENTS = re.compile(r"src/(policy|provider|layer|shadow)/|"
                     r"src/iface/(chardev\w*|file)\.[ch]$")
PRIVATE = re.compile(r"\bPrivate to (\w+)/")
PUBLIC = ("include/umbra/umbra.h", "include/umbra/policy.h")
UAPI = "include/uapi/linux/umbra.h"

violations = []


def violation(path, text):
    violations.append(f"{path}: {text}")


def folder(path):
    return path.split("/")[1].split(".")[0]


def code_of(text):
    """A text without its comments and strings."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


class Tree:
    """The sources: their text, their code, and what each includes.

    Names are paths from the top.
    """

    def __init__(self, top):
        self.top = top
        self.text = {}
        paths = glob.glob(f"{top}/src/*.c") + glob.glob(f"{top}/src/*/*.[ch]")
        for path in sorted(paths):
            with open(path, encoding="utf-8") as file:
                name = os.path.relpath(path, top)
                self.text[name] = file.read()
        for name in (*PUBLIC, UAPI):
            with open(f"{top}/{name}", encoding="utf-8") as file:
                self.text[name] = file.read()
        self.code = {name: code_of(text) for name, text in self.text.items()}
        self.includes = {name: list(self.headers(name, text))
                         for name, text in self.text.items()}

    @staticmethod
    def headers(name, text):
        for line in re.findall(r'^#\s*include\s*(["<].*[">])', text, re.M):
            header = line.strip('"<>')
            if line[0] == '"':
                yield os.path.normpath(
                    os.path.join(os.path.dirname(name), header))
            elif header.startswith(("umbra/", "uapi/linux/umbra",
                                    "trace/events/umbra")):
                yield f"include/{header}"

    def sources(self):
        return [name for name in self.text if name.startswith("src/")]

    def reached(self, name):
        """Every header that a file includes, directly or not."""
        seen, left = set(), [name]
        while left:
            for header in self.includes.get(left.pop(), ()):
                if header not in seen:
                    seen.add(header)
                    left.append(header)
        return seen


def is_above(to, name):
    """Is the folder of @to none that the folder of @name may use?"""
    if folder(to) not in RANK:
        return True
    return folder(to) != folder(name) and RANK[folder(to)] >= RANK[folder(name)]


def check_includes(tree):
    for name in tree.sources():
        if folder(name) not in RANK:
            violation(name, "a folder that has no floor")
            continue
        for header in tree.includes[name]:
            if folder(name) == "compat" and folder(header) != "compat":
                violation(name, f"includes {header}, but may include the kernel alone")
            if header == UAPI and folder(name) != "iface":
                violation(name, f"{header} is for src/iface alone")
            if not header.startswith("src/"):
                continue
            if header not in tree.text:
                violation(name, f"includes {header}, which does not exist")
                continue
            if is_above(header, name):
                violation(name, f"includes {header}, which is not below it")
            if (CLIENTS.match(name) and
                    folder(header) not in (folder(name), "compat")):
                violation(name, f"includes {header}, but may know the public header only")
            private = PRIVATE.search(tree.text[header])
            if private and private[1] != folder(name):
                violation(name, f"includes {header}, which is private to src/{private[1]}")


def check_versions(tree):
    for path in sorted(glob.glob(f"{tree.top}/src/**/*.[ch]", recursive=True) +
                       glob.glob(f"{tree.top}/kunit/*.[ch]") +
                       glob.glob(f"{tree.top}/include/**/*.h", recursive=True) +
                       glob.glob(f"{tree.top}/Kbuild")):
        name = os.path.relpath(path, tree.top)
        with open(path, encoding="utf-8") as file:
            if name.startswith("src/compat/"):
                continue
            for nr, line in enumerate(file, 1):
                if re.search(r"LINUX_VERSION_CODE|KERNEL_VERSION|"
                             r"linux/version\.h", line):
                    violation(f"{name}:{nr}", "kernel versions are known in src/compat alone")


def check_loop(pairs, what):
    """Pairs of (user, used) have an order, or there is a loop."""
    text = "".join(f"{user} {used}\n" for user, used in sorted(pairs))
    done = subprocess.run(["tsort"], input=text, capture_output=True,
                          encoding="utf-8", check=False)
    if done.returncode:
        # Of several loops the first: "tsort: -: input contains a loop:", then
        # a line for each member.
        loop = done.stderr.split("contains a loop:")[1].splitlines()
        loop = [line.split()[-1] for line in loop if line.startswith("tsort: ")
                and not line.startswith("tsort: -:")]
        violation(loop[0], f"a loop of {what}: {' '.join(loop)}")


def symbols(objects):
    """The global symbols of objects: those that each defines, and wants."""
    defined = {path: set() for path in objects}
    wanted = {path: set() for path in objects}
    out = subprocess.run(["nm", "-A", *objects], capture_output=True,
                         encoding="utf-8", check=True).stdout
    for line in out.splitlines():
        path, entry = line.split(":", 1)
        kind, name = entry.split()[-2:]
        if not name.startswith(("umbra_", "__umbra_")):
            continue
        if kind == "U":
            wanted[path].add(name)
        elif kind in "TDBR":
            defined[path].add(name)
    return defined, wanted


def header_of(tree, name, source):
    """The header that declares a symbol of a source file, or None.

    Tables of functions that a folder offers have one header for all.
    """
    for header in (*PUBLIC, source[:-2] + ".h",
                   f"src/{folder(source)}/{folder(source)}.h"):
        if re.search(rf"\b{name}\b\s*[(;\[)]", tree.code.get(header, "")):
            return header
    return None


def inlines_use(tree, name, home, reached):
    """Do the inlines of a header that includes @home bring a symbol of it in?

    They name the symbol, or an inline of @home that does.
    """
    inline = len(re.findall(rf"\b{name}\b", tree.code[home])) > 1
    return any(home in tree.includes[header] and
               (inline or re.search(rf"\b{name}\b", tree.code[header]))
               for header in reached if header in tree.code)


def check_calls(tree, objects):
    path_of = {}
    for source in tree.sources():
        path = f"{objects}/{source[:-2]}.o"
        if not source.endswith(".c"):
            continue
        if os.path.exists(path):
            path_of[source] = path
        else:
            violation(source, f"there is no object of it in {objects}")
    by_path, wanted_by = symbols(path_of.values())
    defined = {source: by_path[path] for source, path in path_of.items()}
    wanted = {source: wanted_by[path] for source, path in path_of.items()}
    home = {name: source for source, names in defined.items()
            for name in names}
    header = {name: header_of(tree, name, source)
              for name, source in home.items()}
    for name in sorted(name for name in home if not header[name]):
        violation(home[name], f"{name} is declared neither in {home[name][:-2]}.h nor in {' nor in '.join(PUBLIC)}")
    pairs = set()
    for source, names in wanted.items():
        reached = tree.reached(source)
        for name in sorted(names & home.keys()):
            pairs.add((source, home[name]))
            if is_above(home[name], source):
                violation(source, f"calls {name} of {home[name]}, which is not below it")
            if header[name] not in (None, *PUBLIC) and \
               header[name] not in tree.includes[source] and \
               not inlines_use(tree, name, header[name], reached):
                violation(source, f"uses {name} and does not include {header[name]}")
    check_loop(pairs, "calls")
    check_loop({(folder(user), folder(used)) for user, used in pairs
                if folder(user) != folder(used)}, "calls between folders")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    tree = Tree(sys.argv[1])
    check_includes(tree)
    check_versions(tree)
    check_loop({(name, header) for name in tree.sources()
                for header in tree.includes[name]}, "includes")
    if len(sys.argv) == 3:
        check_calls(tree, sys.argv[2])
    print("".join(f"{line}\n" for line in violations), end="")
    sys.exit(1 if violations else 0)


main()
