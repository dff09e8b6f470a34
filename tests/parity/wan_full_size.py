"""Wan2.1-1.3B's sizes with random weights: `longtake generate` beside PyTorch on the same GPU.

The PyTorch network is tools/train/nets/wan.py, which knows nothing of our runtime: it rotates keys
once, at absolute positions, and keeps them in lists. Run from the repository root:
    python3 tests/parity/wan_full_size.py LONGTAKE_BINARY [--chunks 2] [--only latents|speed] [--records FILE]
Needs torch with a CUDA GPU and safetensors. Prints, and appends as JSON lines:
  - latents of every chunk (4 steps and a clean pass each) by fp32, bf16 and fp8 of ours, and by
    PyTorch's bf16, as relative distance to PyTorch's fp32;
  - milliseconds of a chunk's five passes over a full window of 21 latent frames, PyTorch eager and
    compiled.
"""

import argparse
import json
import math
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file, save_file

from records import teller

sys.path.insert(0, "tools/train")
from nets.wan import WanTransformer  # noqa: E402

CONFIG = dict(num_attention_heads=12, attention_head_dim=128, in_channels=16, out_channels=16,
              text_dim=4096, freq_dim=256, ffn_dim=8960, num_layers=30, patch_size=[1, 2, 2],
              cross_attn_norm=True, qk_norm="rms_norm_across_heads", eps=1e-6, text_len=512)
WIDTH, HEIGHT, CHUNK, WINDOW, SHIFT, ROWS = 832, 480, 3, 21, 5.0, 60
STEPS = (1000, 750, 500, 250)
TIMESTEPS = [1000 * SHIFT * s / (1000 + (SHIFT - 1) * s) for s in STEPS]
LATENT = (16, HEIGHT // 8, WIDTH // 8)


def random_model():
    torch.manual_seed(1)
    with torch.device("cuda"):
        model = WanTransformer(CONFIG).eval()
    for name, p in model.named_parameters():
        spread = 0.1 if p.dim() == 1 else 1 / math.sqrt(p[0].numel())
        spread = 0.3 if "scale_shift_table" in name else spread
        offset = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        p.data = (offset + spread * torch.randn_like(p)).bfloat16().float()
    return model


def write_folder(folder, model):
    folder.mkdir(parents=True)
    shutil.copytree("assets/models/toyworld/vae", folder / "vae")
    (folder / "scheduler").mkdir()
    (folder / "scheduler/scheduler_config.json").write_text(json.dumps(dict(
        _class_name="FlowMatchEulerDiscreteScheduler", num_train_timesteps=1000, shift=SHIFT,
        denoising_steps=STEPS, chunk_frames=CHUNK, window_frames=WINDOW, frame_rate=16,
        width=WIDTH, height=HEIGHT)))
    (folder / "transformer").mkdir()
    (folder / "transformer/config.json").write_text(
        json.dumps(dict(_class_name="WanTransformer3DModel", **CONFIG)))
    save_file({k: v.bfloat16().contiguous().cpu() for k, v in model.state_dict().items()},
              folder / "transformer/diffusion_pytorch_model.safetensors")


class Text:
    """The prompt's rows as the checkpoint wants them: padded with zeros to text_len."""

    def __init__(self, rows):
        self.rows = rows
        self.padded = torch.zeros(1, CONFIG["text_len"], CONFIG["text_dim"], device="cuda")
        self.padded[0, :ROWS] = rows

    def of(self, model):
        return model.text_context(self.padded.to(next(model.parameters()).dtype))


def passes(model, text, x, past, first, noises):
    """Four steps and the clean pass; returns latents and this chunk's keys and values."""
    caption = torch.zeros(1, 1, dtype=torch.long, device="cuda")
    place = dict(past=past, first_frame=first)
    dtype = next(model.parameters()).dtype
    for i, t in enumerate(TIMESTEPS):
        flow, _ = model(x.to(dtype), torch.full((1, CHUNK), t, device="cuda"), text, caption, **place)
        clean = x - t / 1000 * flow.float()
        if i + 1 < len(TIMESTEPS):
            sigma = TIMESTEPS[i + 1] / 1000
            x = (1 - sigma) * clean + sigma * noises[i]
    _, kept = model(clean.to(dtype), torch.zeros(1, CHUNK, device="cuda"), text, caption, **place)
    return clean, kept


def roll_out(model, text, noise, renoise, chunks):
    context, past, out = text.of(model), None, []
    for c in range(chunks):
        frames = slice(c * CHUNK, (c + 1) * CHUNK)
        clean, kept = passes(model, context, noise[None, frames].cuda(), past, c * CHUNK,
                             renoise[:, None, frames].cuda())
        out.append(clean[0])
        past = kept if past is None else [
            tuple(torch.cat([a, b], 1) for a, b in zip(p, k)) for p, k in zip(past, kept)]
    return torch.cat(out)


def ours(binary, folder, precision, chunks):
    """Latents by the program, and what it said when it cannot."""
    out = folder.parent / f"{precision}.safetensors"
    command = [binary, "generate", "--device", "cuda", "--model", folder, "--precision", precision,
               "--cache", f"window:window={WINDOW}", "--prompt-embeds", folder.parent / "embeds.safetensors",
               "--noise", folder.parent / "noise.safetensors", "--dump-latents", out,
               "--frames", str(CHUNK * chunks * 4 - 3), "-o", folder.parent / "frames.mp4"]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return load_file(out)["latents"].cuda()


def milliseconds(work, runs=5):
    for _ in range(2):
        work()
    times = []
    for _ in range(runs):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - begin))
    return sorted(times)[len(times) // 2]


def speed(model, text):
    """A chunk over a full window, in bf16."""
    context, tokens = text.of(model), LATENT[1] * LATENT[2] // 4
    past = [tuple(torch.randn(1, (WINDOW - CHUNK) * tokens, 12, 128, device="cuda",
                              dtype=torch.bfloat16) for _ in range(2)) for _ in range(30)]
    x, noises = torch.randn(1, CHUNK, *LATENT, device="cuda"), torch.randn(3, 1, CHUNK, *LATENT, device="cuda")
    yield "eager", milliseconds(lambda: passes(model, context, x, past, WINDOW - CHUNK, noises))
    model.compile()
    yield "torch.compile", milliseconds(lambda: passes(model, context, x, past, WINDOW - CHUNK, noises))


def compare(o, folder, model, text, noise, renoise, say):
    expected = roll_out(model, text, noise, renoise, o.chunks)
    takes = {p: ours(o.binary, folder, p, o.chunks) for p in ("fp32", "bf16", "fp8")}
    takes["PyTorch bf16"] = roll_out(model.bfloat16(), text, noise, renoise, o.chunks)
    for name, latents in takes.items():
        parts = zip(latents.split(CHUNK), expected.split(CHUNK))
        off = [((a - b).norm() / b.norm()).item() for a, b in parts]
        say(what="latents against PyTorch fp32, relative, by chunk", by=name, off=off,
            decibels=[-20 * math.log10(x) for x in off])


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--chunks", type=int, default=2)
    parser.add_argument("--only", choices=("latents", "speed"))
    parser.add_argument("--records")
    o = parser.parse_args()
    say = teller(o.records)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "model"
        model = random_model()
        write_folder(folder, model)
        torch.manual_seed(2)
        noise, renoise = torch.randn(CHUNK * o.chunks, *LATENT), torch.randn(3, CHUNK * o.chunks, *LATENT)
        rows = torch.randn(ROWS, CONFIG["text_dim"])
        save_file(dict(noise=noise, renoise=renoise), folder.parent / "noise.safetensors")
        save_file(dict(prompt_embeds=rows), folder.parent / "embeds.safetensors")
        text = Text(rows.cuda())
        if o.only != "speed":
            compare(o, folder, model, text, noise, renoise, say)
        if o.only != "latents":
            for name, ms in speed(model.bfloat16(), text):
                say(what="five passes over 21 latent frames, PyTorch bf16", by=name, ms=ms)


if __name__ == "__main__":
    main()
