"""Trains the tracker (`tracker_network.py`), which knows nothing of the generator: it learns on rendered clips, whose
tracks are exact, and on what the autoencoder makes of them.

Every half a minute it follows the points of held-out renders; the best weights are kept.
"""

import argparse
import os
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from common import CLIP_FRAMES, FPS, HEIGHT, TRAIN_SEEDS, WIDTH, Budget, Ema, save, setup, take_step  # noqa: E402
from data import reconstruct  # noqa: E402
from judge.asked import KINDS, TRACKER_SEEDS, Requests, pixels  # noqa: E402
from judge.tracker_network import Tracker, loss, mean, retrack  # noqa: E402
from judge.train import disturb  # noqa: E402
from optim import optimizers_for  # noqa: E402
from teacher import load_vae  # noqa: E402
from tracks import WARM_UP, Tracks  # noqa: E402
from world import World  # noqa: E402

RENDER_BATCH, LATENT_NOISE = 32, 0.3


class Clips:
    """Rendered clips [n, T, H, W, 3] in GPU memory, a third of them through the autoencoder, and their tracks."""

    def __init__(self, world, count, device, vae):
        seeds = range(TRAIN_SEEDS + 2 * 10**6, TRAIN_SEEDS + 2 * 10**6 + count)
        self.tracks = Tracks(world, seeds, device)
        self.frames = torch.empty(count, CLIP_FRAMES - WARM_UP, HEIGHT, WIDTH, 3, dtype=torch.uint8, device=device)
        model, statistics = load_vae(vae, device)
        for i in range(0, count, RENDER_BATCH):
            clips = world.render_seeds(seeds[i:i + RENDER_BATCH], CLIP_FRAMES, HEIGHT, WIDTH, FPS)[0]
            blurred = (len(clips) + 2) // 3
            self.frames[i:i + blurred] = reconstruct(model, statistics, clips[:blurred], LATENT_NOISE * torch.rand(()).item())
            self.frames[i + blurred:i + len(clips)] = clips[blurred:, WARM_UP:]

    def batch(self, count, points):
        """frames [n, T, 3, H, W], places in pixels, visible, and which points the first frame shows and are followed;
        as rendered or backwards or mirrored, mostly points of objects, and not always many."""
        device = self.frames.device
        index = torch.randint(len(self.frames), (count,), device=device)
        frames, places = self.frames[index], self.tracks.places[index, WARM_UP:].float()
        visible = self.tracks.visible[index, WARM_UP:]
        if torch.rand(()) < 0.5:
            frames, places, visible = (x.flip(1) for x in (frames, places, visible))
        if torch.rand(()) < 0.5:
            frames = frames.flip(3)
            places = torch.stack([1 - places[..., 0], places[..., 1]], -1)
        likely = visible[:, 0] + 0.2 * (self.tracks.slots[index] >= 0)
        chosen = (likely + 0.5 * torch.rand_like(likely)).topk(points, 1).indices
        places = places.gather(2, chosen[:, None, :, None].expand(-1, places.shape[1], -1, 2))
        visible = visible.gather(2, chosen[:, None].expand(-1, places.shape[1], -1))
        many = points * torch.rand(count, 1, device=device).mul(3).clamp(0.1, 1)
        shown = visible[:, 0] & (torch.arange(points, device=device) < many)
        shown[:, 0] = True
        frames = disturb(frames.movedim(-1, 1).float() / 127.5 - 1).transpose(1, 2) / 2 + 0.5
        return frames, pixels(places), visible, shown


def weights(places, visible):
    """Hidden places count less, those outside of the picture least."""
    size = torch.tensor([WIDTH, HEIGHT], device=places.device)
    inside = ((places >= 0) & (places < size)).all(-1)
    return torch.where(visible, 1.0, torch.where(inside, 0.2, 0.05))


class Validation:
    """Errors on held-out renders, of the kinds of request that `motion` has."""

    def __init__(self, world, count, device):
        self.requests = Requests(world, count, device, TRACKER_SEEDS)
        self.clips = self.requests.clips()[:, WARM_UP:]

    def errors(self, tracker):
        places, visible = self.requests.seen("grid")
        found = retrack(tracker.eval(), self.clips, places[:, 0], visible[:, 0])
        tracker.train()
        far = (found - places).norm(dim=-1)
        return {kind: far[self.requests.seen(kind)[1]].mean() for kind in KINDS}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--clips", type=int, default=2500)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--points", type=int, default=64)
    parser.add_argument("--validation", type=int, default=32, help="clips")
    parser.add_argument("--vae", default="out/vae", help="weights, or the vae folder of a model")
    parser.add_argument("--out", default="out/tracker")
    args = parser.parse_args()
    device, world = setup(), World()
    began = time.time()
    clips, validation = Clips(world, args.clips, device, args.vae), Validation(world, args.validation, device)
    print(f"{args.clips} clips in {time.time() - began:.0f} s", flush=True)
    tracker = Tracker().to(device)
    if device == "cuda":
        tracker.compile_parts()
    optimizers = optimizers_for([tracker])
    budget, ema = Budget(args.minutes, warmup_steps=150), Ema(tracker, 0.995)
    best, next_look = float("inf"), 0.0

    def look():
        nonlocal best
        ema.swap()
        errors = validation.errors(tracker)
        if (mean := torch.stack(list(errors.values())).mean().item()) < best:
            best = mean
            save(args.out, tracker)
        ema.swap()
        budget.report(1, **errors)

    while budget.next(optimizers):
        frames, places, visible, shown = clips.batch(args.batch, args.points)
        weight = weights(places, visible)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            answers = tracker(frames, places[:, 0], shown)
        total = loss(answers, places, visible, weight, shown)
        take_step(optimizers, total, tracker)
        ema.update(budget.step)
        budget.report(loss=total, last=mean((answers[-1][0] - places).norm(dim=-1), visible & shown[:, None]))
        if time.time() > next_look:
            look()
            next_look = time.time() + 30
        if budget.step == 1:
            print(f"first step after {time.time() - began:.0f} s", flush=True)
            budget.restart()
    look()


if __name__ == "__main__":
    main()
