#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Pack the corpus of a fuzzer into a file with an input per line, in base64.

usage: fuzz-corpus.py pack DIRECTORY FILE
       fuzz-corpus.py unpack FILE DIRECTORY
"""
import base64
import os
import sys


def pack(directory, path):
    inputs = []
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as f:
            inputs.append(f.read())
    inputs.sort(key=lambda data: (len(data), data))
    with open(path, "w", encoding="ascii") as f:
        for data in inputs:
            f.write(base64.b64encode(data).decode() + "\n")


def unpack(path, directory):
    os.makedirs(directory, exist_ok=True)
    with open(path, encoding="ascii") as f:
        for nr, line in enumerate(f):
            with open(os.path.join(directory, f"{nr:04}"), "wb") as out:
                out.write(base64.b64decode(line))


if len(sys.argv) != 4 or sys.argv[1] not in ("pack", "unpack"):
    sys.exit(__doc__)
{"pack": pack, "unpack": unpack}[sys.argv[1]](sys.argv[2], sys.argv[3])
