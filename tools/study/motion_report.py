#!/usr/bin/env python3
"""A picture of what `tools/train/run.sh motion` printed last: how far trusted points are from where they were asked to be.

    motion_report.py tests/records/toyworld_training.jsonl tests/records/motion.png
"""

import json
import sys

import matplotlib.pyplot as plt

from report import save

KINDS = {"grid": "all points", "few": "four of one\nobject", "camera": "the ground", "mixed": "the last two"}
SETS = {"real": "true renders: the tracker's own error", "student": "told by tracks", "free": "without tracks"}
PANELS = {(False, False): "from a prompt", (True, False): "from a first chunk, too", (True, True): "the prompt says that all rests"}


def main():
    records, picture = sys.argv[1:]
    with open(records) as f:
        rows = [r for r in map(json.loads, f) if "trusted_epe" in r]
    last = {(r.get("given", False), r.get("still", False), r["set"], r["kind"]): r["trusted_epe"] for r in rows}
    figure, panels = plt.subplots(1, len(PANELS), figsize=(13, 3.6), sharey=True)
    for panel, (told, title) in zip(panels, PANELS.items()):
        for i, (name, label) in enumerate(SETS.items()):
            bars = panel.bar([k + 0.27 * (i - 1) for k in range(len(KINDS))], [last[*told, name, kind] for kind in KINDS],
                             0.25, label=label)
            panel.bar_label(bars, fmt="%.1f", fontsize=7)
        panel.set_title(title, fontsize=10)
        panel.set_xticks(range(len(KINDS)), KINDS.values(), fontsize=8)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("pixels of 256x144, mean")
    panels[1].legend(fontsize=8, frameon=False, loc="upper center")
    save(figure, picture)


if __name__ == "__main__":
    main()
