"""umT5-architecture text encoder with Hugging Face's tensor names (UMT5EncoderModel)."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class RmsNorm(nn.Module):
    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x):
        scale = torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + self.eps)
        return (x.float() * scale).type_as(x) * self.weight


def position_buckets(length, buckets, max_distance, device):
    """Bucket of key - query for every pair: [length, length]."""
    index = torch.arange(length, device=device)
    relative = index[None, :] - index[:, None]
    half = buckets // 2
    exact = half // 2
    n = relative.abs()
    log = exact + (torch.log(n.clamp(min=1).float() / exact) / math.log(max_distance / exact)
                   * (half - exact)).long()
    return (relative > 0) * half + torch.where(n < exact, n, log.clamp(max=half - 1))


def local_bias(buckets, heads, slope=0.7):
    """A bias that falls with the distance, [buckets, heads]: the first head looks back, the second ahead, the
    others both ways. From a bias of zero a small encoder stays a bag of words for a very long time."""
    half = buckets // 2
    near = -slope * torch.arange(half, dtype=torch.float)
    far = near - 4
    back, ahead, both = torch.cat([near, far]), torch.cat([far, near]), torch.cat([near, near])
    return torch.stack([(back, ahead, both)[min(h, 2)] for h in range(heads)], 1)


class SelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        inner = c["num_heads"] * c["d_kv"]
        self.heads = c["num_heads"]
        for name in "qkv":
            setattr(self, name, nn.Linear(c["d_model"], inner, bias=False))
        self.o = nn.Linear(inner, c["d_model"], bias=False)
        self.relative_attention_bias = nn.Embedding(c["relative_attention_num_buckets"], self.heads)

    def forward(self, x, mask, buckets):
        q, k, v = (f(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.q, self.k, self.v))
        bias = self.relative_attention_bias(buckets).permute(2, 0, 1)[None] + mask
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype), scale=1.0)
        return self.o(y.transpose(1, 2).flatten(-2))


class GatedGelu(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.wi_0 = nn.Linear(c["d_model"], c["d_ff"], bias=False)
        self.wi_1 = nn.Linear(c["d_model"], c["d_ff"], bias=False)
        self.wo = nn.Linear(c["d_ff"], c["d_model"], bias=False)

    def forward(self, x):
        return self.wo(F.gelu(self.wi_0(x), approximate="tanh") * self.wi_1(x))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        attention, ffn = nn.Module(), nn.Module()
        attention.SelfAttention, attention.layer_norm = SelfAttention(c), RmsNorm(c["d_model"])
        ffn.DenseReluDense, ffn.layer_norm = GatedGelu(c), RmsNorm(c["d_model"])
        self.layer = nn.ModuleList([attention, ffn])

    def forward(self, x, mask, buckets):
        attention, ffn = self.layer
        x = x + attention.SelfAttention(attention.layer_norm(x), mask, buckets)
        return x + ffn.DenseReluDense(ffn.layer_norm(x))


class Umt5Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.shared = nn.Embedding(config["vocab_size"], config["d_model"])
        nn.init.normal_(self.shared.weight, std=0.5)
        self.encoder = nn.Module()
        self.encoder.block = nn.ModuleList([Block(config) for _ in range(config["num_layers"])])
        self.encoder.final_layer_norm = RmsNorm(config["d_model"])
        for block in self.encoder.block:
            nn.init.normal_(block.layer[0].SelfAttention.q.weight,
                            std=(config["d_model"] * config["d_kv"]) ** -0.5)
            bias = block.layer[0].SelfAttention.relative_attention_bias.weight
            bias.data.copy_(local_bias(*bias.shape))

    def forward(self, tokens):
        """tokens [N, L], 0 = padding -> [N, L, d_model], rows of padding are zero."""
        valid = tokens != 0
        mask = torch.zeros_like(tokens, dtype=torch.float).masked_fill(~valid, -1e9)[:, None, None, :]
        c = self.config
        buckets = position_buckets(tokens.shape[1], c["relative_attention_num_buckets"],
                                   c["relative_attention_max_distance"], tokens.device)
        x = self.shared(tokens)
        for block in self.encoder.block:
            x = block(x, mask, buckets)
        return self.encoder.final_layer_norm(x) * valid[..., None]
