"""Trains the judge on rendered toyworld, never on generated clips."""

import argparse
import os
import sys

import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from common import CLIP_FRAMES, FPS, HEIGHT, TRAIN_SEEDS, WIDTH, Budget, Ema, save, setup  # noqa: E402
from judge.network import Judge, Labels, loss, select  # noqa: E402
from optim import adamw  # noqa: E402
from world import World  # noqa: E402


def new_judge(world):
    shapes, colours, motions, cameras, skies, grounds = (len(world.names(k)) for k in range(6))
    return Judge(colours, shapes, motions, cameras, skies, grounds)


def disturb(clip):
    """What a decoder does to pixels: a little blur, noise and a change of brightness."""
    n = clip.shape[0]
    strength = torch.rand(n, 1, 1, 1, 1, device=clip.device)
    soft = torch.nn.functional.avg_pool3d(clip, (1, 3, 3), 1, (0, 1, 1))
    clip = clip + (soft - clip) * strength * (torch.rand_like(strength) < 0.5)
    return clip + 0.05 * strength * torch.randn_like(clip) + 0.1 * (torch.rand_like(strength) - 0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--clips", type=int, default=12000)
    parser.add_argument("--out", default="out/judge")
    args = parser.parse_args()
    device, world = setup(), World()
    judge = new_judge(world).to(device)
    labels = Labels(world, judge.sizes[0], device)
    seeds, scripts = labels.select(TRAIN_SEEDS + 10**6, args.clips, CLIP_FRAMES)
    truth = labels.tensors(scripts)
    clips = torch.cat([select(world.render_seeds(seeds[i:i + 64], CLIP_FRAMES, HEIGHT, WIDTH, FPS)[0][:, 3:])
                       .to(torch.bfloat16) for i in range(0, len(seeds), 64)])
    optimizer = adamw(judge.parameters(), 1e-3)
    budget, ema = Budget(args.minutes), Ema(judge, 0.99)
    while budget.next([optimizer]):
        index = torch.randint(len(seeds), (args.batch,), device=device)
        with torch.autocast(device, torch.bfloat16):
            answer = judge(disturb(clips[index].float()))
        total = loss({k: v.float() for k, v in answer.items()}, {k: v[index] for k, v in truth.items()})
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        optimizer.step()
        ema.update(budget.step)
        budget.report(loss=total)
    ema.swap()
    save(args.out, judge)


if __name__ == "__main__":
    main()
