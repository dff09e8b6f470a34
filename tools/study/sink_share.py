#!/usr/bin/env python3
"""How much of its attention a chunk gives to a take's first frames, by how far away in time they are, as far as rotation
decides it: keys of a roll-out's first chunk, put so many latent frames before its last one, against those of the twelve
newest frames. Prints a JSON line; needs no GPU.

    sink_share.py tests/records/sink_share.png >> tests/records/sink_share.jsonl
"""

import json
import os
import sys

import matplotlib.pyplot as plt
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "train")]
from common import CHUNK, FPS, HEIGHT, LATENT_FRAMES, WIDTH, load  # noqa: E402
from flow import SIGMAS, roll_out  # noqa: E402
from nets import wan  # noqa: E402
from report import save  # noqa: E402
from teacher import Model  # noqa: E402
from text import Tokenizer  # noqa: E402

MODEL = os.path.join(HERE, "..", "..", "assets", "models", "toyworld")
PROMPTS = ["a red ball rolls right on green grass by day", "a blue cube spins on white snow at night, the camera is static"]
RECENT = 3  # chunks before the last one that it sees
DISTANCES = range(12, 440)


@torch.no_grad()
def passes(model):
    """Queries and keys of every layer [2 * layers][B, tokens, heads, d], not turned yet, for every pass of a roll-out."""
    turned, rotate = [], wan.rotate
    wan.rotate = lambda x, rope: (turned.append(x.clone()), rotate(x, rope))[1]
    noise = torch.randn(len(PROMPTS), LATENT_FRAMES, 16, HEIGHT // 8, WIDTH // 8, generator=torch.Generator().manual_seed(1))
    text = model.text(Tokenizer(f"{MODEL}/tokenizer/spiece.model")(PROMPTS))
    roll_out(model.transformer, noise, text, torch.arange(len(PROMPTS))[:, None].expand(-1, LATENT_FRAMES // CHUNK))
    wan.rotate = rotate
    layers = 2 * len(model.transformer.blocks)
    return [turned[i:i + layers] for i in range(0, len(turned), layers)]


def turn(x, frame):
    """A chunk's, at that frame."""
    return wan.rotate(x, wan.rope_table(CHUNK, HEIGHT // 16, WIDTH // 16, x.shape[-1], frame, x.device))


def weight(queries, keys):
    return torch.logsumexp(torch.einsum("bqhd,bkhd->bhqk", queries, keys) * queries.shape[-1]**-0.5, -1)


@torch.no_grad()
def shares(made):
    """Of every distance, the mean over layers, heads and tokens."""
    every = len(SIGMAS) + 1  # passes of a chunk; the last one is of what is clean
    first, last = made[every - 1], made[-every]
    newest = [made[-every * (c + 1) - 1] for c in range(RECENT)]
    total = torch.zeros(len(DISTANCES))
    for layer in range(0, len(first), 2):
        queries = turn(last[layer], 0)
        near = [turn(last[layer + 1], 0)] + [turn(p[layer + 1], -CHUNK * (c + 1)) for c, p in enumerate(newest)]
        others = weight(queries, torch.cat(near, 1))
        total += torch.stack([torch.sigmoid(weight(queries, turn(first[layer + 1], -d)) - others).mean() for d in DISTANCES])
    return (total / (len(first) // 2)).tolist()


def main():
    share = [round(s, 3) for s in shares(passes(load(MODEL, Model()).eval()))]
    print(json.dumps(dict(what="share of attention to the first three frames", first_distance=DISTANCES[0], share=share)))
    figure, panel = plt.subplots(figsize=(8, 2.6))
    panel.plot([4 * d / FPS for d in DISTANCES], share)
    panel.axvspan(0, 4 * LATENT_FRAMES / FPS, color="0.9")
    panel.set_xlabel("seconds since the first frames (grey: what the model was trained on)")
    panel.set_ylabel("share of attention")
    panel.set_xlim(0)
    panel.spines[["top", "right"]].set_visible(False)
    save(figure, sys.argv[1])


if __name__ == "__main__":
    main()
