"""Clips as latents and captions as tokens, all of it in GPU memory."""

import random
from concurrent.futures import ThreadPoolExecutor

import torch
from torch.nn import functional as F

from binding import pairs
from common import CHUNK, CLIP_FRAMES, FPS, HEIGHT, LATENT_FRAMES, WIDTH, to_bytes
from world import CAMERA, MAX_OBJECTS, MOTION, Script

VARIANTS = 3
# Captions that are wrong about motion, for clips whose tracks tell better: about one object (its slot), all objects
# and the camera, the camera alone, or silent about what changes half-way.
WRONG_ALL, WRONG_CAMERA, SILENT = range(MAX_OBJECTS, MAX_OBJECTS + 3)
MISLEADING = SILENT + 1
RESTS, STATIC = 0, 0  # motion and camera of what does not move; most prompts have such a camera
CHUNKS = LATENT_FRAMES // CHUNK


def misleading(world, script, seed):
    """Scripts to be described instead of this one, `MISLEADING` of them."""
    chance = random.Random(seed)
    motions = [chance.randrange(len(world.names(MOTION))) for _ in range(MAX_OBJECTS)]
    camera = chance.choice([STATIC, chance.randrange(len(world.names(CAMERA)))])
    told = [Script.from_buffer_copy(script) for _ in range(MISLEADING)]
    for slot in range(MAX_OBJECTS):
        for which in (slot, WRONG_ALL):
            for segment in told[which].segments:
                segment.objects[slot].motion = motions[slot]
        told[SILENT].segments[1].objects[slot].motion = script.segments[0].objects[slot].motion
    for which in (WRONG_ALL, WRONG_CAMERA):
        for segment in told[which].segments:
            segment.camera = camera
    told[SILENT].segments[1].camera = script.segments[0].camera
    return told


class Captions:
    """Captions of scripts: tokens [n, segments, variants + MISLEADING, L], the segment of every chunk, which
    attributes of a segment go together, how many objects the first segment has, and how often a clip should come."""

    def __init__(self, world, tokenizer, first_seed, count, device, variants=VARIANTS):
        def describe(seed):
            script = world.describe(seed, CLIP_FRAMES)
            last = script.segment_count - 1
            told = [script] * variants + misleading(world, script, seed)
            texts = [world.caption(t, min(s, last), 1 + v + variants * seed)
                     for s in range(2) for v, t in enumerate(told)]
            switch = script.switch_frame // (4 * CHUNK) if last else CHUNKS
            together = torch.stack([pairs(world, script.segments[min(s, last)]) for s in range(2)])
            first, then = (script.segments[min(s, last)] for s in range(2))
            turns = first.camera != then.camera or any(a.motion != b.motion for a, b in zip(first.objects, then.objects))
            return texts, switch, together, first.object_count, first.object_count * (3 if turns else 1)

        with ThreadPoolExecutor(16) as pool:
            rows = list(pool.map(describe, range(first_seed, first_seed + count), chunksize=256))
        texts, switch, together, objects, weight = zip(*rows)
        self.variants = variants
        self.tokens = tokenizer([t for ts in texts for t in ts]).view(count, 2, variants + MISLEADING, -1).to(device)
        self.together = torch.stack(together).to(device)
        self.objects = torch.tensor(objects, dtype=torch.float, device=device)
        self.weight = torch.tensor(weight, dtype=torch.float, device=device)
        switch = torch.tensor(switch, device=device)
        self.segment = (torch.arange(CHUNKS, device=device)[None] >= switch[:, None]).long()
        self.empty = tokenizer([""])[0].to(device)

    def batch(self, index, drop=0.0, misled=None):
        """tokens [2 n, L] and the caption of every chunk [n, chunks], an index into them. Where `misled` [n] is not
        -1 it says how a caption is wrong."""
        n = len(index)
        variant = torch.randint(self.variants, (n,), device=index.device)
        if misled is not None:
            variant = torch.where(misled < 0, variant, self.variants + misled)
        tokens = self.tokens[index, :, variant].flatten(0, 1)
        if drop:
            gone = (torch.rand(n, device=index.device) < drop).repeat_interleave(2)
            tokens = torch.where(gone[:, None], self.empty, tokens)
        return tokens, 2 * torch.arange(n, device=index.device)[:, None] + self.segment[index]


@torch.no_grad()
def encode(encoder, statistics, clips):
    """Normalized latents [n, F, 16, h, w] of clips [n, 4 F, H, W, 3] uint8 that begin with the warm-up."""
    mean, std = (s.view(1, 1, -1, 1, 1) for s in statistics)
    with torch.autocast(clips.device.type, torch.bfloat16):
        return (encoder(clips.movedim(-1, 2).to(torch.bfloat16) / 255).float() - mean) / std


@torch.no_grad()
def encode_clips(vae, statistics, world, first_seed, count, device, batch=32, frames=LATENT_FRAMES):
    """Of the clips' first latent frames: latents [n, F, 16, h, w] (zero mean, unit variance, bf16) and the share of every
    cell that is an object [n, F, h, w] (bf16)."""
    latents = torch.empty(count, frames, 16, HEIGHT // 8, WIDTH // 8, dtype=torch.bfloat16, device=device)
    solid = torch.empty(count, frames, HEIGHT // 8, WIDTH // 8, dtype=torch.bfloat16, device=device)
    compiled = torch.compile(vae.encode) if device == "cuda" else vae.encode
    for i in range(0, count, batch):
        n = min(batch, count - i)
        rgb, mask = world.render(first_seed + i, n, CLIP_FRAMES, HEIGHT, WIDTH, FPS, mask=True)
        rgb, mask = rgb[:, :4 * frames], mask[:, :4 * frames]  # what happens in a clip depends on its length
        latents[i:i + n] = encode(compiled, statistics, rgb)
        objects = (mask > 0).to(torch.bfloat16).unflatten(1, (frames, 4)).mean(2)
        solid[i:i + n] = F.avg_pool2d(objects, 8)
    return latents, solid


def decode(vae, statistics, latents):
    """Normalized latents [n, F, 16, h, w] -> frames [n, T, 3, H, W], warm-up dropped."""
    mean, std = (s.view(1, 1, -1, 1, 1) for s in statistics)
    with torch.no_grad(), torch.autocast(latents.device.type, torch.bfloat16):
        return torch.cat([vae.decode(z[None].float() * std + mean).float()[:, 3:] for z in latents])


@torch.no_grad()
def reconstruct(vae, statistics, clips, noise=0.0):
    """What the autoencoder makes of clips [n, CLIP_FRAMES, H, W, 3] uint8, warm-up dropped, with noise on the latents."""
    latents = encode(vae.encode, statistics, clips)
    return to_bytes(decode(vae, statistics, latents + noise * torch.randn_like(latents)))
