"""The track encoder: what the transformer is told of motion, as channels beside the latents.

Every visible point adds the sinusoids of its id, and how fast it moves, to the latent cells around it;
four frames become one by a convolution in time, and channels are mixed. All of it is linear, so points are
embedded first and scattered then, and no dense map of ids is ever made.

Speeds are not MotionStream's. Ids alone make the transformer find a point again among all others before it
knows where that one went: it learnt to follow a cluster of points on an object, never the ground.
"""

import math

import torch
from torch import nn

IDS, ID_DIM, TAPS = 100_000, 64, 4


def waves(ids):
    """[..., ID_DIM] of ids, which the runtime spreads as here."""
    number = (ids.long() % 2**32 * 61803 % IDS).double()
    half = ID_DIM // 2
    period = torch.exp(-math.log(10000.0) / half * torch.arange(half, device=ids.device, dtype=torch.float64))
    angle = number[..., None] * period
    return torch.cat([angle.cos(), angle.sin()], -1).float()


def speeds(places, visible, cells):
    """places [B, T, N, 2], visible [B, T, N] -> cells a latent frame [B, T, N, 2], one for all frames of a
    group of four: from the first to the last that shows the point."""
    places, visible = (x.unflatten(1, (-1, TAPS)) for x in (places, visible))
    at = torch.arange(TAPS, device=places.device).view(1, 1, TAPS, 1)
    first = torch.where(visible, at, TAPS - 1).amin(2, keepdim=True)
    last = torch.where(visible, at, 0).amax(2, keepdim=True)
    time = (last - first).clamp(min=0)
    place = lambda when: places.gather(2, when[..., None].expand(-1, -1, -1, -1, 2))
    speed = (place(last) - place(first)) * cells * (TAPS / time.clamp(min=1)[..., None]) * (time > 0)[..., None]
    return speed.expand_as(places).flatten(1, 2)


class TrackEncoder(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.temporal = nn.Conv3d(ID_DIM, channels, (TAPS, 1, 1), stride=(TAPS, 1, 1), bias=False)
        self.speed = nn.Conv3d(2, channels, (TAPS, 1, 1), stride=(TAPS, 1, 1), bias=False)
        self.mix = nn.Conv3d(channels, channels, 1, bias=False)
        nn.init.normal_(self.temporal.weight, std=(2 / ID_DIM) ** 0.5)
        nn.init.normal_(self.speed.weight, std=0.4)
        nn.init.orthogonal_(self.mix.weight.flatten(1))

    def forward(self, points, height, width):
        """Points of whole groups of four frames -> [B, T / 4, C, height, width]. `points` are places
        [B, T, N, 2], 0 and 1 the middles of the outermost cells; visible [B, T, N]; ids [B, N]."""
        places, visible, ids = points
        b, frames, n, _ = places.shape
        cells = torch.tensor([width - 1, height - 1], device=places.device)
        taps, turns = (torch.einsum("ck,kit->tci", self.mix.weight.flatten(1), w.flatten(2))
                       for w in (self.temporal.weight, self.speed.weight))
        embedded = torch.einsum("bni,tci->btnc", waves(ids), taps)  # [B, 4, N, C]
        moving = torch.einsum("bftni,tci->bftnc", speeds(places, visible, cells).unflatten(1, (-1, TAPS)), turns)
        values = (embedded.repeat(1, frames // TAPS, 1, 1) + moving.flatten(1, 2)) * visible[..., None]
        at = places.clamp(0, 1) * cells
        cell = torch.minimum(at.long(), torch.tensor([width - 2, height - 2], device=places.device))
        part = at - cell
        clip = torch.arange(b, device=places.device)[:, None, None] * (frames // TAPS)
        latent = clip + torch.arange(frames, device=places.device)[None, :, None] // TAPS
        first = (latent * height + cell[..., 1]) * width + cell[..., 0]
        out = values.new_zeros(b * (frames // TAPS) * height * width, values.shape[-1])
        for dy in (0, 1):
            for dx in (0, 1):
                weight = (part[..., 0] if dx else 1 - part[..., 0]) * (part[..., 1] if dy else 1 - part[..., 1])
                out = out.index_add(0, (first + dy * width + dx).flatten(),
                                    (values * weight[..., None]).flatten(0, 2))
        return out.view(b, frames // TAPS, height, width, -1).movedim(-1, 2)
