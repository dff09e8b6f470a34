"""A point tracker that knows nothing of the generator: it learns on rendered clips, whose tracks are
exact, to follow points of a clip's first frame through all of it, and its own error is measured there.

How alike every place of every frame is to a point makes a map a frame. A filter that lets the point move
by a few pixels a frame goes through the maps; a network along time then moves all of a point's places by
what the maps are like around them (RAFT, PIPs).
"""

import argparse
import math
import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from common import CLIP_FRAMES, FPS, HEIGHT, TEST_SEEDS, TRAIN_SEEDS, WIDTH, Budget, Ema, save, setup  # noqa: E402
from judge.train import disturb  # noqa: E402
from optim import adamw  # noqa: E402
from tracks import Tracks  # noqa: E402
from world import World  # noqa: E402

STRIDE, RADIUS, LEVELS, ITERATIONS = 4, 3, 3, 4
LENGTH = 48  # frames of a training clip


def sample(maps, at):
    """maps [B, C, h, w] at pixels [B, N, K, 2] of theirs (0.5 the middle of the first) -> [B, C, N, K]."""
    size = torch.tensor(maps.shape[:1:-1], device=at.device)
    return F.grid_sample(maps, (2 * at / size - 1).to(maps.dtype), padding_mode="border", align_corners=False)


class Residual(nn.Module):
    def __init__(self, n_in, n, stride):
        super().__init__()
        self.skip = nn.Conv2d(n_in, n, 1, stride) if stride > 1 or n_in != n else nn.Identity()
        self.body = nn.Sequential(nn.Conv2d(n_in, n, 3, stride, 1), nn.InstanceNorm2d(n, affine=True), nn.ReLU(),
                                  nn.Conv2d(n, n, 3, 1, 1), nn.InstanceNorm2d(n, affine=True))

    def forward(self, x):
        return F.relu(self.skip(x) + self.body(x))


class OverTime(nn.Module):
    """[n, T, d] -> the same."""

    def __init__(self, width, dilation):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.near = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation, groups=8)
        self.mix = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        x = x + F.gelu(self.near(self.norm(x).transpose(1, 2)).transpose(1, 2))
        return x + self.mix(x)


@torch.no_grad()
def filtered(score, start):
    """Log-likelihoods of every place [B, T, N, h, w] -> places [B, T, N, 2] in cells: the best so far, for a
    point that moves by two cells a frame at most and rather not at all."""
    b, t, n, h, w = score.shape
    y, x = torch.meshgrid(torch.arange(h, device=score.device), torch.arange(w, device=score.device), indexing="ij")
    cells = torch.stack([x, y], -1).float() + 0.5
    belief = -2 * ((cells - start[:, :, None, None]) ** 2).sum(-1)
    places = [start]
    for i in range(1, t):
        near = F.max_pool2d(belief, 3, 1, 1)
        belief = torch.maximum(belief, torch.maximum(near - 0.3, F.max_pool2d(near, 3, 1, 1) - 1)) + score[:, i]
        belief = belief - belief.amax((2, 3), keepdim=True)
        share = (3 * belief).flatten(2).softmax(-1)
        places.append(share @ cells.flatten(0, 1))
    return torch.stack(places, 1)


class Tracker(nn.Module):
    def __init__(self, width=96, hidden=256):
        super().__init__()
        self.look = nn.Sequential(Residual(3, 48, 2), Residual(48, width, 2), Residual(width, width, 1),
                                  Residual(width, width, 1), nn.Conv2d(width, width, 1))
        self.scale = nn.Parameter(torch.tensor(math.log(15.0)))
        self.enter = nn.Linear(LEVELS * (2 * RADIUS + 1) ** 2 + width + 7, hidden)
        self.layers = nn.Sequential(*(OverTime(hidden, d) for d in (1, 2, 4, 8, 1, 2)))
        self.leave = nn.Linear(hidden, 2)
        nn.init.zeros_(self.leave.weight)

    def forward(self, frames, start):
        """frames [B, T, 3, H, W] in [0, 1]; start [B, N, 2] pixels of the first -> every iteration's places
        [B, T, N, 2], and the log-likelihoods of all cells [B, T, N, h, w]."""
        (b, t), n = frames.shape[:2], start.shape[1]
        maps = F.normalize(self.look(2 * frames.flatten(0, 1) - 1).float(), dim=1).unflatten(0, (b, t))
        look = sample(maps[:, 0], (start / STRIDE)[:, :, None])[..., 0].transpose(1, 2)  # [B, N, C]
        alike = torch.einsum("btchw,bnc->btnhw", maps, look)
        score = (self.scale.exp() * alike).flatten(3).log_softmax(-1).view_as(alike)
        levels = [alike.flatten(0, 2)[:, None]]
        for _ in range(LEVELS - 1):
            levels.append(F.avg_pool2d(levels[-1], 2))
        size = torch.tensor([frames.shape[4], frames.shape[3]], device=frames.device)
        window = torch.arange(-RADIUS, RADIUS + 1, device=frames.device, dtype=torch.float)
        offsets = torch.stack(torch.meshgrid(window, window, indexing="xy"), -1).view(1, 1, -1, 2)
        since = (torch.arange(t, device=frames.device) / LENGTH)[None, :, None, None].expand(b, t, n, 1)
        whose = look[:, None].expand(b, t, n, -1)
        places, out = STRIDE * filtered(score, start / STRIDE), []
        for _ in range(ITERATIONS):
            places = torch.cat([start[:, None], places[:, 1:]], 1).detach()
            near = [sample(m, (places / (STRIDE * 2**i)).flatten(0, 2)[:, None, None] + offsets).view(b, t, n, -1)
                    for i, m in enumerate(levels)]
            step = (places[:, 1:] - places[:, :-1]) / 8
            x = torch.cat([*near, whose, F.pad(step, (0, 0, 0, 0, 1, 0)), F.pad(step, (0, 0, 0, 0, 0, 1)),
                           places / size - 0.5, since], -1)
            moved = self.leave(self.layers(self.enter(x).transpose(1, 2).flatten(0, 1)))
            places = places + 4 * moved.float().unflatten(0, (b, n)).transpose(1, 2)
            out.append(places)
        return out, score


def loss(answers, score, places, visible):
    total = 0
    for i, at in enumerate(answers):
        far = F.smooth_l1_loss(at, places, reduction="none", beta=1.0).sum(-1)
        weight = visible + 0.05
        total = total + 0.8 ** (len(answers) - 1 - i) * (far * weight).sum() / weight.sum() / 4
    h, w = score.shape[-2:]
    x, y = (places / STRIDE).long().unbind(-1)
    cell = y.clamp(0, h - 1) * w + x.clamp(0, w - 1)
    return total - score.flatten(3).gather(-1, cell[..., None])[..., 0][visible].mean()


@torch.no_grad()
def retrack(tracker, frames, start):
    """Where points [B, N, 2] of the first of frames [B, T, 3, H, W] go: [B, T, N, 2]."""
    with torch.autocast(frames.device.type, torch.bfloat16):
        return tracker(frames, start)[0][-1]


def pixels(places):
    """Pixels of what `Tracks` holds; where hidden points went far outside of the picture does not matter."""
    size = torch.tensor([WIDTH, HEIGHT], device=places.device)
    return places.float().clamp(-0.1, 1.1) * (size - 8) + 4


def render(world, seed, count):
    """uint8 [n, T, H, W, 3], on the GPU where there is one."""
    return torch.cat([world.render(seed + i, min(50, count - i), CLIP_FRAMES, HEIGHT, WIDTH, FPS)[0][:, 3:]
                      for i in range(0, count, 50)])


def visible_first(visible, count):
    """The indices of `count` points [n, count] of those that the first frame shows, as far as there are so many."""
    return (visible[:, 0] + 0.5 * torch.rand_like(visible[:, 0], dtype=torch.float)).topk(count, 1).indices


def pick(x, chosen):
    """Of points [n, T, N, ...] those [n, count]."""
    index = chosen[:, None].expand(-1, x.shape[1], -1)
    return x.gather(2, index[..., None].expand(*index.shape, 2) if x.ndim == 4 else index)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--points", type=int, default=40)
    parser.add_argument("--out", default="out/tracker")
    args = parser.parse_args()
    device, world = setup(), World()
    seed = TRAIN_SEEDS + 2 * 10**6
    clips, tracks = render(world, seed, args.clips), Tracks(world, range(seed, seed + args.clips), device)
    tracker = Tracker().to(device)
    optimizer = adamw(tracker.parameters(), 8e-4)
    budget, ema = Budget(args.minutes, warmup_steps=200), Ema(tracker, 0.995)
    while budget.next([optimizer]):
        index = torch.randint(args.clips, (args.batch,), device=device)
        begin = int(torch.randint(clips.shape[1] - LENGTH + 1, ()))
        frames = clips[index, begin:begin + LENGTH].movedim(-1, 2).float() / 255
        frames = (disturb(2 * frames.transpose(1, 2) - 1).transpose(1, 2) + 1) / 2
        part = slice(3 + begin, 3 + begin + LENGTH)
        visible = tracks.visible[index, part]
        chosen = visible_first(visible, args.points)
        places, visible = pixels(pick(tracks.places[index, part], chosen)), pick(visible, chosen)
        with torch.autocast(device, torch.bfloat16):
            answers, score = tracker(frames, places[:, 0])
        total = loss(answers, score, places, visible & visible[:, :1])
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(tracker.parameters(), 1.0)
        optimizer.step()
        ema.update(budget.step)
        budget.restart() if budget.step == 1 else None
        budget.report(loss=total, last=(answers[-1] - places).norm(dim=-1)[visible & visible[:, :1]].mean())
    ema.swap()
    save(args.out, tracker)
    report(tracker.eval(), world, device)


def report(tracker, world, device, count=48):
    clips, tracks = render(world, TEST_SEEDS, count), Tracks(world, range(TEST_SEEDS, TEST_SEEDS + count), device)
    places, visible = pixels(tracks.places[:, 3:]), tracks.visible[:, 3:]
    found = torch.cat([retrack(tracker, c[None].movedim(-1, 2).float() / 255, p[None, 0])
                       for c, p in zip(clips, places)])
    far = (found - places).norm(dim=-1)
    seen = visible & visible[:, :1]
    for name, which in (("objects", tracks.slots >= 0), ("ground", tracks.slots < 0)):
        errors = far[seen & which[:, None]]
        print(f"{name}: error {errors.mean():.2f} px, median {errors.median():.2f}, {len(errors)} places")


if __name__ == "__main__":
    main()
