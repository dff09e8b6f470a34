"""A network that follows points of a clip's first frame through all of it (after PIPs, CoTracker and LocoTrack).

A small CNN sees every frame. All places of all points are guessed at once and moved a few times, by a transformer over
time and over points: what belongs to one solid moves as one, so that points that are seen tell where those are that
turned away. It sees, at several scales, how alike the surroundings of a place are to those of the point in the first
frame and to those in the frames before and after (a solid that rolls looks like itself a frame ago, not like itself at
the beginning), and where in the whole picture there is something like the point.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from common import HEIGHT, WIDTH

STRIDE, LEVELS, ITERATIONS = 4, 4, 4
SIDE = 4  # cells of a surrounding
POOL, HEAT = 4, (HEIGHT // 16, WIDTH // 16)  # cells of the whole picture, each the best of POOL x POOL
WAVES = 5
MARGIN = 32  # pixels that a place is outside of the picture at most


class Residual(nn.Module):
    def __init__(self, n_in, n, stride):
        super().__init__()
        self.skip = nn.Conv2d(n_in, n, 1, stride) if stride > 1 or n_in != n else nn.Identity()
        self.body = nn.Sequential(nn.Conv2d(n_in, n, 3, stride, 1), nn.InstanceNorm2d(n, affine=True), nn.ReLU(),
                                  nn.Conv2d(n, n, 3, 1, 1), nn.InstanceNorm2d(n, affine=True))

    def forward(self, x):
        return F.relu(self.skip(x) + self.body(x))


def turned(x):
    """Rotary positions along the last axis but one."""
    t, d = x.shape[-2:]
    period = 128 ** (-torch.arange(d // 2, device=x.device) / (d // 2))
    angle = torch.arange(t, device=x.device)[:, None] * period
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class Attention(nn.Module):
    def __init__(self, width, heads=4):
        super().__init__()
        self.heads = heads
        self.norm, self.enter, self.leave = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, over_time, mask=None):
        """x [A, L, W] over L."""
        q, k, v = self.enter(self.norm(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k = (turned(q), turned(k)) if over_time else (q, k)
        return x + self.leave(F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.time, self.points = Attention(width), Attention(width)
        self.mix = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x, mask):
        """x [B, N, T, W]; mask [B T, 1, 1, N]: the points that the others look at."""
        b, n = x.shape[:2]
        x = self.time(x.flatten(0, 1), True).unflatten(0, (b, n))
        x = self.points(x.transpose(1, 2).flatten(0, 1), False, mask).unflatten(0, (b, -1)).transpose(1, 2)
        return x + self.mix(x)


def surroundings(maps, at, side=SIDE):
    """What maps [B, T, h, w, C] hold at side x side places, a cell apart, around places [B, N, T, 2] of every frame:
    [B, N, T, side * side, C]."""
    b, t, h, w, c = maps.shape
    at = at - side / 2
    corner = at.floor()
    index = corner.long()[..., None] + torch.arange(side + 1, device=at.device)  # [B, N, T, 2, side + 1]
    x, y = index[..., 0, :].clamp(0, w - 1), index[..., 1, :].clamp(0, h - 1)
    frame = torch.arange(b * t, device=at.device).view(b, 1, t, 1, 1)
    rows = (frame * h + y[..., :, None]) * w + x[..., None, :]
    near = maps.reshape(-1, c).index_select(0, rows.flatten()).view(*rows.shape, c)
    near = near.to(torch.get_autocast_dtype("cuda")) if torch.is_autocast_enabled("cuda") else near
    right, down = (at - corner)[..., None, None, None].to(near.dtype).unbind(3)
    near = torch.lerp(near[:, :, :, :-1], near[:, :, :, 1:], down)
    return torch.lerp(near[..., :-1, :], near[..., 1:, :], right).flatten(3, 4)


def waves(x):
    """[..., 2] in about [-1, 1] -> [..., 4 * WAVES]."""
    angle = math.pi * x[..., None] * 2.0 ** torch.arange(WAVES, device=x.device)
    return torch.cat([angle.sin(), angle.cos()], -1).flatten(-2)


class Tracker(nn.Module):
    def __init__(self, width=192, channels=64, depth=4):
        super().__init__()
        self.look = nn.Sequential(Residual(3, 32, 2), Residual(32, 96, 2), Residual(96, 96, 1), Residual(96, 96, 1),
                                  nn.Conv2d(96, channels, 1))
        self.sharpness = nn.Parameter(torch.tensor(2.5))
        self.compare = nn.Sequential(nn.Linear(LEVELS * 3 * SIDE**4 + 8, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.describe = nn.Linear(2 * LEVELS * channels + HEAT[0] * HEAT[1] + 8 * WAVES + 8, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3))
        nn.init.zeros_(self.leave[1].weight)
        nn.init.zeros_(self.leave[1].bias)

    def compile_parts(self):
        torch._dynamo.config.recompile_limit = 64
        self.look.compile(dynamic=False)
        for block in self.blocks:
            block.compile(dynamic=False)

    def maps(self, frames):
        """Frames [B, T, 3, H, W] in [0, 1] -> unit vectors of every cell at every scale [B, T, h, w, C]."""
        maps = F.normalize(self.look((2 * frames.flatten(0, 1) - 1).contiguous()).float(), dim=1)
        levels = [maps]
        for _ in range(LEVELS - 1):
            levels.append(F.avg_pool2d(levels[-1], 2, ceil_mode=True))
        return [m.unflatten(0, frames.shape[:2]).movedim(2, -1).contiguous() for m in levels]

    def anywhere(self, maps, start):
        """Where there is something like the points: how alike the picture's cells are [B, N, T, cells], and the middle
        of all places that are [B, N, T, 2] in pixels."""
        point = F.normalize(surroundings(maps[:, :1], start[:, :, None] / STRIDE, 1)[:, :, 0, 0], dim=-1)
        alike = torch.einsum("bthwc,bnc->bnthw", maps, point.to(maps.dtype))
        heat = F.max_pool2d(alike.flatten(0, 1), POOL).unflatten(0, alike.shape[:2]).flatten(3)
        share = (self.sharpness.exp() * heat.float()).softmax(-1)
        y, x = torch.meshgrid(*(torch.arange(n, device=maps.device) + 0.5 for n in HEAT), indexing="ij")
        return heat, share @ (torch.stack([x, y], -1).flatten(0, 1) * POOL * STRIDE)

    def comparisons(self, levels, places):
        """How alike surroundings of places [B, N, T, 2] are to those in the first frame and in the frames before and
        after, and what they are, also in the first frame."""
        alike, there = [], []
        for i, maps in enumerate(levels):
            here = surroundings(maps, places / (STRIDE * 2**i))
            step = here[:, :, 1:] @ here[:, :, :-1].mT
            alike += [(here @ here[:, :, :1].mT).flatten(3), F.pad(step.flatten(3), (0, 0, 1, 0)),
                      F.pad(step.mT.flatten(3), (0, 0, 0, 1))]
            there.append(here.mean(3))
        there = torch.cat(there, -1)
        return torch.cat(alike, -1), torch.cat([there, there[:, :, :1].expand_as(there)], -1)

    def forward(self, frames, start, shown):
        """frames [B, T, 3, H, W] in [0, 1]; start [B, N, 2] pixels of the first; shown [B, N], the points that it
        really shows -> every iteration's places [B, T, N, 2] and logits of being visible [B, T, N]."""
        (b, t), n = frames.shape[:2], start.shape[1]
        size = torch.tensor([frames.shape[4], frames.shape[3]], device=frames.device)
        levels = self.maps(frames)
        heat, middle = self.anywhere(levels[0], start)
        mask = shown[:, None].expand(b, t, n).reshape(b * t, 1, 1, n)
        time = (torch.arange(t, device=frames.device) / t)[None, None, :, None].expand(b, n, t, 1)
        start = start[:, :, None]
        begin = waves(2 * start / size - 1).expand(b, n, t, -1)
        places, seen, x, out = start.expand(b, n, t, 2), torch.zeros_like(time), 0, []
        for _ in range(ITERATIONS):
            alike, there = self.comparisons(levels, places)
            step = (places[:, :, 1:] - places[:, :, :-1]) / 8
            moves = [F.pad(step, (0, 0, 1, 0)), F.pad(step, (0, 0, 0, 1)), (middle - places) / 32, seen, time]
            moves = torch.cat(moves, -1).to(alike.dtype)
            where = torch.cat([waves(2 * places / size - 1), begin], -1).to(alike.dtype)
            x = x + self.compare(torch.cat([alike, moves], -1))
            x = x + self.describe(torch.cat([there, heat, where, moves], -1))
            for block in self.blocks:
                x = block(x, mask)
            moved, seen = self.leave(x).float().split((2, 1), -1)
            places = torch.cat([start, (places + 8 * moved)[:, :, 1:]], 2)
            out.append((places.transpose(1, 2), seen[..., 0].transpose(1, 2)))
            seen, places = seen.detach(), places.detach()
            places = torch.minimum(places.clamp(min=-MARGIN), size + MARGIN)
        return out


def mean(x, weight):
    return (x * weight).sum() / weight.sum()


def loss(answers, places, visible, weight, shown):
    """Of every iteration, the last counts most; `weight` [B, T, N] of places."""
    shown = shown[:, None].expand_as(visible).float()
    total, weight = 0, weight * shown
    for i, (at, seen) in enumerate(answers):
        far = F.smooth_l1_loss(at, places, reduction="none", beta=0.5).sum(-1) / 4
        unsure = F.binary_cross_entropy_with_logits(seen, visible.float(), reduction="none")
        total = total + 0.8 ** (len(answers) - 1 - i) * (mean(far, weight) + 0.2 * mean(unsure, shown))
    return total


@torch.no_grad()
def retrack(tracker, clips, start, shown, batch=8):
    """Where points [n, N, 2] of the first frames of clips [n, T, H, W, 3] go, of those that are shown there [n, N]:
    [n, T, N, 2] pixels."""
    found = []
    for c, p, s in zip(clips.split(batch), start.split(batch), shown.split(batch)):
        with torch.autocast(clips.device.type, torch.bfloat16, enabled=clips.is_cuda):
            found.append(tracker(c.movedim(-1, 2).float() / 255, p, s)[-1][0])
    return torch.cat(found)
