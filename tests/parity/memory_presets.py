"""What takes of Wan2.1-1.3B's size with the full autoencoder and umT5-XXL need of a GPU's memory.

Run from the repository root:
    python3 tests/parity/memory_presets.py LONGTAKE_BINARY [--records FILE]
Needs torch with a CUDA GPU, safetensors and 15 GB of disk for random weights. All of the GPU's memory
but what a preset has is taken by this process; the take's prompt changes when its window is full. Prints,
and appends as JSON lines, the most memory that `longtake generate` took, the CUDA runtime included,
and what it said of its time; ends with 1 where a take failed.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import torch
from safetensors.torch import load_file, save_file

from records import teller
from wan_full_size import random_model, write_folder

GIB = 1 << 30
TINY, WIDE = 4, 96  # channels of the finest level: of the fixture, of Wan's autoencoder
XXL = dict(vocab_size=256384, d_model=4096, num_heads=64, d_kv=64, d_ff=10240, num_layers=24)
PROMPT = "0s: a red ball rolls right on green grass by day | 5s: a blue cube spins on white snow at night"
PRESETS = [
    (15, "bf16", "window:window=21"),
    (15, "bf16", "deep-forcing:window=15,sink=6,budget=12"),
    (23, "bf16", "deep-forcing"),
    (23, "fp8", "deep-forcing"),
]


def random_tensor(*shape):
    return (torch.randn(shape, device="cuda") / shape[-1] ** 0.5).bfloat16().cpu()


def wide_vae():
    """Random weights under the names of the tests' fixture, which has fewer channels."""
    outside = {"quant_conv": (), "post_quant_conv": (), "encoder.conv_in": (0,), "encoder.conv_out": (1,),
               "decoder.conv_in": (0,), "decoder.conv_out": (1,)}  # and which of theirs widen

    def shape_of(name, tensor):
        shape = list(tensor.shape)
        for axis in outside.get(name.rsplit(".", 1)[0], (0, 1)):
            if axis < len(shape) and shape[axis] > 1:
                shape[axis] *= WIDE // TINY
        return shape

    tiny = load_file("tests/fixtures/tiny_wan_vae/diffusion_pytorch_model.safetensors")
    return {name: torch.randn(shape_of(name, t)).mul(0.02).bfloat16() for name, t in tiny.items()}


def text_encoder():
    d, ffn = XXL["d_model"], XXL["d_ff"]
    weights = {"shared.weight": random_tensor(XXL["vocab_size"], d),
               "encoder.final_layer_norm.weight": torch.ones(d).bfloat16()}
    for i in range(XXL["num_layers"]):
        attention, dense = f"encoder.block.{i}.layer.0.", f"encoder.block.{i}.layer.1."
        for name in "qkvo":
            weights[f"{attention}SelfAttention.{name}.weight"] = random_tensor(d, d)
        weights[f"{attention}SelfAttention.relative_attention_bias.weight"] = random_tensor(32, XXL["num_heads"])
        weights[f"{dense}DenseReluDense.wi_0.weight"] = random_tensor(ffn, d)
        weights[f"{dense}DenseReluDense.wi_1.weight"] = random_tensor(ffn, d)
        weights[f"{dense}DenseReluDense.wo.weight"] = random_tensor(d, ffn)
        for layer in (attention, dense):
            weights[f"{layer}layer_norm.weight"] = torch.ones(d).bfloat16()
    return weights


def write_model(folder):
    write_folder(folder, random_model())
    shutil.rmtree(folder / "vae")
    for part, weights, config in (("vae", wide_vae(), None), ("text_encoder", text_encoder(), XXL)):
        (folder / part).mkdir()
        name = "model" if config else "diffusion_pytorch_model"
        save_file(weights, folder / part / f"{name}.safetensors")
        if config:
            (folder / part / "config.json").write_text(json.dumps(dict(model_type="umt5", **config)))
    (folder / "tokenizer").mkdir()
    shutil.copy("assets/models/toyworld/tokenizer/spiece.model", folder / "tokenizer")
    torch.cuda.empty_cache()


def used():
    free, total = torch.cuda.mem_get_info()
    return total - free


class Peak:
    """The most of the GPU's memory in use meanwhile."""

    def __enter__(self):
        self.most, self.done = used(), threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.done.wait(0.003):
            self.most = max(self.most, used())

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--records")
    o = parser.parse_args()
    say = teller(o.records)
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "model"
        write_model(folder)
        for gib, precision, cache in PRESETS:
            taken = torch.empty(max(0, torch.cuda.mem_get_info()[0] - gib * GIB), dtype=torch.uint8, device="cuda")
            before, start = used(), time.monotonic()
            command = [o.binary, "generate", "--device", "cuda", "--model", folder, "--precision", precision,
                       "--cache", cache, "--prompt", PROMPT, "--seconds", "8", "-o", folder.parent / "take.mp4"]
            with Peak() as peak:
                done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
            del taken
            torch.cuda.empty_cache()
            failed = failed or done.returncode != 0
            say(what="a take whose prompt changes, with umT5-XXL", free_gib=gib, precision=precision, cache=cache,
                took_gib=round((peak.most - before) / GIB, 2), seconds=round(time.monotonic() - start, 1),
                exit_code=done.returncode, said=done.stderr.strip().splitlines()[-1:])
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
