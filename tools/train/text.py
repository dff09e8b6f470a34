"""Tokens: a SentencePiece model trained on toyworld captions."""

import argparse
import io

import sentencepiece
import torch

TEXT_LEN, PAD, EOS, UNK = 64, 0, 1, 2


def train_tokenizer(captions, path, vocab_size=512):
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(captions), model_prefix=path.removesuffix(".model"), model_type="bpe",
        vocab_size=vocab_size, pad_id=PAD, eos_id=EOS, unk_id=UNK, bos_id=-1, character_coverage=1.0,
        byte_fallback=False, hard_vocab_limit=False, add_dummy_prefix=True, num_threads=2,
        normalization_rule_name="nmt_nfkc_cf", required_chars="abcdefghijklmnopqrstuvwxyz0123456789,.'-!?")


class Tokenizer:
    def __init__(self, path):
        with io.open(path, "rb") as f:
            self.model = sentencepiece.SentencePieceProcessor(model_proto=f.read())

    def __call__(self, texts):
        """[N, TEXT_LEN] int64: pieces, end of sentence, padding."""
        out = torch.full((len(texts), TEXT_LEN), PAD, dtype=torch.int64)
        for row, ids in zip(out, self.model.encode(list(texts))):
            ids = ids[:TEXT_LEN - 1] + [EOS]
            row[:len(ids)] = torch.tensor(ids)
        return out


def main():
    from common import CLIP_FRAMES, TRAIN_SEEDS
    from world import World

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--clips", type=int, default=40000)
    args = parser.parse_args()
    world = World()
    captions = []
    for seed in range(TRAIN_SEEDS, TRAIN_SEEDS + args.clips):
        script = world.describe(seed, CLIP_FRAMES)
        captions += [world.caption(script, s, seed + s) for s in range(script.segment_count)]
    train_tokenizer(captions, args.out)


if __name__ == "__main__":
    main()
