"""Stage 3: the causal start of the student.

Teacher forcing on rendered clips: noisy chunk i sees the clean chunks before it and itself.
"""

import argparse

import torch

import parallel
from common import LATENT_FRAMES, TRAIN_SEEDS, Budget, CHUNK, Ema, common_arguments, load, save, setup, take_step
from data import Captions
from flow import random_sigma
from optim import optimizers_for
from teacher import Model, cached_clips, flow_loss, load_vae
from text import Tokenizer
from tracks import Tracks
from world import World


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--clips", type=int, default=16000, help="of every process")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--teacher", default="out/teacher")
    common_arguments(parser)
    parser.add_argument("--cache", help="file that keeps the latents between stages")
    parser.add_argument("--motion", action="store_true", help="learn to follow tracks, too")
    parser.add_argument("--out", default="out/causal")
    args = parser.parse_args()
    device, world, tokenizer = setup(), World(), Tokenizer(args.tokenizer)
    vae, statistics = load_vae(args.vae, device)
    first_seed = TRAIN_SEEDS + parallel.RANK * args.clips
    captions = Captions(world, tokenizer, first_seed, args.clips, device)
    clips = cached_clips(args, vae, statistics, world, first_seed, device)

    tracks = Tracks(world, range(first_seed, first_seed + args.clips), device) if args.motion else None

    student = load(args.teacher, Model()).to(device)
    student.text_encoder.requires_grad_(False)
    student.transformer.track_encoder.requires_grad_(False)  # the teacher's
    if device == "cuda":
        student.compile_blocks()
    optimizers = optimizers_for([student], lr_matrix=args.lr, lr_other=args.lr / 2)
    budget, ema = Budget(args.minutes, warmup_steps=50), Ema(student, 0.99)
    while budget.next(optimizers):
        index = torch.randint(args.clips, (args.batch,), device=device)
        sigma = random_sigma(args.batch * LATENT_FRAMES // CHUNK, device)
        sigma = sigma.view(args.batch, -1).repeat_interleave(CHUNK, 1)
        loss = flow_loss(student, clips, captions, index, sigma, mode="teacher_forcing", tracks=tracks)
        take_step(optimizers, loss, student)
        ema.update(budget.step)
        budget.restart() if budget.step == 1 else None
        budget.report(every=50, loss=loss)
    ema.swap()
    save(args.out, student)


if __name__ == "__main__":
    main()
