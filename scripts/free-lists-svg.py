#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Draw the free memory of an instance: the files layout and free_lists of its
debugfs directory, one after the other, on standard input; an SVG on standard output.
Each row is a run of 512 frames, coloured where it is free.
"""

import re
import sys

ROW = 512	# frames
WIDTH, HEIGHT = 2, 10	# of a frame, in pixels
LEFT, TOP, GAP = 96, 40, 10

# Order 0 to 10; the larger the block, the darker.
COLOURS = ["#fde725", "#bddf26", "#7ad151", "#44bf70", "#22a884", "#21918c",
           "#2a788e", "#355f8d", "#414487", "#482475", "#440154"]
USED = "#d8d8d8"

NODE = re.compile(r"node (\d+), zone (\w+): frames (\d+)-(\d+)")
SPAN = re.compile(r"span \d+: pfn 0x(\w+)-0x(\w+), frames (\d+)-(\d+)")
BLOCK = re.compile(r"Node +\d+, zone +\w+, order +(\d+), .*pfn 0x(\w+)")


def frame_of(spans, pfn):
    for base, last, first in spans:
        if base <= pfn <= last:
            return first + pfn - base
    sys.exit(f"pfn {pfn:#x} is in no span")


def rect(x, y, width, colour):
    return (f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" '
            f'fill="{colour}"/>')


def rows(first, nr):
    """A run of frames as pieces of rows: row, first column, columns."""
    while nr:
        row, column = divmod(first, ROW)
        part = min(nr, ROW - column)
        yield row, column, part
        first += part
        nr -= part


def text(x, y, words, anchor="start"):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{words}</text>'


def legend():
    """The meaning of the colours."""
    parts = [text(LEFT, 22, "free blocks of order")]
    x = LEFT + 132
    for order, colour in enumerate(COLOURS):
        parts += [rect(x, 13, 16, colour), text(x + 20, 22, order)]
        x += 46
    parts += [rect(x + 16, 13, 16, USED), text(x + 36, 22, "not free")]
    return parts


def main():
    zones, spans, blocks = [], [], []
    for line in sys.stdin:
        if match := NODE.match(line):
            zones.append((match[1], match[2], int(match[3]), int(match[4])))
        elif match := SPAN.match(line):
            spans.append((int(match[1], 16), int(match[2], 16), int(match[3])))
        elif match := BLOCK.match(line):
            blocks.append((int(match[1]), int(match[2], 16)))
    many = len({node for node, *_ in zones}) > 1

    out, y = legend(), TOP
    for node, name, start, end in zones:
        label = f"{node}: {name}" if many else name
        out.append(text(LEFT - 8, y + HEIGHT - 1, label, "end"))
        for row, _, part in rows(0, end + 1 - start):
            out.append(rect(LEFT, y + row * (HEIGHT + 1), part * WIDTH, USED))
        for order, pfn in blocks:
            frame = frame_of(spans, pfn)
            if not start <= frame <= end:
                continue
            for row, column, part in rows(frame - start, 1 << order):
                out.append(rect(LEFT + column * WIDTH, y + row * (HEIGHT + 1),
                                part * WIDTH, COLOURS[order]))
        y += -(-(end + 1 - start) // ROW) * (HEIGHT + 1) + GAP
    width = LEFT + ROW * WIDTH + 16
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
          f'height="{y}" viewBox="0 0 {width} {y}" '
          'font-family="sans-serif" font-size="12">')
    print(f'<rect width="{width}" height="{y}" fill="#ffffff"/>')
    print("\n".join(out))
    print("</svg>")


if __name__ == "__main__":
    main()
