"""Stage 5: the trained parts as a diffusers-style folder, bf16, that the runtime loads."""

import argparse
import json
import os
import shutil

import torch
from safetensors.torch import save_file

from common import CHUNK, FPS, HEIGHT, LATENT_FRAMES, TEXT_ENCODER, TRANSFORMER, WIDTH, common_arguments, load
from flow import SHIFT, STEPS
from nets.depth import DepthHead
from teacher import Model, load_vae
from text import TEXT_LEN


def write(folder, name, module, config, prefix=""):
    os.makedirs(folder, exist_ok=True)
    state = {prefix + k: v.detach().to(torch.bfloat16).contiguous() for k, v in module.state_dict().items()}
    save_file(state, os.path.join(folder, name), metadata={"format": "pt"})
    write_json(folder, "config.json", config)


def write_json(folder, name, value):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w") as f:
        json.dump(value, f, indent=2)
        f.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--student", default="out/student")
    parser.add_argument("--depth", default="out/depth")
    common_arguments(parser)
    parser.add_argument("--out", default="../../assets/models/toyworld")
    args = parser.parse_args()
    model, (vae, (mean, std)) = load(args.student, Model()), load_vae(args.vae, "cpu")
    part = lambda name: os.path.join(args.out, name)
    write(part("transformer"), "diffusion_pytorch_model.safetensors", model.transformer, TRANSFORMER)
    write(part("text_encoder"), "model.safetensors", model.text_encoder, TEXT_ENCODER)
    write(part("vae"), "diffusion_pytorch_model.safetensors", vae, dict(
        _class_name="AutoencoderTAEHV", latent_channels=16, encoder_channels=[32, 64, 64],
        decoder_channels=[128, 64, 48, 32], latents_mean=mean.tolist(), latents_std=std.tolist()))
    write(part("depth"), "diffusion_pytorch_model.safetensors", load(args.depth, DepthHead()),
          dict(_class_name="DepthHead"), prefix="depth_head.")
    write_json(part("scheduler"), "scheduler_config.json", dict(
        _class_name="FlowMatchEulerDiscreteScheduler", num_train_timesteps=1000, shift=SHIFT,
        denoising_steps=list(STEPS), chunk_frames=CHUNK, window_frames=LATENT_FRAMES,
        frame_rate=FPS, width=WIDTH, height=HEIGHT))
    os.makedirs(part("tokenizer"), exist_ok=True)
    if not os.path.exists(part("tokenizer/spiece.model")):
        shutil.copy(args.tokenizer, part("tokenizer/spiece.model"))
    write_json(part("tokenizer"), "tokenizer_config.json", dict(
        tokenizer_class="T5Tokenizer", model_max_length=TEXT_LEN, pad_token="<pad>",
        eos_token="</s>", unk_token="<unk>", extra_ids=0))
    write_json(args.out, "model_index.json", dict(
        _class_name="WanPipeline", transformer=["diffusers", "WanTransformer3DModel"],
        vae=["diffusers", "AutoencoderTAEHV"], text_encoder=["transformers", "UMT5EncoderModel"],
        tokenizer=["transformers", "T5Tokenizer"], scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"]))


if __name__ == "__main__":
    main()
