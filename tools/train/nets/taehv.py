"""TAEHV-architecture autoencoder: 4x8x8 causal video latents.

Tensor names follow the public taew2_1 file (`encoder.i...`, `decoder.i...`), so that the runtime
reads ours and theirs with the same code. Clips are [B, T, 3, H, W] in [0, 1] with T a multiple of
4; latents are [B, T / 4, 16, H / 8, W / 8]. The decoder's first three frames are warm-up.
"""

import torch
from torch import nn
from torch.nn import functional as F


def conv(n_in, n_out, stride=1, bias=True):
    return nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=bias)


class MemBlock(nn.Module):
    """A residual block that also sees its own input of the previous time step."""

    def __init__(self, n):
        super().__init__()
        self.conv = nn.Sequential(conv(2 * n, n), nn.ReLU(), conv(n, n), nn.ReLU(), conv(n, n))

    def forward(self, x, batch):  # [B * T, n, h, w]
        n, h, w = x.shape[1:]
        video = x.view(batch, -1, n, h, w)
        past = F.pad(video, (0, 0, 0, 0, 0, 0, 1, 0))[:, :-1].reshape(x.shape)
        return F.relu(self.conv(torch.cat([x, past], 1)) + x)


class TPool(nn.Module):
    def __init__(self, n, stride):
        super().__init__()
        self.stride = stride
        self.conv = nn.Conv2d(n * stride, n, 1, bias=False)

    def forward(self, x):
        n, h, w = x.shape[1:]
        return self.conv(x.reshape(-1, n * self.stride, h, w))


class TGrow(nn.Module):
    def __init__(self, n, stride):
        super().__init__()
        self.conv = nn.Conv2d(n, n * stride, 1, bias=False)

    def forward(self, x):
        n, h, w = x.shape[1:]
        return self.conv(x).reshape(-1, n, h, w)


class Clamp(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


class Upsample(nn.Module):
    def forward(self, x):
        return F.interpolate(x, scale_factor=2, mode="nearest")


class Stack(nn.Sequential):
    """A Sequential over frames folded into the batch."""

    def forward(self, video):  # [B, T, C, h, w]
        batch = video.shape[0]
        x = video.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        for block in self:
            x = block(x, batch) if isinstance(block, MemBlock) else block(x)
        return x.view(batch, -1, *x.shape[1:])


class Taehv(nn.Module):
    def __init__(self, encoder_channels=(32, 64, 64), decoder_channels=(128, 64, 48, 32), latent=16):
        super().__init__()
        e0, e1, e2 = encoder_channels
        d0, d1, d2, d3 = decoder_channels
        self.encoder = Stack(
            conv(3, e0), nn.ReLU(),
            TPool(e0, 2), conv(e0, e0, 2, False), MemBlock(e0), MemBlock(e0), MemBlock(e0),
            TPool(e0, 2), conv(e0, e1, 2, False), MemBlock(e1), MemBlock(e1), MemBlock(e1),
            TPool(e1, 1), conv(e1, e2, 2, False), MemBlock(e2), MemBlock(e2), MemBlock(e2),
            conv(e2, latent))
        self.decoder = Stack(
            Clamp(), conv(latent, d0), nn.ReLU(),
            MemBlock(d0), MemBlock(d0), MemBlock(d0), Upsample(), TGrow(d0, 1), conv(d0, d1, 1, False),
            MemBlock(d1), MemBlock(d1), MemBlock(d1), Upsample(), TGrow(d1, 2), conv(d1, d2, 1, False),
            MemBlock(d2), MemBlock(d2), MemBlock(d2), Upsample(), TGrow(d2, 2), conv(d2, d3, 1, False),
            nn.ReLU(), conv(d3, 3))

        self.reset()

    @torch.no_grad()
    def reset(self):
        """Keeps the variance of activations through the depth: there is no normalization."""
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, nonlinearity="linear")
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
        for m in self.modules():
            if isinstance(m, MemBlock):
                for i, gain in ((0, 1.4), (2, 1.4), (4, 0.1)):
                    m.conv[i].weight.mul_(gain)
        self.decoder[22].weight.mul_(0.5)
        self.decoder[22].bias.fill_(0.5)

    def encode(self, frames):
        return self.encoder(frames)

    def decode(self, latents):
        """All frames, warm-up included, not clamped."""
        return self.decoder(latents)
