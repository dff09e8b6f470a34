"""The judge: what is in a clip, how it moves and how the camera moves.

It sees 16 frames of a clip at half resolution. Objects of a clip have different colours, so each
colour is a slot: is there an object of this colour, of which shape, moving how? Camera, sky and
ground are one choice each. The pooled features give a Fréchet distance between sets of clips.
"""

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


class Judge(nn.Module):
    def __init__(self, colours, shapes, motions, cameras, skies, grounds):
        super().__init__()
        self.sizes = (colours, shapes, motions, cameras, skies, grounds)

        def down(n_in, n_out, stride):
            return nn.Sequential(nn.Conv3d(n_in, n_out, (1, 3, 3), stride=(stride, 2, 2), padding=(0, 1, 1), bias=False),
                                 nn.BatchNorm3d(n_out), nn.ReLU())

        self.trunk = nn.Sequential(
            down(3, 32, 1), Residual(32, (1, 3, 3)),
            down(32, 64, 1), Residual(64, (3, 3, 3)),
            down(64, 96, 1), Residual(96, (3, 3, 3)),
            down(96, 128, 2), Residual(128, (3, 3, 3)), Residual(128, (1, 3, 3)))  # [n, 128, 8, 5, 8]
        self.grid = nn.Conv3d(128, 16, 1)
        self.features = nn.Sequential(nn.Linear(16 * 8 * 5 * 8, 384), nn.LayerNorm(384), nn.ReLU())
        self.objects = nn.Linear(384 + 128, colours * (1 + shapes + motions))
        self.scene = nn.Linear(384 + 128, cameras + skies + grounds)

    def forward(self, clip):
        x = self.trunk(clip)
        feature = torch.cat([self.features(self.grid(x).flatten(1)), x.mean((2, 3, 4))], 1)
        colours, shapes, motions, *scene = self.sizes
        slots = self.objects(feature).view(-1, colours, 1 + shapes + motions)
        present, shape, motion = slots.split((1, shapes, motions), -1)
        camera, sky, ground = self.scene(feature).split(tuple(scene), -1)
        return dict(present=present[..., 0], shape=shape, motion=motion, camera=camera, sky=sky, ground=ground,
                    feature=feature)


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
    ca, cb = torch.cov(a.T), torch.cov(b.T)
    cross = torch.linalg.eigvals(ca @ cb).sqrt().real.sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + ca.trace() + cb.trace() - 2 * cross)
