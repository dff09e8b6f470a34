"""How fast the ground goes of how fast it was asked to: points of the ground of held-out clips whose camera pans are asked
for, and the prompt calls the camera static.

Prints one JSON line a set: of every clip the slope of where the tracker finds the points over where they were asked to be
(1: they follow, 0: they stay), its mean, and how far it is from 1. Sets: `real` (the tracker's own slope), `teacher`,
`student`; with `_late` points begin after the first chunk, as a hand comes to a take that runs.
"""

import argparse
import json
import os
import sys

import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from common import CHUNK, CLIP_FRAMES, FPS, HEIGHT, TEST_SEEDS, WIDTH, common_arguments, load, setup  # noqa: E402
from data import STATIC  # noqa: E402
from judge.asked import pixels  # noqa: E402
from judge.sampler import Sampler  # noqa: E402
from judge.tracker_network import Tracker, retrack  # noqa: E402
from nets.tracks import IDS  # noqa: E402
from teacher import load_vae  # noqa: E402
from tracks import WARM_UP, Tracks  # noqa: E402
from world import CAMERA, World  # noqa: E402

PANS = ("the camera pans left", "the camera pans right")
LATE = 4 * CHUNK  # frames, warm-up counted


def pans(world, count):
    """Seeds of clips in which the camera pans all the time, and prompts that call it static."""
    seeds, prompts, seed = [], [], TEST_SEEDS + 7 * 10**6
    while len(seeds) < count:
        seed += 1
        script = world.describe(seed, CLIP_FRAMES)
        if script.segment_count == 1 and world.names(CAMERA)[script.segments[0].camera] in PANS:
            for segment in script.segments:
                segment.camera = STATIC
            seeds.append(seed)
            prompts.append(world.caption(script, 0, 0))
    return seeds, prompts


def slopes(found, asked, seen):
    """Least squares through nothing moved: found, asked [n, T, N, 2], seen [n, T, N]."""
    moved, meant = (torch.where(seen[..., None], x - x[:, :1], 0.0) for x in (found, asked))
    return (moved * meant).sum((1, 2, 3)) / (meant**2).sum((1, 2, 3)).clamp(min=1e-3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", choices=[s + late for s in ("real", "teacher", "student") for late in ("", "_late")])
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--tracker", default="out/tracker")
    common_arguments(parser)
    parser.add_argument("--teacher", default="out/teacher")
    parser.add_argument("--student", default="out/student")
    args = parser.parse_args()
    device, world = setup(), World()
    sample = Sampler(vars(args), *load_vae(args.vae, device), args.tokenizer, device)
    tracker = load(args.tracker, Tracker()).to(device).eval()
    seeds, prompts = pans(world, args.clips)
    tracks = Tracks(world, seeds, device)
    ids = torch.randint(IDS, tracks.slots.shape, generator=torch.Generator().manual_seed(0)).to(device)
    for name in args.sets:
        begin = LATE if name.endswith("_late") else WARM_UP
        visible = tracks.visible & (tracks.slots < 0)[:, None]
        visible[:, :begin] = False
        if name.startswith("real"):
            clips = world.render_seeds(seeds, CLIP_FRAMES, HEIGHT, WIDTH, FPS)[0][:, WARM_UP:]
        else:
            clips = sample(name.removesuffix("_late"), prompts, seed=1, points=(tracks.places.float(), visible, ids))
        places, seen = pixels(tracks.places)[:, begin:], visible[:, begin:] & visible[:, begin:begin + 1]
        with torch.no_grad():
            found = retrack(tracker, clips[:, begin - WARM_UP:], places[:, 0], seen[:, 0])
        slope = slopes(found.float(), places, seen)
        row = dict(set=name, clips=len(seeds), slope=slope.mean().item(), off=(slope - 1).abs().mean().item())
        row = {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
        print(json.dumps(row | dict(slopes=[round(s, 2) for s in slope.tolist()])), flush=True)


if __name__ == "__main__":
    main()
