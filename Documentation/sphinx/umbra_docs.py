# SPDX-License-Identifier: GPL-2.0
"""
Sphinx extension of umbra, on top of the kernel's.

``umbra-api:: NAME...`` renders the kernel-doc of functions, structures and
enumerations, wherever below SOURCES their comments are. At the end every exported
function must have been rendered.

``kernel-abi`` renders the entries of one file when its argument is the name of
the file, and says since when an entry exists.
"""

import functools
import glob
import os
import re

import kernel_abi
from kerneldoc import KernelDocDirective
from sphinx.util import logging

logger = logging.getLogger(__name__)

# Where public functions are documented and exported.
SOURCES = ["include/umbra/*.h", "include/uapi/linux/umbra.h", "src/*.c",
           "src/*/*.c"]
PUBLIC = ["include/umbra/umbra.h", "include/umbra/policy.h"]

KERNEL_DOC = re.compile(r"^/\*\*\n \* (?:struct |enum )?(\w+)(?:\(\))? - ", re.M)
EXPORT = re.compile(r"^EXPORT_SYMBOL_GPL\((\w+)\)", re.M)


def read(top, path):
    with open(os.path.join(top, path), encoding="utf8") as file:
        return file.read()


@functools.cache
def find_documented(top):
    """The file of every name that has kernel-doc."""
    found = {}
    for pattern in SOURCES:
        for path in sorted(glob.glob(os.path.join(top, pattern))):
            path = os.path.relpath(path, top)
            for name in KERNEL_DOC.findall(read(top, path)):
                found.setdefault(name, path)
    return found


class UmbraApi(KernelDocDirective):
    """The kernel-doc of names, in the order given."""

    required_arguments = 1
    optional_arguments = 1000

    def run(self):
        env = self.state.document.settings.env
        documented = find_documented(env.config.kerneldoc_srctree)
        names = self.arguments
        out = []
        for name in names:
            if name not in documented:
                logger.warning("no kernel-doc of %s", name,
                               location=(env.docname, self.lineno))
                continue
            self.arguments = [documented[name]]
            self.options = {"identifiers": name}
            out += super().run()
            env.umbra_rendered.setdefault(env.docname, set()).add(name)
        self.arguments = names
        return out


def begin(app, env, docnames):
    if not hasattr(env, "umbra_rendered"):
        env.umbra_rendered = {}


def purge(app, env, docname):
    getattr(env, "umbra_rendered", {}).pop(docname, None)


def merge(app, env, docnames, other):
    env.umbra_rendered.update(getattr(other, "umbra_rendered", {}))


def check(app, env):
    """Everything of the public headers that is exported is in the documents."""
    top = app.config.kerneldoc_srctree
    rendered = set().union(*env.umbra_rendered.values())
    header = "".join(read(top, path) for path in PUBLIC)
    for pattern in SOURCES:
        for path in sorted(glob.glob(os.path.join(top, pattern))):
            for name in EXPORT.findall(read(top, path)):
                if f"{name}(" in header and name not in rendered:
                    logger.warning("%s is exported and on no page", name)


def name_sections(abi):
    """Sections and dates of the entries, which the kernel's pages do without."""
    abi.re_what = re.compile(
        r"(/sys/kernel/debug/umbra/<instance>(?:/ctl)?"
        r"|/sys/kernel/tracing/events/umbra|/sys/module/umbra/parameters"
        r"|/dev/umbra)")
    for entry in abi.data.values():
        if entry.get("type") == "File":
            continue
        entry["path"] = os.path.basename(entry["file"][0][0])
        since = [entry.get(tag, "").strip() for tag in ("kernelversion", "date")]
        if all(since):
            entry["description"] = f"*Since {', '.join(since)}.*\n\n" + \
                entry.get("description", "")
        else:
            logger.warning("%s: no Date or KernelVersion", entry["what"][0])


def patch_abi():
    get = kernel_abi.get_kernel_abi

    def get_and_name():
        first = kernel_abi._kernel_abi is None
        abi = get()
        if first:
            name_sections(abi)
        return abi

    kernel_abi.get_kernel_abi = get_and_name


def setup(app):
    patch_abi()
    app.add_directive("umbra-api", UmbraApi)
    app.connect("env-before-read-docs", begin)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
