"""Stages 3 and 4: the causal student.

First teacher forcing on rendered clips: noisy chunk i sees the clean chunks before it. Then Self
Forcing: the student rolls out on its own cache, and distribution matching distillation pulls what
it makes towards the teacher's distribution. A critic of the same architecture follows the
student's distribution by flow matching on its roll-outs; the student's gradient is the difference
between critic and guided teacher at a random noise level. Captions are all it needs.

The roll-out has no gradients and is replayed as a CUDA graph. The one step per chunk that carries
gradients is repeated for all chunks at once by a teacher-forcing pass over what was rolled out,
which computes the same thing.
"""

import argparse
import time

import torch

from common import HEIGHT, LATENT_FRAMES, TEST_SEEDS, TRAIN_SEEDS, WIDTH, Budget, Ema, common_arguments, load, save, setup
from data import Captions, encode_clips
from flow import SIGMAS, add_noise, guided_flow, random_sigma, roll_out, warp
from optim import adamw, optimizers_for
from teacher import Model, flow_loss, load_vae, sample_sheet
from text import Tokenizer
from world import World


def step_with(optimizers, loss, module):
    for o in optimizers:
        o.zero_grad(set_to_none=True)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_([p for p in module.parameters() if p.requires_grad], 1.0)
    for o in optimizers:
        o.step()
    return norm


class RollOuts:
    """The student's own clips, for a random number of steps each time: one CUDA graph a number."""

    def __init__(self, student, batch, captions, device):
        self.live, self.device, self.captions, self.batch = student, device, captions, batch
        self.model = Model().to(device).requires_grad_(False)
        self.model.load_state_dict(student.state_dict())
        for m in self.model.modules():
            if isinstance(m, (torch.nn.Linear, torch.nn.Conv3d)):
                m.to(torch.bfloat16)
        self.pairs = list(zip(self.model.parameters(), student.parameters()))
        tokens, caption = captions.batch(torch.arange(batch, device=device))
        self.tokens, self.caption = tokens.clone(), caption.clone()
        self.graphs = {}

    def update(self):
        torch._foreach_copy_([a for a, _ in self.pairs], [b.detach() for _, b in self.pairs])

    def run(self, steps):
        noise = torch.randn(self.batch, LATENT_FRAMES, 16, HEIGHT // 8, WIDTH // 8, device=self.device)
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16, cache_enabled=False):
            text = self.model.text(self.tokens)
        return roll_out(self.model.transformer, noise, text, self.caption, steps=steps)

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
            with torch.cuda.graph(graph):
                out = self.run(steps)
            self.graphs[steps] = graph, out
        graph, out = self.graphs[steps]
        graph.replay()
        return out

    def __call__(self):
        """tokens, caption, clean latents, inputs of the last step, its noise level."""
        index = torch.randint(len(self.captions.tokens), (self.batch,), device=self.device)
        tokens, caption = self.captions.batch(index)
        self.tokens.copy_(tokens)
        self.caption.copy_(caption)
        steps = int(torch.randint(len(SIGMAS), ()).item()) + 1
        clean, inputs = self.replay(steps)
        return tokens, caption, clean.clone(), inputs.clone(), SIGMAS[steps - 1]


class Distillation:
    def __init__(self, student, args, captions, device):
        self.args, self.device, self.student = args, device, student
        self.teacher, self.critic = (load(args.teacher, Model()).to(device) for _ in range(2))
        self.teacher.requires_grad_(False)
        self.critic.text_encoder.requires_grad_(False)
        if device == "cuda":
            self.teacher.compile_blocks()
            self.critic.compile_blocks()
        self.empty = captions.empty[None]
        self.roll_outs = RollOuts(student, args.batch, captions, device)

    def noisy(self, x):
        sigma = warp(0.02 + 0.96 * torch.rand(x.shape[0], device=self.device))
        noise = torch.randn_like(x)
        return add_noise(x, noise, sigma), noise, sigma, 1000 * sigma[:, None].expand(-1, LATENT_FRAMES)

    def critic_loss(self):
        tokens, caption, x, _, _ = self.roll_outs()
        noisy, noise, _, t = self.noisy(x)
        with torch.autocast(self.device, torch.bfloat16):
            flow, _ = self.critic.transformer(noisy, t, self.critic.text(tokens), caption)
        return ((flow.float() - (noise - x)) ** 2).mean()

    def student_loss(self):
        tokens, caption, clean, inputs, sigma = self.roll_outs()
        t = torch.full(caption.shape[:1] + (LATENT_FRAMES,), 1000 * sigma, device=self.device)
        with torch.autocast(self.device, torch.bfloat16):
            flow, _ = self.student.transformer(inputs, t, self.student.text(tokens), caption,
                                               mode="teacher_forcing", clean=clean)
        x = inputs - sigma * flow.float()
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16):
            noisy, _, level, t = self.noisy(x.detach())
            fake, _ = self.critic.transformer(noisy, t, self.critic.text(tokens), caption)
            real = guided_flow(self.teacher.transformer, noisy, level, self.teacher.text(tokens),
                               self.teacher.text(self.empty), caption, self.args.guidance)
            level = level.view(-1, 1, 1, 1, 1)
            x_real = noisy - level * real
            scale = (x.detach() - x_real).abs().mean((1, 2, 3, 4), keepdim=True).clamp(min=1e-3)
            gradient = level * (real - fake.float()) / scale
        target = (x - gradient).detach()
        return 0.5 * ((x - target) ** 2).mean(), gradient.abs().mean()


def teacher_forcing(student, args, captions, clips, device):
    optimizers = optimizers_for([student], lr_matrix=args.causal_lr, lr_other=args.causal_lr / 2)
    budget, ema = Budget(args.causal_minutes, warmup_steps=50), Ema(student, 0.99)
    while budget.next(optimizers):
        index = torch.randint(len(clips[0]), (args.batch,), device=device)
        sigma = random_sigma(args.batch * LATENT_FRAMES // 3, device)
        sigma = sigma.view(args.batch, -1).repeat_interleave(3, 1)
        loss = flow_loss(student, clips, captions, index, sigma, mode="teacher_forcing")
        step_with(optimizers, loss, student)
        ema.update(budget.step)
        budget.restart() if budget.step == 1 else None
        budget.report(every=50, teacher_forcing=loss)
    ema.swap()


def self_forcing(student, args, captions, device):
    d = Distillation(student, args, captions, device)
    student_optimizer = adamw(student.parameters(), args.lr, betas=(0.0, 0.99))
    critic_optimizer = adamw(d.critic.parameters(), 2.5 * args.lr, betas=(0.0, 0.99))
    budget, ema = Budget(args.minutes, warmup_steps=10, final=0.1), Ema(student, 0.98)
    while budget.next([student_optimizer, critic_optimizer]):
        for _ in range(args.critic_steps):
            critic_loss = d.critic_loss()
            step_with([critic_optimizer], critic_loss, d.critic)
        loss, size = d.student_loss()
        norm = step_with([student_optimizer], loss, student)
        d.roll_outs.update()
        ema.update(budget.step)
        budget.restart() if budget.step == 1 else None
        budget.report(every=20, critic=critic_loss, gradient=size, norm=norm)
        if budget.step % 100 == 0:
            save(args.out, student)
            save(f"{args.out}.critic", d.critic)
    ema.swap()
    save(args.out, student)
    save(f"{args.out}.critic", d.critic)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--causal-minutes", type=float, default=2)
    parser.add_argument("--causal-lr", type=float, default=1e-3)
    parser.add_argument("--minutes", type=float, default=7, help="of Self Forcing")
    parser.add_argument("--until", type=float, help="seconds after the start at which Self Forcing ends")
    parser.add_argument("--clips", type=int, default=8000, help="for teacher forcing")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--prompts", type=int, default=40000)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--critic-steps", type=int, default=3)
    parser.add_argument("--lr", type=float, default=6e-5)
    parser.add_argument("--teacher", default="out/teacher")
    parser.add_argument("--student", help="weights to go on from instead of teacher forcing")
    common_arguments(parser)
    parser.add_argument("--out", default="out/student")
    args = parser.parse_args()
    start = time.time()
    device, world, tokenizer = setup(), World(), Tokenizer(args.tokenizer)
    torch._dynamo.config.recompile_limit = 64
    vae, statistics = load_vae(args.vae, device)
    student = load(args.student or args.teacher, Model()).to(device)
    student.text_encoder.requires_grad_(False)
    if device == "cuda":
        student.compile_blocks()
    if not args.student:
        captions = Captions(world, tokenizer, TRAIN_SEEDS, args.clips, device)
        clips = encode_clips(vae, statistics, world, TRAIN_SEEDS, args.clips, device)
        print(f"{time.time() - start:.0f} s: clips", flush=True)
        teacher_forcing(student, args, captions, clips, device)
        save(f"{args.out}.causal", student)
        print(f"{time.time() - start:.0f} s: causal", flush=True)
        del clips
    captions = Captions(world, tokenizer, TRAIN_SEEDS + 10**8, args.prompts, device, variants=1)
    if args.until:
        args.minutes = min(args.minutes, max(0.2, (args.until - (time.time() - start)) / 60))
    self_forcing(student, args, captions, device)
    print(f"{time.time() - start:.0f} s: student", flush=True)
    held_out = Captions(world, tokenizer, TEST_SEEDS, 64, device)
    eager = load(args.out, Model()).to(device)
    sample_sheet(f"{args.out}.jpg", eager, vae, statistics, held_out,
                 lambda noise, text, _, caption: roll_out(eager.transformer, noise, text, caption)[0], device)


if __name__ == "__main__":
    main()
