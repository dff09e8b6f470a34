"""Trains the judge on rendered toyworld, never on generated clips."""

import argparse
import os
import sys

import torch
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from common import CLIP_FRAMES, FPS, HEIGHT, TRAIN_SEEDS, WIDTH, Budget, Ema, save, setup  # noqa: E402
from judge.network import Judge, Labels, loss, select  # noqa: E402
from optim import adamw  # noqa: E402
from world import World  # noqa: E402


def new_judge(world):
    shapes, colours, motions, cameras, skies, grounds = (len(world.names(k)) for k in range(6))
    return Judge(colours, shapes, motions, cameras, skies, grounds)


def shift(clip):
    """Every clip [n, 3, T, H, W] moved and scaled a little, the same in all its frames."""
    n, _, t = clip.shape[:3]
    theta = torch.eye(2, 3, device=clip.device).repeat(n, 1, 1)
    theta = theta * (0.9 + 0.2 * torch.rand(n, 1, 1, device=clip.device))
    theta[:, :, 2] = 0.3 * (torch.rand(n, 2, device=clip.device) - 0.5)
    grid = F.affine_grid(theta.repeat_interleave(t, 0), (n * t, *clip[:, :, 0].shape[1:]), align_corners=False)
    frames = clip.transpose(1, 2).flatten(0, 1)
    return F.grid_sample(frames, grid, padding_mode="border", align_corners=False).unflatten(0, (n, t)).transpose(1, 2)


def disturb(clip):
    """What a decoder does to pixels: a little blur, noise and a change of brightness."""
    n = clip.shape[0]
    strength = torch.rand(n, 1, 1, 1, 1, device=clip.device)
    soft = F.avg_pool3d(clip, (1, 3, 3), 1, (0, 1, 1))
    clip = clip + (soft - clip) * strength * (torch.rand_like(strength) < 0.5)
    return clip + 0.05 * strength * torch.randn_like(clip) + 0.1 * (torch.rand_like(strength) - 0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--clips", type=int, default=30000)
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
            answer = judge(disturb(shift(clips[index].float())))
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
