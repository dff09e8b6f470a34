"""Stage 2: the bidirectional teacher and the text encoder, on clips of 21 latent frames.

Every chunk follows its own caption, so prompt changes are part of the training from the start.
What things look like is learnt first, on windows of 3 chunks, which are many and cheap; how they go
on, on whole clips. Clips of several objects come more often: they are what is hard.
"""

import argparse
import json
import os
import random

import torch

import parallel
from binding import Binding, attribute_count
from common import (CHUNK, HEIGHT, LATENT_FRAMES, TEST_SEEDS, TEXT_ENCODER, TRAIN_SEEDS, TRANSFORMER, Budget, Ema,
                    WIDTH, common_arguments, load, save, setup, sheet, take_step, to_bytes)
from data import CHUNKS, Captions, decode, encode_clips
from flow import add_noise, random_sigma, sample_teacher
from nets.taehv import Taehv
from nets.umt5 import Umt5Encoder
from nets.wan import WanTransformer
from optim import optimizers_for
from text import Tokenizer
from tracks import Tracks
from world import World


WINDOW = 3  # chunks


class Model(torch.nn.Module):
    def __init__(self, transformer=TRANSFORMER, text_encoder=TEXT_ENCODER):
        super().__init__()
        self.transformer = WanTransformer(transformer)
        self.text_encoder = Umt5Encoder(text_encoder)

    def compile_blocks(self):
        torch._dynamo.config.recompile_limit = 64
        for block in self.transformer.blocks:
            block.compile(dynamic=False)

    def text(self, tokens):
        return self.transformer.text_context(self.text_encoder(tokens))


def load_vae(path, device):
    """The frozen autoencoder and its latent statistics."""
    vae = load(path, Taehv()).to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
    if os.path.isdir(path):
        with open(f"{path}/config.json") as f:
            config = json.load(f)
        return vae, [torch.tensor(config[k], device=device) for k in ("latents_mean", "latents_std")]
    return vae, torch.load(f"{path}.statistics.pt", map_location=device)


def encoded(model, points):
    """What the transformer is told of points; none of none."""
    return None if points is None else model.transformer.track_encoder(points, HEIGHT // 8, WIDTH // 8)


def flow_loss(model, clips, captions, index, sigma, mode="bidirectional", first_chunk=0, tracks=None, given=0.0):
    """Flow matching at the noise levels sigma [n, F]; objects weigh more than background. A share of the clips, `given`,
    has its first chunk from the beginning: the model learns to go on from a picture."""
    latents, solid = clips
    first, count = first_chunk * CHUNK, sigma.shape[1]
    x = latents[index, first:first + count].float()
    weight = 1 + 2 * solid[index, first:first + count].float()[:, :, None]
    noise = torch.randn_like(x)
    points, misled = tracks.asked(index, captions.segment[index]) if tracks else (None, None)
    begun = torch.rand(len(index), device=x.device) < given
    sigma = torch.cat([sigma[:, :CHUNK] * ~begun[:, None], sigma[:, CHUNK:]], 1)
    weight = weight * (sigma > 0)[:, :, None, None, None]
    tokens, caption = captions.batch(index, drop=0.1, misled=misled)
    caption = caption[:, first_chunk:first_chunk + count // CHUNK]
    asked = encoded(model, points)
    asked = None if asked is None else asked[:, first:first + count]
    with torch.autocast(x.device.type, torch.bfloat16):
        flow, _ = model.transformer(add_noise(x, noise, sigma), 1000 * sigma, model.text(tokens), caption,
                                    mode=mode, clean=x, tracks=asked)
    return ((flow.float() - (noise - x)) ** 2 * weight).mean() / weight.mean()


def binding_loss(model, binding, captions, index):
    tokens, _ = captions.batch(index)
    with torch.autocast(tokens.device.type, torch.bfloat16):
        return binding.loss(model.text_encoder(tokens), tokens != 0, captions.together[index].flatten(0, 1))


def learn_to_bind(model, binding, captions, steps):
    """The text encoder alone, before any video: a captions' batch costs next to nothing."""
    trained = parallel.share(torch.nn.ModuleList([model.text_encoder, binding]))
    optimizers = optimizers_for([trained])
    for step in range(steps):
        for group in (g for o in optimizers for g in o.param_groups):
            group["lr"] = group["base_lr"] * min(1, (step + 1) / 100, 1.2 - step / steps)
        loss = binding_loss(model, binding, captions, torch.multinomial(captions.objects, 256))
        take_step(optimizers, loss, trained)
        if step % 500 == 0 or step == steps - 1:
            parallel.say(json.dumps(dict(binding_step=step, loss=round(loss.item(), 5))))


@torch.no_grad()
def sample_sheet(path, model, vae, statistics, captions, sampler, device, count=10):
    """One row a caption: five moments of a sampled clip."""
    index = torch.arange(count, device=device)
    tokens, caption = captions.batch(index)
    with torch.autocast(device, torch.bfloat16):
        text, empty = model.text(tokens), model.text(captions.empty[None])
    noise = torch.randn(count, LATENT_FRAMES, 16, HEIGHT // 8, WIDTH // 8, device=device,
                        generator=torch.Generator(device).manual_seed(7))
    frames = decode(vae, statistics, sampler(noise, text, empty, caption))
    moments = torch.linspace(0, frames.shape[1] - 1, 6).long()
    sheet(path, [to_bytes(f[moments]) for f in frames])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--short", type=float, default=0.55, help="share of the time for windows")
    parser.add_argument("--clips", type=int, default=16000, help="of every process")
    parser.add_argument("--batch", type=int, default=48, help="whole clips; as many frames in windows")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--binding-steps", type=int, default=3000, help="of the text encoder alone, to begin with")
    parser.add_argument("--binding", type=float, default=0.3, help="weight of the text encoder's own loss")
    common_arguments(parser)
    parser.add_argument("--cache", help="file that keeps the latents between stages")
    parser.add_argument("--resume")
    parser.add_argument("--motion", action="store_true", help="learn to follow tracks, too")
    parser.add_argument("--given", type=float, default=0.0, help="share of clips that go on from their first chunk")
    parser.add_argument("--out", default="out/teacher")
    args = parser.parse_args()
    device, world, tokenizer = setup(), World(), Tokenizer(args.tokenizer)
    vae, statistics = load_vae(args.vae, device)
    first_seed = TRAIN_SEEDS + parallel.RANK * args.clips
    captions = Captions(world, tokenizer, first_seed, args.clips, device)
    held_out = Captions(world, tokenizer, TEST_SEEDS, 64, device)
    clips = cached_clips(args, vae, statistics, world, first_seed, device)

    tracks = Tracks(world, range(first_seed, first_seed + args.clips), device) if args.motion else None

    model = Model().to(device)
    if args.resume:
        load(args.resume, model)
    binding = Binding(attribute_count(world), TEXT_ENCODER["d_model"]).to(device)
    learn_to_bind(model, binding, captions, args.binding_steps)
    trained = parallel.share(torch.nn.ModuleList([model, binding]))
    optimizers = optimizers_for([trained], lr_matrix=args.lr, lr_other=args.lr / 2)
    ema = Ema(model, 0.998)
    if device == "cuda":
        model.compile_blocks()
    budget = Budget(args.minutes, warmup_steps=150)
    while budget.next(optimizers):
        chunks = WINDOW if budget.done < args.short else CHUNKS
        count = args.batch * CHUNKS // chunks
        index = torch.multinomial(captions.weight if args.motion else captions.objects, count)
        sigma = random_sigma(count, device)[:, None].expand(-1, chunks * CHUNK)
        loss = flow_loss(model, clips, captions, index, sigma, first_chunk=random.randint(0, CHUNKS - chunks),
                         tracks=tracks, given=args.given)
        bound = binding_loss(model, binding, captions, index)
        take_step(optimizers, loss + args.binding * bound, trained)
        ema.update(budget.step)
        budget.restart() if budget.step == 1 else None
        budget.report(loss=loss, binding=bound, chunks=chunks)
        if budget.step % 1000 == 0:
            save(args.out, model)
    ema.swap()
    save(args.out, model)
    if parallel.RANK == 0:
        sample_sheet(f"{args.out}.jpg", model, vae, statistics, held_out,
                     lambda *a: sample_teacher(model.transformer, *a), device)


def cached_clips(args, vae, statistics, world, first_seed, device):
    path = f"{args.cache}.{parallel.RANK}"
    if args.cache and os.path.exists(path):
        return torch.load(path, map_location=device)
    clips = encode_clips(vae, statistics, world, first_seed, args.clips, device)
    if args.cache:
        torch.save(clips, path)
    return clips


if __name__ == "__main__":
    main()
