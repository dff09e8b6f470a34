"""Clips that a teacher or a student makes of prompts."""

import torch

from common import CHUNK, HEIGHT, LATENT_FRAMES, WIDTH, load, to_bytes
from data import decode
from flow import roll_out, sample_teacher
from teacher import Model, encoded
from text import Tokenizer


class Sampler:
    """`paths`: where the weights of `teacher` and `student` are. `vae` and `statistics` are `load_vae`'s."""

    def __init__(self, paths, vae, statistics, tokenizer, device, guidance=3.0):
        self.paths, self.vae, self.statistics, self.guidance = paths, vae, statistics, guidance
        self.tokenizer, self.device, self.models = Tokenizer(tokenizer), device, {}

    @torch.no_grad()
    def __call__(self, name, prompts, seed=None, points=None, first=None):
        """uint8 [n, T, H, W, 3], warm-up dropped; of noise from a seed, or of what comes next. `points` are asked for
        (`Tracks`); clips go on from their `first` chunks of latents."""
        if name not in self.models:
            self.models[name] = load(self.paths[name], Model()).to(self.device).eval()
        model, n = self.models[name], len(prompts)
        generator = None if seed is None else torch.Generator(self.device).manual_seed(seed)
        noise = torch.randn(n, LATENT_FRAMES, 16, HEIGHT // 8, WIDTH // 8, device=self.device, generator=generator)
        caption = torch.arange(n, device=self.device)[:, None].expand(-1, LATENT_FRAMES // CHUNK)
        with torch.autocast(self.device, torch.bfloat16):
            text, empty = (model.text(self.tokenizer(t).to(self.device)) for t in (prompts, [""]))
        asked = encoded(model, points)
        if name == "teacher":
            latents = sample_teacher(model.transformer, noise, text, empty, caption, scale=self.guidance, tracks=asked, first=first)
        else:
            latents, _ = roll_out(model.transformer, noise, text, caption, tracks=asked, first=first)
        return to_bytes(decode(self.vae, self.statistics, latents))
