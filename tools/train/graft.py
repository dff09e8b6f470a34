"""Carries what a teacher has learnt since into a student of its earlier self: adds the difference of
their weights. The student keeps its few steps and its cache, and distillation starts from there.
"""

import argparse

import torch

from common import load, save
from teacher import Model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("onto", help="weights of the student, or of its critic")
    parser.add_argument("--before", required=True, help="weights of the teacher it was distilled from")
    parser.add_argument("--after", required=True, help="weights of the teacher now")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    model, before, after = (load(path, Model()) for path in (args.onto, args.before, args.after))
    with torch.no_grad():
        for p, old, new in zip(model.parameters(), before.parameters(), after.parameters()):
            p += new - old
    save(args.out, model)


if __name__ == "__main__":
    main()
