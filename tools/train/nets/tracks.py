"""The track encoder: what the transformer is told of motion, as channels beside the latents.

Every visible point adds the sinusoids of its id to the latent cells around it; four frames become
one by a convolution in time, and channels are mixed. All of it is linear, so points are embedded
first and scattered then, and no dense map of ids is ever made.
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


class TrackEncoder(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.temporal = nn.Conv3d(ID_DIM, channels, (TAPS, 1, 1), stride=(TAPS, 1, 1), bias=False)
        self.mix = nn.Conv3d(channels, channels, 1, bias=False)
        nn.init.normal_(self.temporal.weight, std=(2 / ID_DIM) ** 0.5)
        nn.init.orthogonal_(self.mix.weight.flatten(1))

    def forward(self, points, height, width):
        """Points of whole groups of four frames -> [B, T / 4, C, height, width]. `points` are places
        [B, T, N, 2], 0 and 1 the middles of the outermost cells; visible [B, T, N]; ids [B, N]."""
        places, visible, ids = points
        b, frames, n, _ = places.shape
        taps = torch.einsum("ck,kit->tci", self.mix.weight.flatten(1), self.temporal.weight.flatten(2))
        embedded = torch.einsum("bni,tci->btnc", waves(ids), taps)  # [B, 4, N, C]
        values = embedded.repeat(1, frames // TAPS, 1, 1) * visible[..., None]
        at = places.clamp(0, 1) * torch.tensor([width - 1, height - 1], device=places.device)
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
