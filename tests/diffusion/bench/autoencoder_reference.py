"""PyTorch's side of autoencoder_cuda_bench.

    python3 tests/diffusion/bench/autoencoder_reference.py FOLDER

needs torch with a GPU, safetensors and diffusers. Makes a full and a tiny autoencoder of the public
sizes with random weights, decodes a clip with each in fp32, times bf16 in the layout that is faster, and
leaves weights and clips in FOLDER. One JSON line each.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "fixtures"))
import make_taehv_fixtures as tiny
from diffusers import AutoencoderKLWan
from make_wan_vae_fixtures import spread

LATENTS, HEIGHT, WIDTH = 7, 60, 104  # one latent, then chunks of three


def milliseconds(work, runs=3):
    work()
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    times = []
    for _ in range(runs):
        begin.record()
        work()
        end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end))
    return sorted(times)[runs // 2]


def report(name, **values):
    print(json.dumps(dict(name=name, torch=torch.__version__, **values)), flush=True)


def distance(frames, wanted):
    return ((frames.float() - wanted).norm() / wanted.norm()).item()


def full(folder):
    torch.manual_seed(1)
    model = AutoencoderKLWan().eval()
    spread(model)
    save_file({k: v.bfloat16().contiguous() for k, v in model.state_dict().items()},
              folder / "wan_vae.safetensors")
    model = model.cuda()
    mean = torch.tensor(model.config.latents_mean).view(1, -1, 1, 1, 1).cuda()
    std = torch.tensor(model.config.latents_std).view(1, -1, 1, 1, 1).cuda()
    latents = torch.randn(1, 16, LATENTS, HEIGHT, WIDTH).cuda()

    def frames(dtype):
        z = (latents * std + mean).to(dtype)
        return ((model.decode(z).sample.float() + 1) / 2)[0].permute(1, 2, 3, 0)

    wanted = frames(torch.float32)
    save_file(dict(latents=latents[0].transpose(0, 1).contiguous().cpu(),
                   frames=wanted.contiguous().cpu()), folder / "wan_clip.safetensors")
    model = model.bfloat16()
    off = distance(frames(torch.bfloat16), wanted)
    # The first latent is a fifth of the work of another one, and a chunk three of those.
    one = milliseconds(lambda: model.decode(latents[:, :, :1].bfloat16()))
    plain = milliseconds(lambda: frames(torch.bfloat16)) - one
    for p in model.parameters():
        if p.dim() > 3:
            p.data = p.contiguous(memory_format=torch.channels_last_3d if p.dim() == 5
                                  else torch.channels_last)
    last = milliseconds(lambda: frames(torch.bfloat16)) - one
    report("diffusers AutoencoderKLWan, bf16, chunk of 3 latents", ms_per_chunk=plain / 2,
           ms_channels_last=last / 2, distance=off)


class Tiny:
    """The tiny decoder, all frames of a level at once; frames are [T, C, h, w]."""

    def __init__(self, weights, dtype):
        self.w = {k: v.to("cuda", dtype).to(memory_format=torch.channels_last) if v.dim() == 4
                  else v.to("cuda", dtype) for k, v in weights.items()}

    def conv(self, x, name):
        w = self.w[name + ".weight"]
        return F.conv2d(x, w, self.w.get(name + ".bias"), 1, w.shape[-1] // 2)

    def block(self, x, name):
        past = torch.cat([torch.zeros_like(x[:1]), x[:-1]])
        y = self.conv(torch.cat([x, past], 1), f"{name}.conv.0").relu()
        y = self.conv(y, f"{name}.conv.2").relu()
        return (self.conv(y, f"{name}.conv.4") + x).relu()

    def decode(self, z):
        x = self.conv(3 * torch.tanh(z / 3), "decoder.1").relu()
        for level, grow in enumerate(tiny.GROW):
            for i in range(3):
                x = self.block(x, f"decoder.{6 * level + 3 + i}")
            x = F.interpolate(x, scale_factor=2)
            x = self.conv(x, f"decoder.{6 * level + 7}.conv")
            x = x.reshape(-1, x.shape[1] // grow, *x.shape[2:])
            x = self.conv(x, f"decoder.{6 * level + 8}")
        return self.conv(x.relu(), "decoder.22").clamp(0, 1)


def small(folder):
    tiny.DECODER, tiny.ENCODER, tiny.SPARE = [256, 128, 64, 64], [64, 64, 64], 1
    weights = tiny.random_weights(7)
    save_file({k: v.contiguous() for k, v in weights.items()}, folder / "taehv.safetensors")
    latents = torch.randn(LATENTS, 16, HEIGHT, WIDTH).cuda()
    exact, fast = Tiny(weights, torch.float32), Tiny(weights, torch.bfloat16)
    wanted = exact.decode(latents)[3:].permute(0, 2, 3, 1)
    save_file(dict(latents=latents.cpu(), frames=wanted.contiguous().cpu()),
              folder / "taehv_clip.safetensors")
    z = latents.bfloat16().to(memory_format=torch.channels_last)
    off = distance(fast.decode(z)[3:].permute(0, 2, 3, 1), wanted)
    report("taehv in PyTorch, bf16, chunk of 3 latents", distance=off,
           ms_per_chunk=milliseconds(lambda: fast.decode(z[:3])))


@torch.no_grad()
def main():
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    full(folder)
    torch.cuda.empty_cache()
    small(folder)


if __name__ == "__main__":
    main()
