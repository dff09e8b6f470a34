"""Flow matching: noising, sampling times, and the samplers of teacher and student."""

import torch

from common import CHUNK

SHIFT = 3.0
STEPS = (1000, 750, 500, 250)  # unshifted


def warp(t, shift=SHIFT):
    """Unshifted time in [0, 1] -> noise level sigma."""
    return shift * t / (1 + (shift - 1) * t)


SIGMAS = tuple(warp(s / 1000) for s in STEPS)


def add_noise(x, noise, sigma):
    sigma = sigma.view(*sigma.shape, *(1,) * (x.ndim - sigma.ndim))
    return (1 - sigma) * x + sigma * noise


def random_sigma(n, device):
    """Logit-normal times, shifted; a tenth is uniform, so that both ends are visited."""
    t = torch.sigmoid(torch.randn(n, device=device))
    t = torch.where(torch.rand(n, device=device) < 0.15, torch.rand(n, device=device), t)
    return warp(t)


MOTION_SCALE = 1.5


def frame_levels(sigma, frames, begun=None):
    """Noise levels [n, frames] of clips at sigma [n]. Of those that have `begun` [n] the first chunk is given: no noise."""
    levels = sigma[:, None].repeat(1, frames)
    if begun is not None:
        levels[:, :CHUNK] *= ~begun[:, None]
    return levels


def guided_flow(model, x, sigma, text, empty, caption, scale, tracks=None):
    """Classifier-free guidance; sigma [n, F]. With tracks, of text and motion together (MotionStream, equation 2)."""
    t = 1000 * sigma
    none = torch.full_like(caption, text[0][0].shape[0])
    context = [tuple(torch.cat([a, b]) for a, b in zip(kv, no)) for kv, no in zip(text, empty)]
    if tracks is None:
        flow, _ = model(torch.cat([x, x]), torch.cat([t, t]), context, torch.cat([caption, none]))
        with_text, without = flow.float().chunk(2)
        return without + scale * (with_text - without)
    flow, _ = model(torch.cat([x, x, x]), torch.cat([t, t, t]), context, torch.cat([caption, none, caption]),
                    tracks=torch.cat([tracks, tracks, torch.zeros_like(tracks)]))
    both, motion, with_text = flow.float().chunk(3)
    share = scale / (scale + MOTION_SCALE)
    base = share * motion + (1 - share) * with_text
    return base + scale * (both - motion) + MOTION_SCALE * (both - with_text)


@torch.no_grad()
def sample_teacher(model, noise, text, empty, caption, steps=24, scale=3.0, tracks=None, first=None):
    """Euler integration of the whole clip, or, where the first chunk is given, of what comes after it."""
    x = noise if first is None else torch.cat([first, noise[:, CHUNK:]], 1)
    begun = None if first is None else torch.ones(len(x), dtype=torch.bool, device=x.device)
    levels = warp(torch.linspace(1, 0, steps + 1, device=noise.device))
    for s, s_next in zip(levels, levels[1:]):
        with torch.autocast(noise.device.type, torch.bfloat16):
            now, then = (frame_levels(level.expand(len(x)), x.shape[1], begun) for level in (s, s_next))
            flow = guided_flow(model, x, now, text, empty, caption, scale, tracks)
        x = x + (then - now)[:, :, None, None, None] * flow
    return x


@torch.no_grad()
def roll_out(model, noise, text, caption, chunk=CHUNK, steps=None, sigmas=SIGMAS, window=21, tracks=None, first=None,
             begun=None):
    """Chunk by chunk on a rolling cache, as the runtime does it. Where `begun` [n], by default everywhere, the first chunk is
    `first`, if there is one.

    Returns the clean latents and what the last of the `steps` denoising steps (all of them by
    default) of each chunk started from, both of the shape of `noise`.
    """
    past, clean, inputs = None, [], []
    n, device = noise.shape[0], noise.device
    steps = steps or len(sigmas)
    with torch.autocast(device.type, torch.bfloat16, cache_enabled=False):
        for c in range(noise.shape[1] // chunk):
            x = noise[:, c * chunk:(c + 1) * chunk]
            place = dict(text=text, caption=caption[:, c:c + 1], past=past, first_frame=c * chunk,
                         tracks=None if tracks is None else tracks[:, c * chunk:(c + 1) * chunk])
            for i in range(steps):
                t = torch.full((n, chunk), 1000 * sigmas[i], device=device)
                x0 = x - sigmas[i] * model(x, t, **place)[0].float()
                if i < steps - 1:
                    x = (1 - sigmas[i + 1]) * x0 + sigmas[i + 1] * torch.randn_like(x)
            if c == 0 and first is not None:
                x0 = first if begun is None else torch.where(begun[:, None, None, None, None], first, x0)
            clean.append(x0)
            inputs.append(x)
            _, kept = model(x0, torch.zeros(n, chunk, device=device), **place)
            if past is not None:
                kept = [tuple(torch.cat([a, b], 1) for a, b in zip(p, k)) for p, k in zip(past, kept)]
            tokens = kept[0][0].shape[1] // min((c + 1) * chunk, window)
            past = [tuple(a[:, -(window - chunk) * tokens:] for a in kv) for kv in kept]
    return torch.cat(clean, 1), torch.cat(inputs, 1)
