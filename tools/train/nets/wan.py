"""Wan2.1-architecture video transformer with diffusers' tensor names, bidirectional and causal.

Latents are [B, F, C, h, w]; every frame has its own timestep, every frame its own caption (an
index into the captions of its clip). Three ways to run the same weights:
  bidirectional    all frames see all frames (the teacher, and the critic of distillation)
  teacher forcing  noisy chunk i sees clean chunks < i and itself, all chunks in one pass
  cached           one chunk against keys and values kept from earlier chunks (the roll-out)
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from nets.tracks import TrackEncoder


def sinusoid(t, dim):
    half = dim // 2
    frequency = torch.exp(-math.log(10000.0) / half * torch.arange(half, device=t.device, dtype=torch.float64))
    angle = t.double()[..., None] * frequency
    return torch.cat([angle.cos(), angle.sin()], -1).float()


def rope_table(frames, height, width, head_dim, first_frame, device):
    """cos and sin [frames * height * width, head_dim / 2] of the three-axis rotation."""
    pairs = head_dim // 2
    space = pairs // 3
    time = pairs - 2 * space

    def angles(positions, n):
        w = 10000.0 ** (-torch.arange(n, device=device, dtype=torch.float64) / n)
        return positions.double()[:, None] * w

    t = angles(torch.arange(first_frame, first_frame + frames, device=device), time)
    y = angles(torch.arange(height, device=device), space)
    x = angles(torch.arange(width, device=device), space)
    grid = (frames, height, width)
    angle = torch.cat([t[:, None, None].expand(*grid, -1), y[None, :, None].expand(*grid, -1),
                       x[None, None, :].expand(*grid, -1)], -1).flatten(0, 2)
    return angle.cos().float(), angle.sin().float()


def rotate(x, rope):  # [B, L, heads, d], adjacent values form the complex pairs
    cos, sin = (r[None, :, None] for r in rope)
    a, b = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2).type_as(x)


def attend(q, k, v):  # [B, L, heads, d]
    q, k, v = (x.to(v.dtype).transpose(1, 2) for x in (q, k, v))
    y = F.scaled_dot_product_attention(q, k, v)
    return y.transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, dim) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(dim, dim)])
        self.norm_q, self.norm_k = nn.RMSNorm(dim, eps=1e-6), nn.RMSNorm(dim, eps=1e-6)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1))

    def q(self, x):
        return self.split(self.norm_q(self.to_q(x).float()))

    def kv(self, x):
        return self.split(self.norm_k(self.to_k(x).float())), self.split(self.to_v(x))

    def out(self, x):
        return self.to_out[0](x.flatten(-2))


class FeedForward(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        up = nn.Module()
        up.proj = nn.Linear(dim, hidden)
        self.net = nn.ModuleList([up, nn.Identity(), nn.Linear(hidden, dim)])

    def forward(self, x):
        return self.net[2](F.gelu(self.net[0].proj(x), approximate="tanh"))


def chunk_causal(q, k, v, chunk):
    """Every chunk sees itself and the chunks before it."""
    return torch.cat([attend(q[:, i:i + chunk], k[:, :i + chunk], v[:, :i + chunk])
                      for i in range(0, q.shape[1], chunk)], 1)


def teacher_forced(q, k, v, chunk):
    """The sequence is [clean | noisy]; noisy chunk i sees clean chunks < i and itself."""
    half = q.shape[1] // 2
    parts = [chunk_causal(q[:, :half], k[:, :half], v[:, :half], chunk)]
    for i in range(0, half, chunk):
        own = slice(half + i, half + i + chunk)
        keys, values = (torch.cat([x[:, :i], x[:, own]], 1) for x in (k, v))
        parts.append(attend(q[:, own], keys, values))
    return torch.cat(parts, 1)


class Block(nn.Module):
    def __init__(self, dim, heads, hidden):
        super().__init__()
        self.dim = dim
        self.attn1, self.attn2 = Attention(dim, heads), Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.ffn = FeedForward(dim, hidden)
        self.scale_shift_table = nn.Parameter(torch.randn(1, 6, dim) / dim**0.5)

    def modulate(self, x, shift, scale, frames):
        y = F.layer_norm(x, (self.dim,), eps=1e-6).unflatten(1, (frames, -1))
        return (y * (1 + scale[:, :, None]) + shift[:, :, None]).flatten(1, 2)

    def gated(self, y, gate, frames):
        return (y.unflatten(1, (frames, -1)) * gate[:, :, None]).flatten(1, 2)

    def cross(self, x, text):
        """text: keys and values [B * chunks, L, heads, d] of every chunk's own caption."""
        groups = text[0].shape[0] // x.shape[0]
        q = self.attn2.q(self.norm2(x)).unflatten(1, (groups, -1)).flatten(0, 1)
        y = self.attn2.out(attend(q, *text))
        return y.unflatten(0, (x.shape[0], groups)).flatten(1, 2)

    def forward(self, x, e0, text, rope, mode, chunk, past):
        """x [B, L, d]; e0 [B, F, 6, d]; returns x and this pass's rotated keys and values."""
        frames = e0.shape[1]
        sh1, sc1, g1, sh2, sc2, g2 = (self.scale_shift_table + e0).unbind(2)
        h = self.modulate(x, sh1, sc1, frames)
        q = rotate(self.attn1.q(h), rope)
        k, v = self.attn1.kv(h)
        k = rotate(k, rope)
        if mode == "teacher_forcing":
            y = teacher_forced(q, k, v, chunk)
        elif past is not None:
            y = attend(q, torch.cat([past[0], k], 1), torch.cat([past[1], v], 1))
        else:
            y = attend(q, k, v)
        x = x + self.gated(self.attn1.out(y), g1, frames)
        x = x + self.cross(x, text)
        return x + self.gated(self.ffn(self.modulate(x, sh2, sc2, frames)), g2, frames), (k, v)


class WanTransformer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = c = config
        dim = c["num_attention_heads"] * c["attention_head_dim"]
        self.dim, self.patch = dim, c["patch_size"]
        self.patch_embedding = nn.Conv3d(c["in_channels"], dim, self.patch, stride=self.patch)
        embed = self.condition_embedder = nn.Module()
        embed.text_embedder, embed.time_embedder = nn.Module(), nn.Module()
        embed.text_embedder.linear_1 = nn.Linear(c["text_dim"], dim)
        embed.text_embedder.linear_2 = nn.Linear(dim, dim)
        embed.time_embedder.linear_1 = nn.Linear(c["freq_dim"], dim)
        embed.time_embedder.linear_2 = nn.Linear(dim, dim)
        embed.time_proj = nn.Linear(dim, 6 * dim)
        self.blocks = nn.ModuleList([Block(dim, c["num_attention_heads"], c["ffn_dim"])
                                     for _ in range(c["num_layers"])])
        self.scale_shift_table = nn.Parameter(torch.randn(1, 2, dim) / dim**0.5)
        if c["in_channels"] > c["out_channels"]:
            self.track_encoder = TrackEncoder(c["in_channels"] - c["out_channels"])
        self.proj_out = nn.Linear(dim, c["out_channels"] * math.prod(self.patch))
        self.reset()

    def reset(self):
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.zeros_(m.bias)
        embed = self.condition_embedder
        for m in (embed.time_embedder.linear_1, embed.time_embedder.linear_2,
                  embed.text_embedder.linear_1, embed.text_embedder.linear_2, embed.time_proj):
            nn.init.normal_(m.weight, std=0.02)
        nn.init.xavier_uniform_(self.patch_embedding.weight.flatten(1))
        with torch.no_grad():
            self.patch_embedding.weight[:, self.config["out_channels"]:] = 0  # track channels
        nn.init.zeros_(self.proj_out.weight)

    def text_context(self, embeds):
        """Caption embeddings [N, L, text_dim] -> per layer keys and values [N, L, heads, d]."""
        t = self.condition_embedder.text_embedder
        context = t.linear_2(F.gelu(t.linear_1(embeds), approximate="tanh"))
        return [b.attn2.kv(context) for b in self.blocks]

    def forward(self, latents, t, text, caption, mode="bidirectional", clean=None, past=None,
                first_frame=0, chunk_frames=3, tracks=None):
        """The flow (noise - clean) of `latents` [B, F, C, h, w].

        t [B, F]; text: list over layers from text_context; caption [B, F / chunk_frames]: which
        caption each chunk follows, as an index into text's first axis. With mode
        "teacher_forcing", `clean` holds the true latents of the same frames. `tracks`: what the
        track encoder made of points, or none. `past`: per layer
        keys and values of the frames before `first_frame`. Returns (flow, keys and values).
        """
        if mode == "teacher_forcing":
            latents = torch.cat([clean, latents], 1)
            t = torch.cat([torch.zeros_like(t), t], 1)
            caption = torch.cat([caption, caption], 1)
            tracks = None if tracks is None else torch.cat([tracks, tracks], 1)
        b, frames, c, h, w = latents.shape
        pt, ph, pw = self.patch
        gh, gw = h // ph, w // pw
        if tracks is None:
            x = F.pad(latents, (0, 0, 0, 0, 0, self.config["in_channels"] - c))
        else:
            x = torch.cat([latents, tracks.to(latents.dtype)], 2)
        x = x.flatten(0, 1)[:, :, None]
        x = self.patch_embedding(x).flatten(2).transpose(1, 2).reshape(b, frames * gh * gw, self.dim)
        embed = self.condition_embedder
        e = sinusoid(t, self.config["freq_dim"]).to(x.dtype)
        e = embed.time_embedder.linear_2(F.silu(embed.time_embedder.linear_1(e)))
        e0 = embed.time_proj(F.silu(e)).unflatten(-1, (6, self.dim))
        if mode == "teacher_forcing":
            rope = [r.repeat(2, 1) for r in self.rope(frames // 2, gh, gw, 0, x.device)]
        else:
            rope = self.rope(frames, gh, gw, first_frame, x.device)
        index = caption.flatten()
        kept = []
        for i, block in enumerate(self.blocks):
            keys, values = text[i]
            x, kv = block(x, e0, (keys[index], values[index]), rope, mode, chunk_frames * gh * gw,
                          None if past is None else past[i])
            kept.append(kv)
        shift, scale = (self.scale_shift_table + e[:, :, None]).unbind(2)
        y = F.layer_norm(x, (self.dim,), eps=1e-6).unflatten(1, (frames, -1))
        y = self.proj_out(y * (1 + scale[:, :, None]) + shift[:, :, None])
        y = y.view(b, frames, gh, gw, ph, pw, -1).permute(0, 1, 6, 2, 4, 3, 5).reshape(b, frames, -1, h, w)
        if mode == "teacher_forcing":
            y = y[:, frames // 2:]
        return y, kept

    def rope(self, frames, gh, gw, first_frame, device):
        key = (frames, gh, gw, first_frame)
        cache = self.__dict__.setdefault("_rope_cache", {})
        if key not in cache:
            cache[key] = rope_table(frames, gh, gw, self.config["attention_head_dim"], first_frame, device)
        return cache[key]
