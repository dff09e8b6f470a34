"""Tables (policy_study.md) and pictures of what `study.py` recorded: report.py study.jsonl folder/"""

import json
import sys

import matplotlib
from PIL import Image

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import NullFormatter  # noqa: E402

MARKS = 5, 30, 60, 300, 1800  # seconds, as in `measures.py`, which needs a GPU's libraries

NAMED = ["window", "sink", "deep-forcing", "infinity-rope", "entropy", "rebuild", "forcing-kv", "retrieval", "relic"]
CURVES = [("frechet", "Fréchet distance to real clips"), ("shape", "right shapes"), ("camera", "right camera moves"),
          ("movement", "optical flow, px a frame"), ("colour_drift", "mean colour's drift, levels"),
          ("repetition", "to the nearest frame 5 s or more before, levels"), ("identity", "objects of the first clip seen again"),
          ("similarity", "likeness to the first clip")]


def save(figure, path, top=1.0):
    """A picture small enough to keep: 64 colours."""
    figure.tight_layout(rect=(0, 0, 1, top))
    figure.savefig(path, dpi=75)
    colours = Image.open(path).convert("RGB").quantize(64, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    colours.save(path, optimize=True)


def takes(rows):
    """Of every cache the longest takes there are, whose first seconds tell of shorter ones."""
    longs = sorted((r for r in rows if r["kind"] == "long"), key=lambda r: r["seconds"])
    return {r["cache"]: r for r in longs}


def last(row, key, seconds=None):
    """The mean over the last quarter of takes of so many seconds, as one clip says little; the first clip of the shortest."""
    seconds = seconds or row["seconds"]
    if seconds > row["seconds"]:
        return float("nan")
    begin = 0 if seconds < 2 * row["times"][0] else 0.75 * seconds
    known = [v for t, v in zip(row["times"], row[key]) if begin <= t <= seconds and v is not None]
    return sum(known) / len(known) if known else float("nan")


def percent(value):
    return "" if value != value else f"{100 * value:.0f} %"


def table(rows):
    """One line a cache, for the longest takes it has; the first clip is what all have in common."""
    real = next(r for r in rows if r["kind"] == "real")
    switch = {r["cache"]: r for r in rows if r["kind"] == "switch"}
    lines = ["| cache | seconds | Fréchet | colour | shape | motion | camera | flow | colour drift | nearest before | identity "
             "| new prompt seen by | in 16 s |", "|---" * 13 + "|",
             f"| real clips | 5 | {real['frechet']:.0f} | " + " | ".join(percent(real[k]) for k in ("colour", "shape", "motion", "camera"))
             + f" | {real['movement']:.2f} | | | | | |"]
    for r in sorted(takes(rows).values(), key=lambda r: (r["seconds"], last(r, "frechet"))):
        s = switch.get(r["cache"])
        seen = sorted(16 if v is None else v for v in s["seen"]) if s else None
        lines.append(
            f"| `{r['cache']}` | {r['seconds']:g} | {last(r, 'frechet'):.0f} | "
            + " | ".join(percent(last(r, k)) for k in ("colour", "shape", "motion", "camera"))
            + f" | {last(r, 'movement'):.2f} | {last(r, 'colour_drift'):.1f} | {last(r, 'repetition'):.1f} | {percent(last(r, 'identity'))} | "
            + (f"{seen[len(seen) * 9 // 10]:.1f} s | {percent(s['obeyed'])} |" if s else "| |"))
    return "\n".join(lines)


def lengths(rows):
    """One line a cache: what becomes of it with time."""
    marks = [m for m in MARKS if any(r["seconds"] >= m for r in takes(rows).values())]
    names = [f"{m} s" if m < 120 else f"{m // 60} min" for m in marks]
    head = [f"{what}, {name}" for what in ("Fréchet", "shape", "flow", "drift") for name in names]
    lines = ["| cache | " + " | ".join(head) + " |", "|---" * (1 + len(head)) + "|"]
    number = lambda v, digits: "" if v != v else f"{v:.{digits}f}"
    for r in sorted(takes(rows).values(), key=lambda r: last(r, "frechet", 60)):
        values = [number(last(r, "frechet", m), 0) for m in marks] + [percent(last(r, "shape", m)) for m in marks]
        values += [number(last(r, k, m), d) for k, d in (("movement", 2), ("colour_drift", 1)) for m in marks]
        lines.append(f"| `{r['cache']}` | " + " | ".join(values) + " |")
    return "\n".join(lines)


def curves(rows, path):
    figure, axes = plt.subplots(2, 4, figsize=(16, 7.5))
    for axis, (key, title) in zip(axes.flat, CURVES):
        for r in takes(rows).values():
            known = [(t, v) for t, v in zip(r["times"], r[key]) if v is not None]
            if r["cache"] in NAMED:
                axis.plot(*zip(*known), label=r["cache"], lw=1.8, color=f"C{NAMED.index(r['cache'])}", zorder=3)
            elif ":" not in r["cache"]:
                axis.plot(*zip(*known), color="0.8", lw=0.8)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("seconds")
        axis.set_xscale("log")
        axis.xaxis.set_minor_formatter(NullFormatter())
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="upper center", ncol=len(NAMED), fontsize=9, frameon=False)
    save(figure, path, top=0.95)


def claims(rows, path):
    """What Deep Forcing says of itself, after a minute: how deep the sink is, and whether the choice matters."""
    longs = takes(rows)
    depth = [(n, longs[f"deep-sink:sink={n}" if n != 10 else "deep-sink"]) for n in (0, 3, 6, 10, 12, 15, 18)
             if (f"deep-sink:sink={n}" if n != 10 else "deep-sink") in longs]
    figure, axes = plt.subplots(1, 4, figsize=(16, 3.8))
    for axis, key, title in ((axes[0], "frechet", "Fréchet distance"), (axes[1], "movement", "optical flow, px a frame"),
                             (axes[2], "shape", "right shapes")):
        axis.plot([n / 21 for n, _ in depth], [last(r, key, 60) for _, r in depth], "o-")
        axis.set_xlabel("sink, share of the window")
        axis.set_title(f"deep-sink, 45 to 60 s: {title}", fontsize=10)
    for name in ("deep-forcing", "deep-forcing:score=random", "deep-forcing:paper=1", "deep-forcing:reuse_limit=0", "window", "sink"):
        if name in longs:
            shown = [(t, v) for t, v in zip(longs[name]["times"], longs[name]["frechet"]) if t <= 60]
            axes[3].plot(*zip(*shown), label=name)
    axes[3].set_title("Fréchet distance", fontsize=10)
    axes[3].set_xlabel("seconds")
    axes[3].legend(fontsize=7)
    save(figure, path)


def main():
    path, folder = sys.argv[1:3]
    with open(path) as f:
        rows = [json.loads(line) for line in f]
    curves(rows, f"{folder}/policy_study.png")
    claims(rows, f"{folder}/policy_study_claims.png")
    with open(f"{folder}/policy_study.md", "w") as f:
        print("What `tools/study/README.md` says, of every cache's longest takes, and what becomes of them with time.",
              table(rows), lengths(rows), sep="\n\n", file=f)


if __name__ == "__main__":
    main()
