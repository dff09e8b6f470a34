"""How far away things are, from the latents of a clip's last frame of every four: what a camera's move
needs to become tracks."""

import argparse

import torch
from torch.nn import functional as F

from common import CLIP_FRAMES, FPS, HEIGHT, TEST_SEEDS, TRAIN_SEEDS, WIDTH, Budget, Ema, common_arguments, save, setup
from data import encode_clips
from nets.depth import DepthHead
from optim import adamw
from teacher import load_vae
from world import World

FARTHEST = 50.0  # the sky


def log_depths(world, first_seed, count, device):
    """Of the last of every four frames, the mean of each latent cell: [n, F, h, w]."""
    parts = []
    for i in range(0, count, 25):
        depth = world.depth(range(first_seed + i, first_seed + min(i + 25, count)), CLIP_FRAMES, HEIGHT, WIDTH, FPS)
        parts.append(F.avg_pool2d(depth[:, 3::4].clamp(max=FARTHEST).log(), 8).half())
    return torch.cat(parts).to(device)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=256, help="latent frames")
    common_arguments(parser)
    parser.add_argument("--out", default="out/depth")
    args = parser.parse_args()
    device, world = setup(), World()
    vae, statistics = load_vae(args.vae, device)

    def pairs(first_seed, count):
        latents = encode_clips(vae, statistics, world, first_seed, count, device)[0]
        return latents[:, 1:].flatten(0, 1), log_depths(world, first_seed, count, device)[:, 1:].flatten(0, 1)

    latents, depths = pairs(TRAIN_SEEDS + 4 * 10**6, args.clips)
    head = DepthHead().to(device)
    optimizer, budget, ema = adamw(head.parameters(), 2e-3), Budget(args.minutes), Ema(head, 0.998)
    while budget.next([optimizer]):
        index = torch.randint(len(latents), (args.batch,), device=device)
        x = latents[index].float()
        x = x + 0.2 * torch.rand(len(x), 1, 1, 1, device=device) * torch.randn_like(x)  # generated ones are not perfect
        with torch.autocast(device, torch.bfloat16):
            loss = (head(x).float() - depths[index].float()).abs().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        ema.update(budget.step)
        budget.report(every=500, loss=loss)
    ema.swap()
    save(args.out, head)
    latents, depths = pairs(TEST_SEEDS, 64)
    with torch.no_grad():
        off = (head(latents.float()) - depths.float()).abs()
    near = depths.float() < 3.5
    print(f"held-out clips: depth is off by {100 * (off[near].mean().exp() - 1):.1f} % on the ground and objects, "
          f"median {100 * (off[near].median().exp() - 1):.1f} %")


if __name__ == "__main__":
    main()
