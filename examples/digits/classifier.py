"""Trains the classifier that judges generated digits, on digits28.npz, and writes what the examples measure with:

digit_classifier_f16.safetensors   its weights
real_digits.png                    real digits from faces it never saw: image i, in rows of 50, is a digit i % 10
digit_classifier_case.json         what torch computes for some of them, for the test of the C++ classifier
"""

import argparse
import json
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

import weights

BATCH = 128
LEARNING_RATE = 2e-3
IMAGES_PER_FACE = 60
REFERENCE_FACES = 150  # one image of each digit of each of them is the reference
COLUMNS = 50


class Classifier(nn.Module):
    """Logits and features of x [N,1,28,28], background -1: three convolutions of stride 2, then 32 features."""

    def __init__(self, features=32):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 3, stride=2, padding=1)
        self.c2 = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.c3 = nn.Conv2d(32, 32, 3, stride=2, padding=1)
        self.f = nn.Linear(32 * 16, features)
        self.y = nn.Linear(features, 10)

    def forward(self, x):
        h = F.silu(self.c1(x))
        h = F.silu(self.c2(h))
        h = F.silu(self.c3(h))
        features = self.f(h.permute(0, 2, 3, 1).flatten(1))  # pixel by pixel, the order of the C++ images
        return self.y(F.silu(features)), features


def moved(x):
    """Shifted by up to two pixels, with a little noise: what a generator gets slightly wrong is still a digit."""
    down, right = torch.randint(-2, 3, (2,)).tolist()
    return torch.roll(x, (down, right), (2, 3)) + 0.1 * torch.rand(1) * torch.randn_like(x)


def train(network, x, y, seconds):
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=1e-2)
    start, step = time.time(), 0
    while (done := (time.time() - start) / seconds) <= 1:
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min(1, (step + 1) / 100) * (1 - 0.98 * done)
        index = torch.randint(0, len(x), (BATCH,))
        logits, _ = network(moved(x[index].float().div(127.5).sub(1)[:, None]))
        loss = F.cross_entropy(logits, y[index], label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        if step % 500 == 0:
            print(f"{time.time() - start:6.0f} s, step {step}: loss {loss.item():.4f}", flush=True)


@torch.no_grad()
def accuracy(network, x, y):
    right = 0
    for at in range(0, len(x), 1000):
        logits, _ = network(x[at : at + 1000].float().div(127.5).sub(1)[:, None])
        right += (logits.argmax(1) == y[at : at + 1000]).sum().item()
    return right / len(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=240, help="time to train")
    parser.add_argument("--data", default="digits28.npz")
    parser.add_argument("--out", default="../data", help="the folder to write to")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    stored = np.load(args.data)
    x, y = torch.from_numpy(stored["x"]), torch.from_numpy(stored["y"].astype(np.int64))
    images = torch.arange(len(x)).reshape(-1, IMAGES_PER_FACE)
    faces = torch.randperm(len(images))
    seen, unseen = images[faces[REFERENCE_FACES:]].flatten(), images[faces[:REFERENCE_FACES]]
    network = Classifier()
    train(network, x[seen], y[seen], args.seconds)
    size = weights.save(f"{args.out}/digit_classifier_f16.safetensors", network.state_dict(), torch.float16)
    network.load_state_dict(weights.load(f"{args.out}/digit_classifier_f16.safetensors"))
    print(
        f"{sum(p.numel() for p in network.parameters())} weights, {size} bytes; right on faces it was trained on "
        f"{accuracy(network, x[seen], y[seen]):.4f}, on {REFERENCE_FACES} others "
        f"{accuracy(network, x[unseen.flatten()], y[unseen.flatten()]):.4f}"
    )

    reference = unseen[:, :10].flatten()
    tiles = x[reference].reshape(-1, COLUMNS, 28, 28).permute(0, 2, 1, 3).reshape(-1, COLUMNS * 28)
    Image.fromarray(tiles.numpy()).save(f"{args.out}/real_digits.png", optimize=True)
    assert (y[reference] == torch.arange(len(reference)) % 10).all()
    with torch.no_grad():
        logits, features = network(x[reference[:20]].float().div(127.5).sub(1)[:, None])
    print(f"right on the reference: {accuracy(network, x[reference], y[reference]):.4f}")
    numbers = lambda values: [float(f"{value:.7g}") for value in values.flatten().tolist()]
    case = {"torch": torch.__version__, "images": 20, "logits": numbers(logits), "features": numbers(features)}
    with open(f"{args.out}/digit_classifier_case.json", "w", encoding="ascii") as file:
        json.dump(case, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
