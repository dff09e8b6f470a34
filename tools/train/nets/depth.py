"""Depth of a picture from its latents: a few convolutions on the latent grid."""

from torch import nn
from torch.nn import functional as F


class DepthHead(nn.Module):
    def __init__(self, channels=16, width=48, layers=6):
        super().__init__()
        self.enter = nn.Conv2d(channels, width, 3, padding=1)
        self.layers = nn.ModuleList([nn.Conv2d(width, width, 3, padding=1) for _ in range(layers)])
        self.leave = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, latents):
        """Normalized latents [n, 16, h, w] -> log of the depth along the optical axis [n, h, w], scene units."""
        x = F.relu(self.enter(latents))
        for layer in self.layers:
            x = F.relu(x + layer(x))
        return self.leave(x)[:, 0]
