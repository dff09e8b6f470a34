"""What the parity scripts say: JSON lines, printed and appended to a file."""

import json
import sys

import torch


def teller(path):
    """A function that says a line of these values; `path` may be None."""
    def say(**line):
        gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
        text = json.dumps(dict(command=" ".join(["python3"] + sys.argv), gpu=gpu, torch=torch.__version__, **line))
        print(text, flush=True)
        if path:
            with open(path, "a") as f:
                f.write(text + "\n")
    return say
