"""Does a scene that left the view come back the same? Needs no judge, and no GPU.

    returns.py --longtake build/cpu-release/bin/longtake --records tests/records/scene_returns.jsonl
    returns.py --report tests/records/scene_returns.jsonl tests/records > table.md

The toy world's camera turns too little to lose an object, so that the scene itself has to go:

    turn  it shows an object, pans to one side, pans back, stands still
    away  it pans to one side, which leaves the object off the middle, and stands; another scene altogether
          takes its place for longer than a window; then the prompt is what it was before

The caption gives colour, shape, ground and sky back. Where the object stands and how large it is, it
does not say: that is memory. An object is the pixels of its hue; `--calibrate` holds that against the
masks of real renders.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from safetensors.numpy import load_file

HERE = os.path.dirname(os.path.abspath(__file__))
FPS, SECOND = 16, 16
HUES = {"red": 358, "orange": 34, "green": 141, "purple": 283}  # degrees, as the palette has them
OTHER = {"red": "white", "orange": "blue", "green": "black", "purple": "yellow"}
SHAPES, GROUNDS = ("ball", "cube", "cone", "cylinder"), ("white snow", "gray stone")
TIMES = {"turn": (3, 7, 15), "away": (3, 8, 17)}  # the seconds that are looked at: before, while it is gone, after
LENGTH = {"turn": 16, "away": 18}
CACHES = ["window", "sink", "deep-sink", "deep-forcing", "infinity-rope", "ema-sink", "memrope", "rolling-sink",
          "recache", "rebuild", "streaming-vlm", "entropy", "surprise", "forcing-kv", "dummy-forcing",
          "retrieval", "retrieval:prompts=all", "retrieval:choice=all", "retrieval:time=unify", "retrieval:sink=0,blocks=4", "relic"]


def scenes(count):
    """Captions of the scene that comes back, where its camera goes first, and what comes between."""
    rows = []
    for i in range(count):
        colour = list(HUES)[i % 4]
        shape, ground = SHAPES[(i // 4 + i) % 4], GROUNDS[i // 2 % 2]
        rows.append((colour, f"a {colour} {shape} rests on {ground} by day", ("left", "right")[(i + i // 4) % 2],
                     f"a {OTHER[colour]} ring moves back and forth on violet tiles at night, the camera is static"))
    return rows


def timeline(kind, scene, side, between):
    back = {"left": "right", "right": "left"}[side]
    if kind == "turn":
        return (f"0s: {scene}, the camera is static | 4s: {scene}, the camera pans {side} | "
                f"8s: {scene}, the camera pans {back} | 12s: {scene}, the camera is static")
    stands = f"{scene}, the camera is static"
    return f"0s: {scene}, the camera pans {side} | 2.5s: {stands} | 4s: {between} | 12.5s: {stands}"


def hue_mask(frames, colour):
    """[..., H, W, 3] uint8 -> where the colour is."""
    x = frames.astype(np.float32) / 255
    high, low = x.max(-1), x.min(-1)
    spread = np.maximum(high - low, 1e-6)
    r, g, b = np.moveaxis(x, -1, 0)
    hue = np.where(high == r, (g - b) / spread % 6, np.where(high == g, (b - r) / spread + 2, (r - g) / spread + 4)) * 60
    away = np.abs((hue - HUES[colour] + 180) % 360 - 180)
    return (away < 16) & (spread > 0.4 * high) & (high > 0.12)


def seen(frames, colour):
    """Of a clip [T, H, W, 3]: area (share of the picture), centre (x, y in picture widths), its colours."""
    mask = hue_mask(frames, colour)
    t, h, w = mask.shape
    count = mask.sum()
    if count < t * 12:
        return dict(area=0.0, x=None, y=None, colours=None)
    y, x = np.nonzero(mask.any(0) if t == 1 else mask.sum(0) * 2 > t)
    if len(x) == 0:
        return dict(area=0.0, x=None, y=None, colours=None)
    histogram, _ = np.histogramdd(frames[mask], bins=(6, 6, 6), range=((0, 256),) * 3)
    return dict(area=float(count / mask.size), x=float(x.mean() / w), y=float(y.mean() / w), colours=histogram / count)


def compare(before, after):
    """None where the object was not there to begin with."""
    if before["area"] < 0.002:
        return None
    if after["area"] < 0.002:
        return dict(back=0.0, shift=None, size=None, colours=None)
    return dict(back=1.0, shift=float(np.hypot(after["x"] - before["x"], after["y"] - before["y"])),
                size=min(after["area"], before["area"]) / max(after["area"], before["area"]),
                colours=float(np.minimum(before["colours"], after["colours"]).sum()))


def mean(rows, key):
    known = [r[key] for r in rows if r is not None and r[key] is not None]
    return float(np.mean(known)) if known else None


def judge(kind, rows, clips):
    """clips [takes, 3, 16, H, W, 3], at TIMES; how the scene of each take came back, and as it were for
    takes of the same scene that know nothing of each other."""
    before, gone, after = ([seen(c[i], colour) for c, (colour, *_) in zip(clips, rows)] for i in range(3))
    pairs = [compare(b, a) for b, a in zip(before, after)]
    strangers = [compare(b, a) for i, b in enumerate(before) for j, a in enumerate(after) if i != j]
    return dict(takes=len(rows), judged=sum(p is not None for p in pairs),
                gone=float(np.mean([g["area"] < 0.002 for g in gone])),
                **{k: mean(pairs, k) for k in ("back", "shift", "size", "colours")},
                strangers=mean(strangers, "shift"),
                shifts=[None if p is None else p["shift"] for p in pairs])


def run(args):
    done = set()
    if os.path.exists(args.records):
        with open(args.records) as f:
            done = {(r["kind"], r.get("cache")) for r in map(json.loads, f)}
    rows = scenes(args.scenes)
    many = max(1, args.together // args.scenes)  # caches at a time
    for kind in args.kinds:
        todo = [c for c in args.caches if (kind, c) not in done]
        for caches in (todo[i:i + many] for i in range(0, len(todo), many)):
            folder = tempfile.mkdtemp(dir=args.scratch)
            with open(os.path.join(folder, "prompts.txt"), "w") as f:
                f.write("\n".join(timeline(kind, *row[1:]) for row in rows) + "\n")
            subprocess.run([args.longtake, "takes", "--prompts", f.name, "--caches", *caches, "--seconds", str(LENGTH[kind]),
                            "--starts", ",".join(str(SECOND * t) for t in TIMES[kind]), "--length", str(SECOND),
                            "--together", str(args.together), "-o", folder], check=True, stderr=subprocess.DEVNULL)
            for cache in caches:
                measure(args, kind, rows, cache, os.path.join(folder, cache))
            shutil.rmtree(folder)


def measure(args, kind, rows, cache, folder):
    files = sorted(os.listdir(folder))
    clips = [load_file(os.path.join(folder, f))["clips"] for f in files]
    record = dict(kind=kind, cache=cache, **judge(kind, rows, clips))
    with open(args.records, "a") as f:
        f.write(json.dumps({k: round(v, 4) if isinstance(v, float) else
                            [None if x is None else round(x, 4) for x in v] if isinstance(v, list) else v
                            for k, v in record.items()}) + "\n")
    if args.sheets:
        sheet(os.path.join(args.sheets, f"{kind}-{cache.replace(':', '_').replace(',', '_')}.png"), clips)
    print(json.dumps(record)[:150], flush=True)


def sheet(path, clips, takes=6):
    """Before, between, after: a row a take."""
    from PIL import Image

    picture = np.concatenate([np.concatenate([clip[-1] for clip in c], 1) for c in clips[:takes]])
    Image.fromarray(picture).quantize(64).save(path, optimize=True)


def side_by_side(sheets, folder, caches=("window", "sink", "deep-forcing", "rebuild", "relic", "retrieval"), takes=(0, 1, 3)):
    """The scene as it was left, and as it came back under some caches, of sheets of six takes."""
    from PIL import Image, ImageDraw

    pictures = [np.asarray(Image.open(os.path.join(sheets, f"away-{c}.png")).convert("RGB")) for c in caches]
    height, width, title = pictures[0].shape[0] // 6, pictures[0].shape[1] // 3, 16
    page = Image.new("RGB", ((width + 8) * (len(caches) + 1), title + (height + 4) * len(takes)), "white")
    for column, name in enumerate(("as it was left", *caches)):
        ImageDraw.Draw(page).text((column * (width + 8), 2), name, fill="black")
        source, at = (pictures[-1], 0) if column == 0 else (pictures[column - 1], 2)
        for row, take in enumerate(takes):
            part = source[take * height:(take + 1) * height, at * width:(at + 1) * width]
            page.paste(Image.fromarray(part), (column * (width + 8), title + row * (height + 4)))
    page.quantize(128).save(os.path.join(folder, "scene_returns_takes.png"), optimize=True)


def calibrate(args):
    """The hue's pixels against the renderer's mask, over real renders of one object that is there all the time."""
    sys.path[:0] = [os.path.join(HERE, "..", "train")]
    from world import World

    world, rows = World(), []
    for seed in range(10**6, 10**6 + args.calibrate):  # held out of training
        script = world.describe(seed, 33)
        first = script.segments[0]
        if first.object_count != 1 or script.segment_count != 1:
            continue
        caption = world.caption(script, 0, 0)
        colour = next((c for c in HUES if f" {c} " in caption), None)
        if colour is None or not any(g in caption for g in GROUNDS) or "by day" not in caption:
            continue
        rgb, mask = world.render_seeds([seed], 33, 144, 256, FPS, mask=True)[:2]
        frames, truth = rgb[0, -16:].numpy(), mask[0, -16:].numpy() > 0
        small = frames.reshape(16, 72, 2, 128, 2, 3).mean((2, 4)).round().astype(np.uint8)
        found = hue_mask(small, colour)
        truth = truth.reshape(16, 72, 2, 128, 2).mean((2, 4)) > 0.5
        if (truth.sum(0) * 2 > 16).sum() < 12:
            continue  # it moves too fast to have a place
        centre = lambda m: np.array([v.mean() for v in np.nonzero(m.sum(0) * 2 > 16)]) / 128
        rows.append((float((found & truth).sum() / truth.sum()), float((found & truth).sum() / max(1, found.sum())),
                     float(np.linalg.norm(centre(found) - centre(truth)))))
    recall, precision, error = np.array(rows).T
    record = dict(kind="calibration", renders=len(rows), recall=round(float(recall.mean()), 4),
                  precision=round(float(precision.mean()), 4), centre_error=round(float(error.mean()), 4),
                  centre_error_worst=round(float(error.max()), 4))
    with open(args.records, "a") as f:
        f.write(json.dumps(record) + "\n")
    print(record)


def report(records, folder):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from PIL import Image

    with open(records) as f:
        rows = [json.loads(line) for line in f]
    kinds = [k for k in LENGTH if any(r["kind"] == k for r in rows)]
    measure = next((r for r in rows if r["kind"] == "calibration"), None)
    if measure:
        print(f"Of {measure['renders']} real renders the hue finds {measure['recall']:.1%} of the object's pixels, "
              f"{measure['precision']:.1%} of what it finds is the object, its centre is {measure['centre_error']:.3f} off "
              f"(at most {measure['centre_error_worst']:.3f}).")
    show = lambda v, form: "" if v is None else form.format(v)
    for kind in kinds:
        print(f"\n{kind}\n\n| cache | takes | back | shift | size | colours | strangers' shift |\n" + "|---" * 7 + "|")
        for r in sorted((r for r in rows if r["kind"] == kind), key=lambda r: (r["shift"] is None, r["shift"])):
            print(f"| `{r['cache']}` | {r['judged']} | {show(r['back'], '{:.0%}')} | {show(r['shift'], '{:.3f}')} "
                  f"| {show(r['size'], '{:.2f}')} | {show(r['colours'], '{:.2f}')} | {show(r['strangers'], '{:.3f}')} |")
    figure, axes = plt.subplots(1, len(kinds), figsize=(7 * len(kinds), 5.5), squeeze=False)
    for axis, kind in zip(axes[0], kinds):
        ranked = sorted((r for r in rows if r["kind"] == kind and r["shift"] is not None), key=lambda r: -r["shift"])
        for i, r in enumerate(ranked):
            known = [s for s in r["shifts"] if s is not None]
            axis.plot(known, [i] * len(known), ".", color="0.75", ms=4)
            axis.plot(r["shift"], i, "o", color="C3" if r["cache"].startswith(("retrieval", "relic")) else "C0")
            axis.plot(r["strangers"], i, "|", color="k", ms=9)
        axis.set_yticks(range(len(ranked)), [r["cache"] for r in ranked], fontsize=8)
        axis.set_xlabel("picture widths from where it was (mark: from where others were)")
        axis.set_title(kind)
        axis.set_xlim(left=0)
    figure.tight_layout()
    path = os.path.join(folder, "scene_returns.png")
    figure.savefig(path, dpi=75)
    Image.open(path).convert("RGB").quantize(48).save(path, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--longtake", default="longtake", help="the program")
    parser.add_argument("--records", default="scene_returns.jsonl")
    parser.add_argument("--caches", nargs="+", default=CACHES)
    parser.add_argument("--kinds", nargs="+", default=list(LENGTH), choices=list(LENGTH))
    parser.add_argument("--scenes", type=int, default=16, help="takes under each cache")
    parser.add_argument("--together", type=int, default=4, help="takes at a time")
    parser.add_argument("--scratch", default="/dev/shm", help="folder for clips that wait to be measured")
    parser.add_argument("--sheets", help="folder for pictures of some takes")
    parser.add_argument("--calibrate", type=int, metavar="SEEDS", help="measure the measure instead")
    parser.add_argument("--pictures", nargs=2, metavar=("SHEETS", "FOLDER"), help="some of the sheets on one page instead")
    parser.add_argument("--report", nargs=2, metavar=("RECORDS", "FOLDER"), help="a table and a picture instead")
    args = parser.parse_args()
    if args.report:
        report(*args.report)
    elif args.pictures:
        side_by_side(*args.pictures)
    elif args.calibrate:
        calibrate(args)
    else:
        run(args)


if __name__ == "__main__":
    main()
