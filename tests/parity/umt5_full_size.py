"""umT5-XXL's sizes with random weights: `longtake embed` beside transformers on the same GPU.

Run from the repository root:
    python3 tests/parity/umt5_full_size.py LONGTAKE_BINARY [--device cuda|cpu] [--small] [--records FILE]
Needs torch, transformers and safetensors, and 12 GB of disk for the weights. Prints, and appends as
JSON lines, for a prompt of 253 tokens: the rows by fp32 and bf16 of ours, kept and streamed layer by
layer, and by transformers' bf16, as relative distance to transformers' fp32; and what `embed` says
of its time.
"""

import argparse
import math
import pathlib
import shutil
import subprocess
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file

from records import teller

XXL = dict(vocab_size=256384, d_model=4096, num_heads=64, d_kv=64, d_ff=10240, num_layers=24)
SMALL = dict(vocab_size=2048, d_model=256, num_heads=4, d_kv=64, d_ff=512, num_layers=3)
SHARED = dict(relative_attention_num_buckets=32, relative_attention_max_distance=128,
              layer_norm_epsilon=1e-6, feed_forward_proj="gated-gelu", dropout_rate=0.0)
PROMPT = "a red ball rolls right on green grass by day, then a blue cube bounces left " * 14


def random_encoder(sizes, device):
    torch.manual_seed(1)
    config = transformers.UMT5Config(**sizes, **SHARED)
    with torch.device(device):
        model = transformers.UMT5EncoderModel(config).eval()
    for name, p in model.named_parameters():
        spread = 0.1 if p.dim() == 1 else 1.0 if "shared" in name or "bias" in name else 1 / math.sqrt(p.shape[1])
        p.data = ((1.0 if p.dim() == 1 else 0.0) + spread * torch.randn_like(p)).bfloat16().float()
    for block in model.encoder.block:  # unscaled scores of unit vectors would be one-hot
        block.layer[0].SelfAttention.q.weight.data *= 2.0 ** -3
    return model


def write_folder(folder, model):
    (folder / "text_encoder").mkdir(parents=True)
    (folder / "tokenizer").mkdir()
    shutil.copy("assets/models/toyworld/tokenizer/spiece.model", folder / "tokenizer")
    state = {k: v.bfloat16().contiguous().cpu() for k, v in model.state_dict().items()
             if k != "encoder.embed_tokens.weight"}
    save_file(state, folder / "text_encoder/model.safetensors")
    model.config.save_pretrained(folder / "text_encoder")


def ours(o, folder, precision, *more):
    out = folder / "rows.safetensors"
    command = [o.binary, "embed", PROMPT, "--model", folder, "--device", o.device, "--precision", precision,
               "-o", out, *more]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return load_file(out)["prompt_embeds"], done.stdout.strip()


def tokens_of(folder):
    import sentencepiece
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer/spiece.model"))
    return torch.tensor([pieces.encode(PROMPT.strip()) + [pieces.eos_id()]])


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true", help="small sizes, to try the script")
    parser.add_argument("--records")
    o = parser.parse_args()
    say = teller(o.records)
    torch.backends.cuda.matmul.allow_tf32 = False

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model = random_encoder(SMALL if o.small else XXL, o.device)
        write_folder(folder, model)
        tokens = tokens_of(folder).to(o.device)
        expected = model(tokens).last_hidden_state[0].cpu()
        theirs = model.bfloat16()(tokens).last_hidden_state[0].float().cpu()
        del model
        torch.cuda.empty_cache()
        takes = {"transformers bf16": (theirs, "")}
        for name, *options in (("fp32", "fp32"), ("bf16", "bf16"), ("bf16, streamed", "bf16", "--stream")):
            takes[name] = ours(o, folder, *options)
        for name, (rows, said) in takes.items():
            if rows.shape != expected.shape:
                raise SystemExit(f"{name}: rows {tuple(rows.shape)}, not {tuple(expected.shape)}")
            say(what="rows of a prompt against transformers fp32, relative", device=o.device, by=name,
                tokens=rows.shape[0], off=((rows - expected).norm() / expected.norm()).item(), said=said)


if __name__ == "__main__":
    main()
