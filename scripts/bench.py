#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Turn the results of a benchmark run into a table, a picture and JSON.

usage: bench.py [--instructions] DIRECTORY JSON

DIRECTORY holds the results of umbra_bench, and the zoneinfo files of the host
and of umbra. The picture is written beside the JSON file, as .svg. With
--instructions the numbers are instructions, not nanoseconds. Then the result
of a row is the minimum of all rounds, not the median, since rounds differ only
by interrupts.
"""

import json
import os
import re
import sys
from xml.sax.saxutils import escape

NUMBERS = {
    "zone_pages": "managed", "min": "min", "low": "low", "high": "high",
    "batch": "batch:", "high_min": "high_min:", "high_max": "high_max:",
}


def zone(path):
    """Return the size, caches and watermarks of zone Normal in a zoneinfo.

    NUMBERS maps each name in the JSON to the word before the number.
    """
    with open(path, encoding="ascii") as f:
        text = f.read()
    text = text[re.search(r"zone +Normal", text).start():]
    return {name: int(re.search(rf"^ +(?:pages )?{word} +(\d+)", text,
                                re.MULTILINE).group(1))
            for name, word in NUMBERS.items()}


def read_results(path):
    """Return the rows and facts of a run, and notes on skipped cases."""
    rows, facts, notes = [], {}, []
    with open(path, encoding="ascii") as f:
        for line in f:
            kind, *words = line.split()
            if kind == "row":
                rows.append(row(words))
            elif kind == "fact":
                value, unit = words[1].split("/")
                facts[words[0]] = int(value) / int(unit)
            elif kind in ("skip", "seeds"):
                notes.append(line.strip())
    return rows, facts, notes


def row(words):
    name, cpus, *numbers = words
    names = ["umbra_ns", "umbra_ns_min", "umbra_ns_max", "host_ns",
             "host_ns_min", "host_ns_max", "ratio", "min_ratio", "max_ratio"]
    return {"name": name, "cpus": int(cpus),
            **{n: int(v) / 1000 for n, v in zip(names, numbers)}}


def take_least(rows):
    """Set the result of each row to the minimum of all rounds."""
    for r in rows:
        for side in ("umbra", "host"):
            r[f"{side}_ns"] = r[f"{side}_ns_min"]
        r["ratio"] = round(r["umbra_ns"] / r["host_ns"], 3)
        r["min_ratio"] = min(r["min_ratio"], r["ratio"])
        r["max_ratio"] = max(r["max_ratio"], r["ratio"])


def scaling(rows, side):
    """Return the throughput of two CPUs relative to one, by name."""
    one, two = ({r["name"]: r[side] for r in rows if r["cpus"] == cpus}
                for cpus in (1, 2))
    return {name: 2 * one[name] / two[name] for name in two if name in one}


def table(rows, unit):
    lines = [f"{'work':<16}{'CPUs':>4} {'umbra ' + unit:>10} {'min':>8}"
             f" {'max':>8} {'host ' + unit:>9} {'min':>8} {'max':>8}"
             f" {'ratio':>6} {'min':>6} {'max':>6}"]
    for r in rows:
        lines.append(
            f"{r['name']:<16}{r['cpus']:>4}"
            f" {r['umbra_ns']:>10.1f} {r['umbra_ns_min']:>8.1f}"
            f" {r['umbra_ns_max']:>8.1f}"
            f" {r['host_ns']:>9.1f} {r['host_ns_min']:>8.1f}"
            f" {r['host_ns_max']:>8.1f}"
            f" {r['ratio']:>6.3f} {r['min_ratio']:>6.3f}"
            f" {r['max_ratio']:>6.3f}")
    return "\n".join(lines)


def picture(rows, unit):
    """Draw a bar for each ratio, with a whisker from minimum to maximum."""
    what = "Time" if unit == "ns" else "Instructions"
    left, width, step, top = 170, 600, 20, 46
    most = max([1.0] + [r["max_ratio"] for r in rows])
    height = top + step * len(rows) + 24

    def x(ratio):
        return left + ratio / most * width

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}"'
           f' height="{height}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{left}" y="18" font-size="14">{what} of umbra for a pair'
           ' of alloc and free, relative to the host</text>']
    for tenth in range(0, int(most * 10) + 1, 1 if most <= 2 else 5):
        at = x(tenth / 10)
        out.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top - 8}"'
                   f' y2="{height - 20}" stroke="#ddd"/>'
                   f'<text x="{at:.1f}" y="{top - 12}" text-anchor="middle"'
                   f' fill="#666">{tenth / 10:g}</text>')
    for i, r in enumerate(rows):
        y = top + i * step
        label = f"{r['name']}, {r['cpus']} CPU{'s' * (r['cpus'] > 1)}"
        color = "#4878a8" if r["ratio"] <= 1 else "#b85450"
        out.append(
            f'<text x="{left - 8}" y="{y + 11}" text-anchor="end">'
            f'{escape(label)}</text>'
            f'<rect x="{left}" y="{y}" width="{x(r["ratio"]) - left:.1f}"'
            f' height="{step - 6}" fill="{color}"/>'
            f'<line x1="{x(r["min_ratio"]):.1f}"'
            f' x2="{x(r["max_ratio"]):.1f}" y1="{y + 7}" y2="{y + 7}"'
            f' stroke="black"/>'
            f'<text x="{x(max(r["ratio"], r["max_ratio"])) + 5:.1f}"'
            f' y="{y + 11}">{r["ratio"]:.3f}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    *options, directory, target = sys.argv[1:]
    rows, facts, notes = read_results(os.path.join(directory, "results"))
    unit = "ns"
    if "--instructions" in options:
        take_least(rows)
        unit = "ins"
    sides = {side: zone(os.path.join(directory, side))
             for side in ("umbra", "host")}
    for side in ("umbra", "host"):
        for name, value in scaling(rows, f"{side}_ns").items():
            facts[f"scaling-{name}-{side}"] = round(value, 3)
    with open(target, "w", encoding="ascii") as f:
        json.dump({"rows": rows, "facts": facts, "sides": sides,
                   "notes": notes}, f, indent=1)
        f.write("\n")
    svg = re.sub(r"\.json$", "", target) + ".svg"
    with open(svg, "w", encoding="ascii") as f:
        f.write(picture(rows, unit))

    print(table(rows, unit))
    print()
    for name, value in facts.items():
        print(f"{name:<28} {value:g}")
    for note in notes:
        print(note)
    for side, numbers in sides.items():
        print(f"{side}: " + ", ".join(f"{n} {v}" for n, v in numbers.items()))
    print(f"\n{target}\n{svg}")


main()
