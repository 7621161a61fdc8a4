# SPDX-License-Identifier: GPL-2.0
"""Sphinx configuration of the umbra documents; see scripts/htmldocs.sh."""

import os
import re
import sys

top = os.path.abspath("..")
kernel = os.environ["KERNEL_TREE"]

# The kernel's extensions look for ABI files below this directory.
os.environ["srctree"] = top
sys.path[:0] = [
    os.path.abspath("sphinx"),
    os.path.join(kernel, "Documentation/sphinx"),
    os.path.join(kernel, "tools/lib/python"),
]

project = "umbra"
author = copyright = "The umbra authors"
with open(os.path.join(top, "dkms.conf"), encoding="utf8") as conf:
    version = re.search(r'^PACKAGE_VERSION="(.*)"', conf.read(), re.M)[1]
release = version

extensions = ["kerneldoc", "kernel_abi", "umbra_docs", "sphinx.ext.graphviz"]
kerneldoc_srctree = top
exclude_patterns = ["sphinx"]
primary_domain = "c"
highlight_language = "none"
graphviz_output_format = "svg"
nitpicky = False

# Types and attributes that the kernel has and the C parser of Sphinx has not.
c_id_attributes = ["__user", "__percpu", "__rcu"]

html_theme = "alabaster"
html_static_path = ["sphinx/static"]
html_css_files = ["umbra.css"]
html_theme_options = {
    "description": "a second zoned buddy page allocator",
    "page_width": "1100px",
    "sidebar_width": "240px",
    "fixed_sidebar": True,
}
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
