"""Wan2.1's autoencoder at its true widths with random weights, 832x480: ours beside diffusers.

Run from the repository root, after `ninja wan_vae_parity`:
    python3 tests/parity/wan_vae_full_size.py WAN_VAE_PARITY_BINARY [--latents 3] [--records FILE]
Needs torch with a CUDA GPU, diffusers and safetensors. Prints, and appends as JSON lines: pictures of
the decoder and latents of the encoder by fp32 and bf16 of ours, and by diffusers' bf16, as relative
distance to diffusers' fp32. The binary also holds decoding latent by latent against decoding at once.
"""

import argparse
import pathlib
import subprocess
import tempfile

import torch
from diffusers import AutoencoderKLWan
from safetensors.torch import load_file, save_file

from records import teller

HEIGHT, WIDTH = 480, 832


def random_vae():
    torch.manual_seed(21)
    model = AutoencoderKLWan().eval().cuda()
    for name, p in model.named_parameters():
        if name.endswith("gamma"):
            p.data = 1 + 0.2 * torch.randn_like(p)
        elif name == "decoder.conv_out.weight":
            p.data *= 0.7
        p.data = p.data.bfloat16().float()
    return model


def statistics(model):
    shape = (1, -1, 1, 1, 1)
    return (torch.tensor(model.config.latents_mean, device="cuda").view(shape),
            torch.tensor(model.config.latents_std, device="cuda").view(shape))


def both_ways(model, latents, images):
    """Frames [T, H, W, 3] in [0, 1] and latents [F, C, h, w] in diffusion space, as floats."""
    mean, std = statistics(model)
    dtype = next(model.parameters()).dtype
    z = latents.transpose(0, 1)[None].cuda() * std + mean
    frames = (model.decode(z.to(dtype)).sample[0].float() + 1) / 2
    video = images.cuda().permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    encoded = (model.encode(video.to(dtype)).latent_dist.mode().float() - mean) / std
    return dict(decoded=frames.permute(1, 2, 3, 0).clamp(0, 1).cpu(), encoded=encoded[0].transpose(0, 1).cpu())


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--latents", type=int, default=3)
    parser.add_argument("--records")
    o = parser.parse_args()
    say = teller(o.records)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model = random_vae()
        model.save_pretrained(folder / "vae")
        torch.manual_seed(22)
        latents = torch.randn(o.latents, 16, HEIGHT // 8, WIDTH // 8)
        images = torch.randint(0, 256, (4 * o.latents - 3, HEIGHT, WIDTH, 3), dtype=torch.uint8)
        save_file(dict(latents=latents, images=images), folder / "in.safetensors")
        subprocess.run([o.binary, folder, folder / "in.safetensors", folder / "out.safetensors"], check=True)
        ours = load_file(folder / "out.safetensors")
        expected = both_ways(model, latents, images)
        theirs = both_ways(model.bfloat16(), latents, images)
        for what, reference in expected.items():
            takes = {t: ours[f"{what}_{t}"] for t in ("fp32", "bf16")} | {"diffusers bf16": theirs[what]}
            for name, take in takes.items():
                say(what=f"{what}, against diffusers fp32, relative", by=name, shape=list(take.shape),
                    off=((take - reference).norm() / reference.norm()).item())


if __name__ == "__main__":
    main()
