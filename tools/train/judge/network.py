"""The judge: what is in a clip, how it moves and how the camera moves.

It sees 16 frames of a clip at half resolution. Objects of a clip have different colours, so each
colour is a slot: is there an object of this colour, of which shape, moving how? Camera, sky and
ground are one choice each. The pooled features give a Fréchet distance between sets of clips.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

MOMENTS = 16


def select(frames):
    """frames [n, T, H, W, 3] uint8 -> [n, 3, 16, H / 2, W / 2] in [-1, 1]."""
    index = torch.linspace(0, frames.shape[1] - 1, MOMENTS, device=frames.device).round().long()
    x = frames[:, index].movedim(-1, 1).float() / 127.5 - 1
    return F.avg_pool3d(x, (1, 2, 2))


class Residual(nn.Module):
    def __init__(self, n, kernel):
        super().__init__()
        padding = tuple(k // 2 for k in kernel)
        self.body = nn.Sequential(nn.Conv3d(n, n, kernel, padding=padding, bias=False), nn.BatchNorm3d(n), nn.ReLU(),
                                  nn.Conv3d(n, n, kernel, padding=padding, bias=False), nn.BatchNorm3d(n))

    def forward(self, x):
        return F.relu(x + self.body(x))


def over_time(n_in, n):
    """[n, n_in, 16] -> [n, n, 16]"""
    return nn.Sequential(nn.Conv1d(n_in, n, 3, padding=1), nn.ReLU(), nn.Conv1d(n, n, 3, padding=1), nn.ReLU())


class Judge(nn.Module):
    """Every colour has a map of where it is. What is there says of which shape the object is, where
    the map points from moment to moment how it moves."""

    def __init__(self, colours, shapes, motions, cameras, skies, grounds, width=128):
        super().__init__()
        self.sizes = (colours, shapes, motions, cameras, skies, grounds)

        def down(n_in, n_out):
            return nn.Sequential(nn.Conv3d(n_in, n_out, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), bias=False),
                                 nn.BatchNorm3d(n_out), nn.ReLU())

        self.trunk = nn.Sequential(
            down(3, width // 4), Residual(width // 4, (1, 3, 3)),
            down(width // 4, width // 2), Residual(width // 2, (3, 3, 3)),
            down(width // 2, width), Residual(width, (3, 3, 3)), Residual(width, (1, 3, 3)))  # [n, width, 16, 9, 16]
        self.maps = nn.Conv3d(width, colours, 1)
        self.object = over_time(width + 3, width)
        self.kind = nn.Linear(2 * width, shapes + motions)
        self.grid = nn.Conv3d(width, width // 8, 1)
        self.whole = over_time(width // 8 * 12 + width, width)
        self.scene = nn.Linear(2 * width, cameras + skies + grounds)

    def forward(self, clip):
        x = self.trunk(clip)
        n, c, t, h, w = x.shape
        colours, shapes, motions, *scene = self.sizes
        maps = self.maps(x).flatten(3).float()  # [n, colours, T, h w]
        present = maps.flatten(2).logsumexp(-1) - math.log(t * h * w)
        seen = maps.logsumexp(-1)[..., None] - math.log(h * w)
        place = torch.stack(torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing="ij"), -1)
        there = torch.cat([x.flatten(3).movedim(1, -1), place.to(x).view(1, 1, h * w, 2).expand(n, t, -1, -1)], -1)
        slot = torch.einsum("nkts,ntsc->nktc", maps.softmax(-1).to(there.dtype), there)
        slot = torch.cat([slot, seen.to(slot.dtype)], -1)  # [n, colours, T, width + 3]
        slot = self.pool(self.object(slot.flatten(0, 1).transpose(1, 2))).unflatten(0, (n, colours))
        shape, motion = self.kind(slot).split((shapes, motions), -1)
        cells = F.adaptive_avg_pool3d(self.grid(x), (t, 3, 4)).permute(0, 1, 3, 4, 2).flatten(1, 3)
        whole = self.pool(self.whole(torch.cat([cells, x.mean((3, 4))], 1)))
        camera, sky, ground = self.scene(whole).split(tuple(scene), -1)
        share = present.sigmoid()[..., None].to(slot.dtype)
        feature = torch.cat([whole, (slot * share).sum(1) / (share.sum(1) + 1e-3)], 1)
        return dict(present=present, shape=shape, motion=motion, camera=camera, sky=sky, ground=ground,
                    feature=feature)

    @staticmethod
    def pool(x):
        return torch.cat([x.mean(-1), x.amax(-1)], 1)


class Labels:
    """What a list of seeds shows, for clips without a switch."""

    def __init__(self, world, colours, device):
        self.world, self.colours, self.device = world, colours, device

    def select(self, first_seed, count, frames):
        """The first `count` seeds whose clip has one segment and objects of different colours."""
        seeds, scripts, seed = [], [], first_seed
        while len(seeds) < count:
            script = self.world.describe(seed, frames)
            segment = script.segments[0]
            colours = [segment.objects[i].colour for i in range(segment.object_count)]
            if script.segment_count == 1 and len(set(colours)) == len(colours):
                seeds.append(seed)
                scripts.append(script)
            seed += 1
        return seeds, scripts

    def tensors(self, scripts):
        """shape and motion [n, colours] (-1: no object of this colour); camera, sky, ground [n]."""
        n = len(scripts)
        shape, motion = (torch.full((n, self.colours), -1) for _ in range(2))
        scene = torch.zeros(3, n, dtype=torch.long)
        for i, script in enumerate(scripts):
            s = script.segments[0]
            scene[:, i] = torch.tensor([s.camera, s.sky, s.ground])
            for o in s.objects[:s.object_count]:
                shape[i, o.colour], motion[i, o.colour] = o.shape, o.motion
        camera, sky, ground = scene.to(self.device)
        return dict(shape=shape.to(self.device), motion=motion.to(self.device), camera=camera, sky=sky, ground=ground)


def loss(answer, truth):
    present = (truth["shape"] >= 0).float()
    total = F.binary_cross_entropy_with_logits(answer["present"], present)
    for name in ("shape", "motion"):
        total = total + F.cross_entropy(answer[name].flatten(0, 1), truth[name].flatten().long(), ignore_index=-1)
    for name in ("camera", "sky", "ground"):
        total = total + F.cross_entropy(answer[name], truth[name])
    return total


def accuracy(answer, truth):
    """Share of right answers per attribute; shape and motion over the requested objects.

    "colour" asks whether the colours that look most present are the requested ones: the k most
    confident slots, where k is the number of objects in the prompt.
    """
    wanted = truth["shape"] >= 0
    rank = answer["present"].argsort(-1, descending=True).argsort(-1)
    found = wanted & (rank < wanted.sum(-1, keepdim=True))
    result = dict(colour=found.sum() / wanted.sum())
    for name in ("shape", "motion"):
        right = answer[name].argmax(-1) == truth[name]
        result[name] = (right & wanted).sum() / wanted.sum()
    for name in ("camera", "sky", "ground"):
        result[name] = (answer[name].argmax(-1) == truth[name]).float().mean()
    return {k: float(v) for k, v in result.items()}


def frechet(a, b):
    """Fréchet distance between two sets of features [n, d]."""
    a, b = a.double(), b.double()
    x, cb = (a - a.mean(0)) / (len(a) - 1) ** 0.5, torch.cov(b.T)
    # Of cov(a) cov(b) = x' x cov(b) and of x cov(b) x', which is symmetric and [n, n], all but zeros are the same.
    cross = torch.linalg.eigvalsh(x @ cb @ x.T).clamp(min=0).sqrt().sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + (x * x).sum() + cb.trace() - 2 * cross)
