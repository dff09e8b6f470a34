"""Draws what residual_bench wrote: quality over bytes, over the frames, and what frames take.

usage: residual_plots.py OUT.png TITLE ABLATION.jsonl [SWEEP.jsonl]
ABLATION.jsonl has settings=ablation; the settings of SWEEP.jsonl are joined by preset.
"""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def frames_of(path):
    """Residual frames, by setting, in the order they were run."""
    settings = {}
    with open(path) as lines:
        for line in lines:
            row = json.loads(line) if line.startswith("{") else {}
            if row.get("frame", 0) > 0 and not row.get("key", False):
                settings.setdefault(row["setting"], []).append(row)
    return settings


def mean(rows, name):
    return sum(row[name] for row in rows) / len(rows)


def draw_rate(axes, settings, title):
    """A point for each setting; those of one preset, NAME:word=value, are joined."""
    families = {}
    for name, rows in settings.items():
        point = (mean(rows, "bytes") / 1e3, mean(rows, "psnr"))
        families.setdefault(name.split(":")[0], []).append(point)
    for name, points in families.items():
        axes.plot(*zip(*sorted(points)), "o--", markersize=4, linewidth=0.8, label=name)
    axes.set(xscale="log", xlabel="kB a residual frame", ylabel="PSNR of the held-out camera, dB",
             title=title)
    axes.legend(fontsize=7)


def main():
    out, title, ablation = sys.argv[1:4]
    steps = frames_of(ablation)
    figure, ((rate, sweep), (time, cost)) = plt.subplots(2, 2, figsize=(10, 7))
    draw_rate(rate, steps, "steps, all frames")
    for path in sys.argv[4:]:
        settings = frames_of(path)
        count = max(len(rows) for rows in settings.values())
        draw_rate(sweep, settings, f"presets with other settings, first {count + 1} frames")
    for name, rows in steps.items():
        time.plot([r["frame"] for r in rows], [r["psnr"] for r in rows], linewidth=1, label=name)
    time.set(xlabel="frame", ylabel="PSNR, dB")
    time.legend(fontsize=7)
    cost.bar(list(steps), [mean(rows, "seconds") for rows in steps.values()], color="0.6")
    cost.set(ylabel="seconds a frame")
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(out, dpi=80)


if __name__ == "__main__":
    main()
