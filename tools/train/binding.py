"""What belongs together in a caption: which colour, shape and motion are of one object.

The flow loss alone leaves the text encoder a bag of words: of two objects the colours come out
right and the shapes change places. Here every word that names an attribute must tell which others
stand with it, so that the rows of the text carry it to the video transformer.
"""

import torch
from torch import nn
from torch.nn import functional as F

KINDS = 3  # of attributes: shape, colour, motion


def attribute_count(world):
    return sum(len(world.names(kind)) for kind in range(KINDS))


def pairs(world, segment):
    """[n, n] uint8: 1 where some object has both attributes."""
    counts = [len(world.names(kind)) for kind in range(KINDS)]
    out = torch.zeros(sum(counts), sum(counts), dtype=torch.uint8)
    for o in segment.objects[:segment.object_count]:
        own = torch.tensor([o.shape, counts[0] + o.colour, counts[0] + counts[1] + o.motion])
        out[own[:, None], own[None]] = 1
    return out


class Binding(nn.Module):
    """A query per attribute looks over the rows of a text and says which attributes go with it."""

    def __init__(self, attributes, dim):
        super().__init__()
        self.query = nn.Parameter(torch.randn(attributes, dim) / dim**0.5)
        self.key, self.value = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.answer = nn.Linear(2 * dim, attributes)

    def loss(self, rows, valid, pairs):
        """rows [N, L, d] of the encoder, valid [N, L], pairs [N, n, n]."""
        score = self.query @ self.key(rows).transpose(1, 2)  # [N, n, L]
        score = score.float().masked_fill(~valid[:, None], -1e9)
        seen = score.softmax(-1).to(rows.dtype) @ self.value(rows)
        query = self.query.to(rows.dtype).expand(len(rows), -1, -1)
        answer = self.answer(F.gelu(torch.cat([seen, query], -1)))
        named = pairs.diagonal(dim1=1, dim2=2).bool()
        return F.binary_cross_entropy_with_logits(answer[named].float(), pairs[named].float())
