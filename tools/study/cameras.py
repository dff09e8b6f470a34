#!/usr/bin/env python3
"""Does the ground move when the camera is told to, and the prompt says that it does not? Prints and keeps a JSON
line a camera: the mean over a take of the median flow of the lower two fifths of the picture, where it has texture,
in pixels a frame, to the right and down.

    cameras.py --longtake LONGTAKE --records tests/records/cameras.jsonl

Needs torch, numpy and Pillow.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "train")]
from judge.movement import gray, optical_flow  # noqa: E402

FRAMES, STRIDE, SEED = 81, 4, 4
PROMPTS = ("a red ball and a blue cube rest on gray stone by day, the camera is static", "a red ball rests on yellow sand by day")
CAMERAS = ("none", "pan-left", "pan-right", "truck-left", "truck-right", "dolly-in", "orbit-left", "orbit-right")


def take(longtake, prompt, camera, speed):
    """Frames [T, H, W, 3] of a take."""
    with tempfile.TemporaryDirectory() as folder:
        move = [] if camera == "none" else ["--camera", camera, "--camera-speed", str(speed)]
        subprocess.run([longtake, "generate", "--prompt", prompt, "--seed", str(SEED), "--frames", str(FRAMES), *move,
                        "-o", f"{folder}/take/"], check=True, stderr=subprocess.DEVNULL)
        return torch.from_numpy(np.stack([np.asarray(Image.open(p)) for p in sorted(pathlib.Path(folder, "take").glob("*.png"))]))


def ground_flow(frames):
    g = gray(frames[::STRIDE])
    lower = 3 * g.shape[2] // 5
    flow = optical_flow(g[:-1], g[1:])[:, :, lower:, 1:] / STRIDE
    textured = (g[:-1, 0, lower:, 1:] - g[:-1, 0, lower:, :-1]).abs() > 0.01
    medians = [f[:, t].median(dim=1).values for f, t in zip(flow, textured) if t.any()]
    return [round(v, 3) for v in torch.stack(medians).mean(0).tolist()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--longtake", default="longtake", help="the program")
    parser.add_argument("--records", required=True, help="file that lines are added to")
    parser.add_argument("--speed", type=float, default=1, help="times as fast as the cameras' own")
    parser.add_argument("--note", default="", help="kept with every line")
    args = parser.parse_args()
    with open(args.records, "a") as records:
        for camera in CAMERAS:
            flow = [ground_flow(take(args.longtake, p, camera, args.speed)) for p in PROMPTS]
            row = dict(camera=camera, speed=args.speed, prompts=PROMPTS, flow=flow, note=args.note)
            records.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
