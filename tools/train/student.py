"""Stage 4: Self Forcing.

The student rolls out on its own cache, and distribution matching distillation pulls what it makes
towards the teacher's distribution. A critic of the same architecture follows the student's
distribution by flow matching on its roll-outs; the student's gradient is the difference between
critic and guided teacher at a random noise level. Captions are all it needs.

The roll-out has no gradients and is replayed as a CUDA graph. The one step per chunk that carries
gradients is repeated for all chunks at once by a teacher-forcing pass over what was rolled out,
which computes the same thing.

With `--real` the student also learns from rendered clips, chunk by chunk behind their true past: what a
camera or a hand asks for is told by how far things went, which the distributions' difference says faintly.
"""

import argparse
import random
from collections import deque

import torch

import parallel
from common import (CHUNK, HEIGHT, LATENT_FRAMES, TEST_SEEDS, TRAIN_SEEDS, WIDTH, Budget, Ema, common_arguments, load, save,
                    setup, take_step)
from data import Captions, encode_clips
from flow import SIGMAS, add_noise, frame_levels, guided_flow, roll_out, warp
from optim import adamw
from teacher import Model, encoded, flow_loss, load_vae, sample_sheet
from text import Tokenizer
from tracks import Tracks
from world import World

RECENT = 4  # roll-outs that the critic draws from; fresh ones for it would be half of the time


class RollOuts:
    """The student's own clips, for a random number of steps each time: one CUDA graph a number."""

    def __init__(self, student, batch, captions, tracks, first, device):
        """Of the captions' clips: `tracks`; `first` [n, chunk, C, h, w], the chunks from which roll-outs of the first n
        clips go on. None of none."""
        self.live, self.device, self.captions, self.batch = student, device, captions, batch
        self.tracks, self.asked = tracks, None
        self.known = first
        self.model = Model().to(device).requires_grad_(False)
        self.model.load_state_dict(student.state_dict())
        for m in self.model.modules():
            if isinstance(m, (torch.nn.Linear, torch.nn.Conv3d)):
                m.to(torch.bfloat16)
        self.pairs = list(zip(self.model.parameters(), student.parameters()))
        tokens, caption = captions.batch(torch.arange(batch, device=device))
        self.tokens, self.caption = tokens.clone(), caption.clone()
        if tracks:
            self.asked = torch.zeros(batch, LATENT_FRAMES, 16, HEIGHT // 8, WIDTH // 8, device=device)
        self.first = None if first is None else torch.zeros(batch, *first.shape[1:], device=device)
        self.begun = None if first is None else torch.zeros(batch, dtype=torch.bool, device=device)
        self.graphs, self.pool = {}, None
        self.common = torch.Generator().manual_seed(0)  # all processes draw the same number of steps

    def update(self):
        torch._foreach_copy_([a for a, _ in self.pairs], [b.detach() for _, b in self.pairs])

    def run(self, steps):
        noise = torch.randn(self.batch, LATENT_FRAMES, 16, HEIGHT // 8, WIDTH // 8, device=self.device)
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16, cache_enabled=False):
            text = self.model.text(self.tokens)
        return roll_out(self.model.transformer, noise, text, self.caption, steps=steps, tracks=self.asked,
                        first=self.first, begun=self.begun)

    def replay(self, steps):
        if self.device != "cuda":
            return self.run(steps)
        if steps not in self.graphs:
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                self.run(1)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self.pool, capture_error_mode="thread_local"):
                out = self.run(steps)
            self.pool = graph.pool()  # intermediates may share memory: only results outlive a replay, as copies
            self.graphs[steps] = graph, out
        graph, out = self.graphs[steps]
        graph.replay()
        return out

    def __call__(self):
        """tokens, caption, what was asked of motion, which clips went on from a given chunk, clean latents, inputs of the
        last step, its noise level."""
        often = self.captions.weight if self.tracks else torch.ones_like(self.captions.weight)
        index = torch.multinomial(often, self.batch)
        asked, misled = None, None
        if self.tracks:
            points, misled = self.tracks.asked(index, self.captions.segment[index])
            with torch.no_grad():
                asked = encoded(self.live, points)
            self.asked.copy_(asked)
        tokens, caption = self.captions.batch(index, misled=misled)
        self.tokens.copy_(tokens)
        self.caption.copy_(caption)
        begun = None
        if self.known is not None:
            begun = index < len(self.known)
            self.begun.copy_(begun)
            self.first.copy_(self.known[index.clamp(max=len(self.known) - 1)])
        steps = int(torch.randint(len(SIGMAS), (), generator=self.common).item()) + 1
        clean, inputs = self.replay(steps)
        return tokens, caption, asked, begun, clean.clone(), inputs.clone(), SIGMAS[steps - 1]


class Distillation:
    def __init__(self, student, args, captions, tracks, first, device):
        self.args, self.device, self.student = args, device, student
        self.teacher, self.critic = (load(path, Model()).to(device) for path in (args.teacher, args.critic or args.teacher))
        self.teacher.requires_grad_(False)
        self.critic.text_encoder.requires_grad_(False)
        self.critic.transformer.track_encoder.requires_grad_(False)
        if device == "cuda":
            self.teacher.compile_blocks()
            self.critic.compile_blocks()
        self.empty = captions.empty[None]
        self.roll_outs = RollOuts(student, args.batch, captions, tracks, first, device)
        self.recent = deque((self.roll_outs()[:5] for _ in range(RECENT)), maxlen=RECENT)

    def noisy(self, x, begun):
        sigma = frame_levels(warp(0.02 + 0.96 * torch.rand(x.shape[0], device=self.device)), LATENT_FRAMES, begun)
        noise = torch.randn_like(x)
        return add_noise(x, noise, sigma), noise, sigma

    def critic_loss(self):
        tokens, caption, asked, begun, x = random.choice(self.recent)
        noisy, noise, sigma = self.noisy(x, begun)
        with torch.autocast(self.device, torch.bfloat16):
            flow, _ = self.critic.transformer(noisy, 1000 * sigma, self.critic.text(tokens), caption, tracks=asked)
        made = (sigma > 0)[:, :, None, None, None]
        return ((flow.float() - (noise - x)) ** 2 * made).mean() / made.float().mean()

    def student_loss(self):
        tokens, caption, asked, begun, clean, inputs, sigma = self.roll_outs()
        self.recent.append((tokens, caption, asked, begun, clean))
        t = torch.full(caption.shape[:1] + (LATENT_FRAMES,), 1000 * sigma, device=self.device)
        with torch.autocast(self.device, torch.bfloat16):
            flow, _ = self.student.transformer(inputs, t, self.student.text(tokens), caption,
                                               mode="teacher_forcing", clean=clean, tracks=asked)
        x = inputs - sigma * flow.float()
        if begun is not None:
            x = torch.cat([torch.where(begun[:, None, None, None, None], clean[:, :CHUNK], x[:, :CHUNK]), x[:, CHUNK:]], 1)
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16):
            noisy, _, level = self.noisy(x.detach(), begun)
            fake, _ = self.critic.transformer(noisy, 1000 * level, self.critic.text(tokens), caption, tracks=asked)
            real = guided_flow(self.teacher.transformer, noisy, level, self.teacher.text(tokens),
                               self.teacher.text(self.empty), caption, self.args.guidance, asked)
            level = level[:, :, None, None, None]
            x_real = noisy - level * real
            scale = (x.detach() - x_real).abs().mean((1, 2, 3, 4), keepdim=True).clamp(min=1e-3)
            gradient = level * (real - fake.float()) / scale
        target = (x - gradient).detach()
        return 0.5 * ((x - target) ** 2).mean(), gradient.abs().mean()


def real_loss(student, clips, captions, tracks, batch, device):
    """Of rendered clips at the noise levels that the student's steps begin at."""
    index = torch.multinomial(captions.weight[:len(clips[0])], batch)
    levels = torch.tensor(SIGMAS, device=device)
    sigma = levels[torch.randint(len(SIGMAS), (batch, LATENT_FRAMES // CHUNK), device=device)].repeat_interleave(CHUNK, 1)
    return flow_loss(student, clips, captions, index, sigma, mode="teacher_forcing", tracks=tracks)


def self_forcing(student, args, captions, tracks, clips, device):
    d = Distillation(student, args, captions, tracks, clips and clips[0][:, :CHUNK], device)
    student_optimizer = adamw(student.parameters(), args.lr, betas=(0.0, 0.99))
    critic_optimizer = adamw(d.critic.parameters(), 2.5 * args.lr, betas=(0.0, 0.99))
    budget, ema = Budget(args.minutes, warmup_steps=10, final=0.1), Ema(student, 0.98)
    while budget.next([student_optimizer, critic_optimizer]):
        for _ in range(args.critic_steps):
            critic_loss = d.critic_loss()
            take_step([critic_optimizer], critic_loss, d.critic)
        loss, size = d.student_loss()
        real = real_loss(student, clips, captions, tracks, args.batch, device) if args.real else loss.new_zeros(())
        loss = loss + args.real * real
        norm = take_step([student_optimizer], loss, student)
        d.roll_outs.update()
        ema.update(budget.step)
        budget.restart() if budget.step == 1 else None
        budget.report(every=20, critic=critic_loss, gradient=size, real=real, norm=norm)
        if budget.step % 100 == 0:
            save(args.out, student)
            save(f"{args.out}.critic", d.critic)
    ema.swap()
    save(args.out, student)
    save(f"{args.out}.critic", d.critic)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=7)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--prompts", type=int, default=40000)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--critic-steps", type=int, default=3)
    parser.add_argument("--lr", type=float, default=6e-5)
    parser.add_argument("--motion", action="store_true", help="follow tracks, too; teacher and causal must")
    parser.add_argument("--given", type=float, default=0.0, help="share of the prompts that go on from a real clip's first chunk")
    parser.add_argument("--real", type=float, default=0.0, help="weight of the flow loss on those clips")
    parser.add_argument("--teacher", default="out/teacher")
    parser.add_argument("--causal", default="out/causal", help="weights of the student to start from")
    parser.add_argument("--critic", help="weights of the critic to start from; the teacher's by default")
    common_arguments(parser)
    parser.add_argument("--out", default="out/student")
    args = parser.parse_args()
    if args.real and not args.given:
        parser.error("--real needs --given: the share of the prompts whose clips are rendered")
    device, world, tokenizer = setup(), World(), Tokenizer(args.tokenizer)
    student = load(args.causal, Model()).to(device)
    student.text_encoder.requires_grad_(False)
    taught = load(args.teacher, Model()).transformer.track_encoder  # what the teacher is told of motion
    student.transformer.track_encoder.load_state_dict(taught.state_dict())
    student.transformer.track_encoder.requires_grad_(False)
    if device == "cuda":
        student.compile_blocks()
    seed = TRAIN_SEEDS + 10**8 + parallel.RANK * args.prompts
    captions = Captions(world, tokenizer, seed, args.prompts, device, variants=1)
    tracks = Tracks(world, range(seed, seed + args.prompts), device) if args.motion else None
    vae, statistics = load_vae(args.vae, device)
    clips = None
    if args.given:
        clips = encode_clips(vae, statistics, world, seed, int(args.given * args.prompts), device,
                             frames=LATENT_FRAMES if args.real else CHUNK)
    self_forcing(student, args, captions, tracks, clips, device)
    if parallel.RANK:
        return
    held_out = Captions(world, tokenizer, TEST_SEEDS, 64, device)
    eager = load(args.out, Model()).to(device)
    sample_sheet(f"{args.out}.jpg", eager, vae, statistics, held_out,
                 lambda noise, text, _, caption: roll_out(eager.transformer, noise, text, caption)[0], device)


if __name__ == "__main__":
    main()
