#!/usr/bin/env python3
"""How well an object follows a hand: a patch of points that covers it is dragged in the middle of a take,
and the object's middle, told by its colour, is compared with where the hand went.

Every drag is made twice with the same seed: with the hand and without. Prints and keeps one JSON line a drag and a
summary, and draws some. Needs numpy and Pillow.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy as np
from PIL import Image, ImageDraw

FRAMES, BEGIN, SPACING = 93, 33, 6  # the hand moves from BEGIN to END; pixels from point to point
END = BEGIN + 48
PULLS = {"right": (50, 0), "left": (-50, 0), "up": (0, -20), "down": (0, 20)}
SCENES = [f"a {colour} {shape} {verb} on {ground} by day"
          for (colour, shape), verb, ground in zip(
              [("red", "ball"), ("blue", "cube"), ("green", "cylinder"), ("red", "cube"), ("blue", "ball"), ("red", "ring")],
              ["spins", "rests", "spins", "rests", "floats", "spins"],
              ["green grass", "white snow", "white snow", "gray stone", "gray stone", "green grass"])]
CHANNEL = {"red": 0, "green": 1, "blue": 2}


def take(args, prompt, seed, tracks=None):
    """Frames [T, H, W, 3] of a take."""
    with tempfile.TemporaryDirectory() as folder:
        command = [args.longtake, "generate", "--prompt", prompt, "--seed", str(seed), "--frames", str(FRAMES),
                   "-o", f"{folder}/take/"]
        if args.model:
            command += ["--model", args.model]
        if tracks:
            np.savez(f"{folder}/hand.npz", **tracks)
            command += ["--tracks", f"{folder}/hand.npz"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return np.stack([np.asarray(Image.open(p).convert("RGB")) for p in sorted(pathlib.Path(folder, "take").glob("*.png"))])


def covered(frame, colour):
    """Where the object's colour is; nothing above a quarter of the picture is an object."""
    channel = CHANNEL[colour]
    own, others = frame[..., channel].astype(float), np.delete(frame, channel, -1).max(-1).astype(float)
    mask = (own > 1.35 * others) & (own > 40)
    mask[: frame.shape[0] // 4] = False
    return mask


def middle(mask):
    y, x = np.nonzero(mask)
    return np.array([x.mean(), y.mean()]) if len(x) > 40 else None


def hand(mask, pull):
    """The points of a grid that lie on the object, carried along from BEGIN on, held at the end."""
    height, width = mask.shape
    y, x = np.mgrid[SPACING // 2:height:SPACING, SPACING // 2:width:SPACING]
    on = mask[y, x]
    points = np.stack([x[on], y[on]], -1).astype(np.float32)
    share = np.clip((np.arange(FRAMES) - BEGIN) / (END - BEGIN), 0, 1)[:, None, None]
    places = points[None] + share * np.array(pull, np.float32)
    visible = np.repeat((np.arange(FRAMES) >= BEGIN)[:, None], len(points), 1)
    return dict(tracks=places.astype(np.float32), visibility=visible, size=np.array([width, height]), frame_rate=16.0)


def picture(frames, tracks):
    row = []
    for t in (BEGIN - 1, BEGIN + 15, BEGIN + 31, END, FRAMES - 1):
        image = Image.fromarray(frames[t])
        draw = ImageDraw.Draw(image)
        for x, y in tracks["tracks"][t][tracks["visibility"][t]]:
            draw.point((float(x), float(y)), fill=(0, 255, 255))
        row.append(np.asarray(image))
    return np.concatenate(row, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--longtake", default="longtake")
    parser.add_argument("--model")
    parser.add_argument("--records", default="drags.jsonl")
    parser.add_argument("--picture", help="PNG for a row a scene")
    args = parser.parse_args()
    rows, pictures = [], []
    with open(args.records, "w") as records:
        for seed, prompt in enumerate(SCENES):
            colour = prompt.split()[1]
            free = take(args, prompt, seed)
            mask = covered(free[BEGIN - 1], colour)
            start, went = middle(mask), middle(covered(free[END], colour))
            if start is None or went is None:
                print(f"{prompt}: the object is not in the picture, no drag")
                continue
            for name, pull in PULLS.items():
                tracks = hand(mask, pull)
                held = take(args, prompt, seed, tracks)
                came = middle(covered(held[END], colour))
                asked = start + pull
                row = dict(prompt=prompt, seed=seed, pull=name, points=int(tracks["tracks"].shape[1]), pixels=float(np.hypot(*pull)),
                           error=None if came is None else round(float(np.hypot(*(came - asked))), 2),
                           error_without=round(float(np.hypot(*(went - asked))), 2))
                rows.append(row)
                print(json.dumps(row), file=records, flush=True)
                print(json.dumps(row), flush=True)
                if name == list(PULLS)[seed % len(PULLS)]:
                    pictures.append(picture(held, tracks))
        kept = [r for r in rows if r["error"] is not None]
        total = dict(drags=len(rows), lost=len(rows) - len(kept),
                     error=round(float(np.mean([r["error"] for r in kept])), 2),
                     median_error=round(float(np.median([r["error"] for r in kept])), 2),
                     error_without=round(float(np.mean([r["error_without"] for r in kept])), 2))
        print(json.dumps(total), file=records)
        print(json.dumps(total))
    if args.picture:
        Image.fromarray(np.concatenate(pictures)).save(args.picture, optimize=True)


if __name__ == "__main__":
    main()
