# SPDX-License-Identifier: GPL-2.0
"""Find the places of a C file where one change makes a mutant.

clang parses the file; the positions and types in its syntax tree say where a
comparison, a condition, a number, a statement or an argument is. The changes
are made in the text of the file, never in what a macro expands to.
"""

import json
import re
import subprocess
from dataclasses import dataclass

# Comparisons change by one: the limit itself gets the other answer.
COMPARE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
ARITH = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>",
         ">>": "<<", "&": "|", "|": "&", "^": "|", "+=": "-=", "-=": "+=",
         "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}
LIMITS = {"min": "max", "max": "min", "min_t": "max_t", "max_t": "min_t"}

# Statements that are not dropped, and the reason. Each is for the kernel, or
# for a developer; the library has one thread and checks what the first two say.
KEPT = {
    "lockdep_assert_held": "an assertion, which is silent in correct code",
    "umbra_assert": "an assertion, which is silent in correct code",
    "cond_resched": "lets other tasks run; nothing depends on which",
    "cpu_relax": "lets the other thread of a core run",
    "prefetch": "reads memory early",
    "prefetchw": "reads memory early",
}

NUMBER = re.compile(r"(0x[0-9a-fA-F]+|\d+)([uUlL]*)\b")
WORD = re.compile(r"\w+")
CHOICE = re.compile(r"[\s)]*\?")
BEFORE = re.compile(r"(?:[;{}:)]|\belse|\bdo)(?:\s|/\*[^/]*\*/)*$")
DEFINE = re.compile(r"^#define[ \t]+(\w+)[ \t]+(\d+)[ \t]*$", re.M)


@dataclass
class Mutant:
    """One change of a file, and the name that survives changes elsewhere."""

    file: str  # below src
    function: str
    kind: str
    start: int
    end: int
    new: str
    line: int = 0
    text: str = ""  # the line of the source, without indentation
    old: str = ""
    name: str = ""


def close_of(source, start):
    """The offset behind the parenthesis that closes the one at start."""
    depth = 0
    for i in range(start, len(source)):
        if source[i] in "([{":
            depth += 1
        elif source[i] in ")]}":
            depth -= 1
            if not depth:
                return i + 1
    return len(source)


def is_balanced(text):
    """Does each bracket of a text have its other half in it?"""
    depth = 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if depth < 0:
            return False
    return depth == 0


class Finder:
    """Collects the mutants of one file."""

    def __init__(self, file, path, command):
        self.file = file
        with open(path, encoding="utf-8") as f:
            self.source = f.read()
        done = subprocess.run(
            [*command, "-fsyntax-only", "-Xclang", "-ast-dump=json", path],
            stdout=subprocess.PIPE, check=True)
        self.tree = json.loads(done.stdout)
        self.function = None
        self.is_bool = False
        self.body = (0, 0)
        self.mutants = {}

    # Positions. An offset is in the file itself; what is spelled inside of a
    # macro has the position of the macro's name.

    def offset(self, loc):
        """The offset of a location and the length of its token, or None."""
        if "expansionLoc" in loc:
            outer = loc["expansionLoc"]
            inner = loc["spellingLoc"]
            if outer.get("isMacroArgExpansion") and "includedFrom" not in inner:
                loc, is_macro = inner, False
            else:
                loc, is_macro = outer, True
        else:
            is_macro = False
        if "offset" not in loc:
            return None
        return loc["offset"], loc["tokLen"], is_macro

    def span(self, node):
        """The start and end of a node in the text, or None."""
        where = node.get("range", {})
        if not where.get("begin") or not where.get("end"):
            return None
        first, last = self.offset(where["begin"]), self.offset(where["end"])
        if not first or not last:
            return None
        end = last[0] + last[1]
        if last[2] and self.source[end:end + 1] == "(":
            end = close_of(self.source, end)
        text = self.source[first[0]:end]
        return (first[0], end) if text and is_balanced(text) else None

    def is_macro(self, node):
        """Does a node begin inside of a macro?"""
        first = self.offset(node["range"]["begin"])
        return bool(first) and first[2]

    def add(self, kind, start, end, new):
        """Note a mutant; a macro that repeats its argument shows it again."""
        if self.body[0] <= start and self.source[start:end] != new:
            self.mutants.setdefault((start, end, new), Mutant(
                self.file, self.function, kind, start, end, new))

    # One method for each kind of change.

    def operator(self, node, kind, table):
        """Change the operator of a binary expression or an assignment."""
        code = node["opcode"]
        if code not in table or len(node.get("inner", [])) != 2:
            return
        right = self.offset(node["inner"][1]["range"]["begin"])
        whole = self.span(node)
        if not right or not whole:
            return
        before = self.source[:right[0]]
        before = re.sub(r"(?:\s|\(|/\*[^*]*\*/)*$", "", before)
        start = len(before) - len(code)
        if before.endswith(code) and whole[0] < start < whole[1] and \
           before[start - 1] not in "<>=!&|+-":
            self.add(kind, start, len(before), table[code])

    def leaf(self, node):
        """The expression inside of parentheses, casts, ! and unlikely()."""
        while True:
            inner = node.get("inner", [])
            kind = node.get("kind")
            if kind in ("ParenExpr", "ImplicitCastExpr", "ConstantExpr") or \
               (kind == "UnaryOperator" and node["opcode"] == "!"):
                node = inner[0]
            elif kind == "CallExpr" and \
                    self.callee(node) == "__builtin_expect":
                node = inner[1]
            else:
                return node

    def negate(self, node, before_choice=False):
        """Negate a test. Two tests joined by && or || are for ignore()."""
        node = self.leaf(node)
        if node.get("kind") == "BinaryOperator" and \
           node["opcode"] in ("&&", "||", "==", "!="):
            return
        span = self.span(node)
        if span and not self.source[span[0]:span[1]].isdigit():
            if before_choice and not CHOICE.match(self.source, span[1]):
                return
            text = self.source[span[0]:span[1]]
            self.add("negate", *span, f"!({text})")

    def ignore(self, node):
        """Let one of two joined tests always leave the answer to the other."""
        for side in node["inner"]:
            span = self.span(side)
            if span:
                self.add("ignore", *span,
                         "1" if node["opcode"] == "&&" else "0")

    def number(self, node):
        """Change a number by one, and false to true."""
        at = self.offset(node["range"]["begin"])
        if not at:
            return
        word = WORD.match(self.source, at[0])
        found = NUMBER.match(self.source, at[0])
        if word and word[0] in ("true", "false"):
            self.add("bound", word.start(), word.end(),
                     "false" if word[0] == "true" else "true")
        elif found and not at[2]:
            self.add("bound", found.start(), found.end(),
                     f"{int(found[1], 0) + 1}{found[2]}")

    def callee(self, node):
        """The name of the function that a call expression calls."""
        while node.get("inner"):
            node = node["inner"][0]
        return node.get("referencedDecl", {}).get("name")

    def swap(self, node):
        """Swap two neighbouring arguments of the same type."""
        args = node.get("inner", [])[1:]
        for left, right in zip(args, args[1:]):
            if left.get("type", {}).get("qualType") != \
               right.get("type", {}).get("qualType"):
                continue
            a, b = self.span(left), self.span(right)
            if a and b and a[1] < b[0]:
                text = self.source
                self.add("swap", a[0], b[1], text[b[0]:b[1]] +
                         text[a[1]:b[0]] + text[a[0]:a[1]])

    def drop(self, node):
        """Drop a statement."""
        kind = node.get("kind", "")
        is_change = kind in ("CallExpr", "CompoundAssignOperator",
                             "BreakStmt", "ContinueStmt", "StmtExpr") or \
            (kind == "BinaryOperator" and node["opcode"] in "=,") or \
            (kind == "UnaryOperator" and node["opcode"] in ("++", "--")) or \
            (kind == "ReturnStmt" and not node.get("inner"))
        if not is_change and not (
                kind in ("DoStmt", "ParenExpr", "CStyleCastExpr")
                and self.is_macro(node)):
            return
        span = self.span(node)
        if not span or not re.match(r"\s*;", self.source[span[1]:]):
            return
        if not BEFORE.search(self.source[max(span[0] - 400, 0):span[0]]):
            return
        word = WORD.match(self.source, span[0])
        if not word or word[0] not in KEPT:
            self.add("drop", *span, "(void)0")

    def limits(self, start, end):
        """Swap min() and max(), and take one limit of clamp() away."""
        for name in re.finditer(r"\b(min|max|min_t|max_t)\(",
                                self.source[start:end]):
            self.add("bound", start + name.start(1), start + name.end(1),
                     LIMITS[name[1]])
        for name in re.finditer(r"\bclamp\(", self.source[start:end]):
            first = start + name.start()
            last = close_of(self.source, first + len("clamp"))
            args = split(self.source[first + len("clamp("):last - 1])
            if len(args) == 3:
                self.add("bound", first, last, f"max({args[0]}, {args[1]})")
                self.add("bound", first, last, f"min({args[0]}, {args[2]})")

    # The walk

    def statements(self, node):
        """Drop each statement that a node contains directly."""
        kind, inner = node["kind"], node.get("inner", [])
        if kind in ("CompoundStmt", "CaseStmt", "DefaultStmt", "LabelStmt"):
            bodies = inner
        elif kind in ("IfStmt", "WhileStmt"):
            bodies = inner[1:]
        elif kind == "ForStmt":
            bodies = inner[4:]
        else:
            bodies = []
        for body in bodies:
            if body:
                self.drop(body)

    def conditions(self, node):
        """Negate what a statement or an expression tests."""
        kind, inner = node["kind"], node.get("inner", [])
        tested = []
        if kind in ("IfStmt", "WhileStmt", "ConditionalOperator"):
            tested = inner[:1]
        elif kind == "DoStmt":
            tested = inner[1:2]
        elif kind == "ForStmt":
            tested = inner[2:3]
        elif kind == "ReturnStmt" and self.is_bool:
            tested = inner[:1]
        elif kind == "VarDecl" and "init" in node and \
                node["type"]["qualType"] == "bool":
            tested = inner[-1:]
        if kind != "ConditionalOperator" and "range" in node and \
           self.is_macro(node):
            return
        for test in tested:
            if test:
                self.negate(test, kind == "ConditionalOperator")

    def expressions(self, node):
        """Change an operator, a number, or arguments."""
        kind = node["kind"]
        if kind == "BinaryOperator" and node["opcode"] in ("&&", "||"):
            self.ignore(node)
        elif kind == "BinaryOperator":
            self.operator(node, "compare", COMPARE)
            self.operator(node, "arith", ARITH)
        elif kind == "CompoundAssignOperator":
            self.operator(node, "arith", ARITH)
        elif kind == "IntegerLiteral":
            self.number(node)
        elif kind == "CallExpr":
            self.swap(node)

    def walk(self, node):
        """Visit a node and all below it."""
        if not node.get("kind"):
            return
        self.statements(node)
        self.conditions(node)
        self.expressions(node)
        children = node.get("inner", [])
        if node["kind"] == "CaseStmt":
            children = children[1:]
        for child in children:
            self.walk(child)

    def is_ours(self, node):
        """Is a node a function of the file itself, with a body?"""
        return node["kind"] == "FunctionDecl" and \
            "offset" in node.get("loc", {}) and \
            "includedFrom" not in node["loc"] and \
            any(n["kind"] == "CompoundStmt" for n in node.get("inner", []))

    def find(self):
        """All mutants of the file, in the order of the text."""
        for name in DEFINE.finditer(self.source):
            self.function = name[1]
            self.add("bound", *name.span(2), str(int(name[2]) + 1))
        for node in filter(self.is_ours, self.tree["inner"]):
            self.function = node["name"]
            self.is_bool = node["type"]["qualType"].startswith("bool ")
            body = next(n for n in node["inner"]
                        if n["kind"] == "CompoundStmt")
            self.body = self.span(body)
            self.walk(body)
            self.limits(*self.body)
        return self.named()

    def named(self):
        """Give each mutant its line and its name."""
        numbers = {}
        found = sorted(self.mutants.values(),
                       key=lambda m: (m.start, m.end, m.new))
        for m in found:
            first = self.source.rfind("\n", 0, m.start) + 1
            last = self.source.find("\n", m.start)
            m.line = self.source.count("\n", 0, m.start) + 1
            m.text = self.source[first:last].strip()
            m.old = self.source[m.start:m.end]
            key = (m.function, m.kind)
            numbers[key] = numbers.get(key, 0) + 1
            m.name = f"{m.file}:{m.function}:{m.kind}:{numbers[key]}"
        return found


def split(text):
    """The arguments in a text, which commas outside of brackets separate."""
    args, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and not depth:
            args.append(text[start:i].strip())
            start = i + 1
    return [*args, text[start:].strip()]


def find_mutants(file, path, command):
    """The mutants of a file: its name below src, its path, how clang reads it."""
    return Finder(file, path, command).find()
