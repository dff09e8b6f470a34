"""Judges sets of clips of the same held-out prompts: real renders, the autoencoder's
reconstructions (the ceiling), the teacher, the student, or videos that `longtake` wrote.

Prints one JSON line a set: accuracy per attribute, Fréchet distance to real renders of other
seeds, and the mean optical flow (pixels a frame).
"""

import argparse
import glob
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from common import CLIP_FRAMES, FPS, HEIGHT, TEST_SEEDS, WIDTH, common_arguments, load, setup  # noqa: E402
from data import reconstruct  # noqa: E402
from judge.movement import movement  # noqa: E402
from judge.network import Labels, accuracy, frechet, select  # noqa: E402
from judge.sampler import Sampler  # noqa: E402
from judge.train import new_judge  # noqa: E402
from teacher import load_vae  # noqa: E402
from world import World  # noqa: E402


def read_frames(folder):
    return torch.from_numpy(np.stack([np.asarray(Image.open(f)) for f in sorted(glob.glob(f"{folder}/*.png"))]))


class Sets:
    """Clips of the prompts, a batch at a time: uint8 [n, 81, H, W, 3]."""

    def __init__(self, args, world, device):
        self.args, self.world = args, world
        self.vae, self.statistics = load_vae(args.vae, device)
        self.sample = Sampler(vars(args), self.vae, self.statistics, args.tokenizer, device, args.guidance)
        self.device = device

    def real(self, seeds, prompts, first):
        return self.world.render_seeds(seeds, CLIP_FRAMES, HEIGHT, WIDTH, FPS)[0][:, 3:]

    def reconstruction(self, seeds, prompts, first):
        clips = self.world.render_seeds(seeds, CLIP_FRAMES, HEIGHT, WIDTH, FPS)[0]
        return reconstruct(self.vae, self.statistics, clips)

    def teacher(self, seeds, prompts, first):
        return self.sample("teacher", prompts)

    def student(self, seeds, prompts, first):
        return self.sample("student", prompts)

    def videos(self, seeds, prompts, first):
        with ThreadPoolExecutor(8) as pool:
            folders = [f"{self.args.videos}/{first + i:03d}" for i in range(len(prompts))]
            return torch.stack(list(pool.map(read_frames, folders))).to(self.device)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", choices=["real", "reconstruction", "teacher", "student", "videos"])
    parser.add_argument("--prompts", type=int, default=500)
    parser.add_argument("--write-prompts", help="file for the prompts, one a line, and nothing else")
    parser.add_argument("--judge", default="out/judge")
    common_arguments(parser)
    parser.add_argument("--teacher", default="out/teacher")
    parser.add_argument("--student", default="out/student")
    parser.add_argument("--guidance", type=float, default=3.0, help="of the teacher")
    parser.add_argument("--videos", default="out/videos", help="folder of 000, 001 ...: PNG frames of the prompts")
    args = parser.parse_args()
    device, world = setup(), World()
    judge = new_judge(world)
    labels = Labels(world, judge.sizes[0], device)
    seeds, scripts = labels.select(TEST_SEEDS, args.prompts, CLIP_FRAMES)
    prompts = [world.caption(s, 0, 0) for s in scripts]
    if args.write_prompts:
        with open(args.write_prompts, "w") as f:
            f.write("\n".join(prompts) + "\n")
        return
    load(args.judge, judge).to(device).eval()
    truth, source = labels.tensors(scripts), Sets(args, world, device)

    @torch.no_grad()
    def ask(clips):
        return {k: v.float() for k, v in judge(select(clips)).items()}

    others, _ = labels.select(TEST_SEEDS + 10**6, args.prompts, CLIP_FRAMES)
    reference = torch.cat([ask(source.real(others[i:i + 20], None, i))["feature"] for i in range(0, len(others), 20)])
    for name in args.sets:
        answers, moving = [], []
        for i in range(0, args.prompts, 20):
            clips = getattr(source, name)(seeds[i:i + 20], prompts[i:i + 20], i)
            answers.append(ask(clips))
            moving.append(movement(clips[:3]))
        answer = {k: torch.cat([a[k] for a in answers]) for k in answers[0]}
        row = dict(set=name, prompts=args.prompts, **accuracy(answer, truth),
                   frechet=frechet(answer["feature"], reference), movement=torch.cat(moving).mean().item())
        print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}), flush=True)


if __name__ == "__main__":
    main()
