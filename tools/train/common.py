"""What every training stage shares: time budgets, learning-rate ramps, checkpoints, sheets."""

import glob
import itertools
import json
import os
import time

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import parallel

LATENT_FRAMES, CHUNK, HEIGHT, WIDTH, FPS = 21, 3, 144, 256, 16.0
CLIP_FRAMES = 4 * LATENT_FRAMES  # the first three are the decoder's warm-up
TRAIN_SEEDS, TEST_SEEDS = 1, 1 << 40  # first seed of each split

TRANSFORMER = dict(
    _class_name="WanTransformer3DModel", num_attention_heads=4, attention_head_dim=64, in_channels=32,
    out_channels=16, text_dim=192, freq_dim=256, ffn_dim=1024, num_layers=8, patch_size=[1, 2, 2],
    cross_attn_norm=True, qk_norm="rms_norm_across_heads", eps=1e-6, text_len=64)
TEXT_ENCODER = dict(
    _class_name="UMT5EncoderModel", architectures=["UMT5EncoderModel"], model_type="umt5",
    vocab_size=512, d_model=192, d_kv=64, num_heads=3, d_ff=384, num_layers=2,
    relative_attention_num_buckets=32, relative_attention_max_distance=128,
    feed_forward_proj="gated-gelu", layer_norm_epsilon=1e-6, pad_token_id=0, eos_token_id=1)


def setup():
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    device = parallel.start()
    torch.manual_seed(parallel.RANK)
    return device


class Budget:
    """A stage lasts for a time, not for a number of steps; the learning rate follows it."""

    def __init__(self, minutes, warmup_steps=100, final=0.02):
        self.seconds, self.warmup, self.final = 60 * minutes, warmup_steps, final
        self.start, self.step, self.done = time.time(), 0, 0.0

    def restart(self):
        """Leaves compilation out of the schedule."""
        self.start = time.time()

    def next(self, optimizers):
        """Sets the learning rates of the coming step; False when the time is over."""
        if parallel.WORLD == 1 or self.step % 10 == 0:
            self.done = parallel.agree((time.time() - self.start) / self.seconds)
        if self.done >= 1:
            return False
        ramp = min(1.0, (self.step + 1) / self.warmup)
        tail = min(1.0, max(self.final, (1 - self.done) / 0.6))
        for o in optimizers:
            for g in o.param_groups:
                g["lr"] = g["base_lr"] * ramp * tail
        self.step += 1
        return True

    def report(self, every=100, **values):
        if self.step % every == 0:
            row = dict(step=self.step, seconds=round(time.time() - self.start, 1),
                       **{k: round(torch.as_tensor(v).detach().item(), 5) for k, v in values.items()})
            parallel.say(json.dumps(row))


class Ema:
    def __init__(self, module, decay):
        self.module, self.decay = module, decay
        self.params = [p for p in module.parameters()]
        self.shadow = [p.detach().clone() for p in self.params]

    def update(self, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.shadow, [p.detach() for p in self.params], 1 - decay)

    def swap(self):
        """Exchanges the averaged and the live weights."""
        for p, s in zip(self.params, self.shadow):
            live = p.detach().clone()
            p.data.copy_(s)
            s.copy_(live)


def save(path, module, dtype=torch.bfloat16, part_bytes=15 << 20):
    """Writes weights as safetensors, in parts that are small enough to carry; the first process does."""
    if parallel.RANK:
        return
    state = {k: v.detach().to("cpu", dtype).contiguous() for k, v in module.state_dict().items()}
    parts, size = [{}], 0
    for k, v in state.items():
        if size + v.nbytes > part_bytes and parts[-1]:
            parts.append({})
            size = 0
        parts[-1][k] = v
        size += v.nbytes
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    for i, part in enumerate(parts):
        save_file(part, f"{path}.{i}.tmp")
        os.replace(f"{path}.{i}.tmp", f"{path}.{i}.safetensors")


def load(path, module):
    """Weights that `save` wrote, or a folder of the shipped model: its root, or one part of it."""
    state = {}
    if os.path.isdir(path):
        for file in sorted(glob.glob(f"{path}/*.safetensors") + glob.glob(f"{path}/*/*.safetensors")):
            part = os.path.relpath(os.path.dirname(file), path)
            prefix = "" if part == "." else f"{part}."
            state.update({prefix + k: v for k, v in load_file(file).items()})
    else:
        for i in itertools.count():
            if not os.path.exists(f"{path}.{i}.safetensors"):
                break
            state.update(load_file(f"{path}.{i}.safetensors"))
    fresh = module.state_dict()
    state.update({k: v for k, v in fresh.items() if "track_encoder." in k and k not in state})  # not trained yet
    wanted = fresh.keys()
    if missing := [k for k in wanted if k not in state]:
        raise FileNotFoundError(f"{path}: no weights for {missing[0]} and {len(missing) - 1} more")
    module.load_state_dict({k: state[k].float() for k in wanted})
    return module


def take_step(optimizers, loss, module):
    """Returns the gradient's norm."""
    for o in optimizers:
        o.zero_grad(set_to_none=True)
    loss.backward()
    params = [p for p in module.parameters() if p.requires_grad]
    parallel.average_gradients(params)
    norm = torch.nn.utils.clip_grad_norm_(params, 1.0)
    for o in optimizers:
        o.step()
    return norm


def common_arguments(parser):
    parser.add_argument("--vae", default="out/vae", help="weights, or the vae folder of a model")
    parser.add_argument("--tokenizer", default="tokenizer/spiece.model")


def sheet(path, rows):
    """Writes frames as one picture: rows of [n, H, W, 3] uint8 tensors, one moment a column."""
    lines = [np.concatenate(list(r.cpu().numpy()), 1) for r in rows]
    Image.fromarray(np.concatenate(lines, 0)).save(path, quality=88)


def to_bytes(frames):
    """[..., 3, H, W] in [0, 1] -> [..., H, W, 3] uint8."""
    return (frames.clamp(0, 1) * 255 + 0.5).to(torch.uint8).movedim(-3, -1)
