"""Trains the digit network on digits28.npz for a given time and writes the averaged weights as safetensors."""

import argparse
import copy
import math
import time

import numpy as np
import torch

import weights
from model import NO_CLASS, UNet, signal_fraction

BATCH = 128
LEARNING_RATE = 1.2e-3
WARM_UP = 200  # steps
DROP_CLASS = 0.1  # the share of images whose class is hidden, which is what guidance needs
IMAGES_PER_FACE = 60
HELD_OUT_FACES = 16
REPORT_EVERY = 500  # steps


class Data:
    """Images in [-1,1] and labels, split by face: what is held out shows faces never trained on."""

    def __init__(self, file):
        stored = np.load(file)
        self.x = torch.from_numpy(stored["x"])
        self.y = torch.from_numpy(stored["y"].astype(np.int64))
        faces = torch.randperm(len(self.x) // IMAGES_PER_FACE)
        self.held_out = self.images_of(faces[:HELD_OUT_FACES])
        self.train = self.images_of(faces[HELD_OUT_FACES:])

    @staticmethod
    def images_of(faces):
        return (faces[:, None] * IMAGES_PER_FACE + torch.arange(IMAGES_PER_FACE)).reshape(-1)

    def __getitem__(self, index):
        return self.x[index].float().div(127.5).sub(1)[:, None], self.y[index]


class Objective:
    """Mean squared error of eps."""

    def __init__(self):
        self.signal = signal_fraction().float()

    def __call__(self, network, x, y, t, eps):
        signal = self.signal[t][:, None, None, None]
        noised = signal.sqrt() * x + (1 - signal).sqrt() * eps
        return (network(noised, t, y) - eps).square().mean()


class HeldOut:
    """The loss on the held-out faces, always with the same times and noise."""

    def __init__(self, data, objective):
        self.data, self.objective = data, objective
        generator = torch.Generator().manual_seed(7)
        count = len(data.held_out)
        self.t = torch.randint(0, 1000, (count,), generator=generator)
        self.eps = torch.randn(count, 1, 28, 28, generator=generator)

    @torch.no_grad()
    def loss(self, network):
        total = 0.0
        for at in range(0, len(self.t), 160):
            part = slice(at, at + 160)
            x, y = self.data[self.data.held_out[part]]
            total += self.objective(network, x, y, self.t[part], self.eps[part]).item() * len(x)
        return total / len(self.t)


def learning_rate(step, done):
    """Linear warm-up, then half a cosine over the time budget down to 2 %."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(1, done)))
    return LEARNING_RATE * min(1, (step + 1) / WARM_UP) * (0.98 * cosine + 0.02)


def train(data, seconds):
    """The exponential moving average of the weights after that time, evaluations on held-out faces not counted."""
    network = UNet()
    averaged = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=1e-2, betas=(0.9, 0.99))
    objective = Objective()
    held_out = HeldOut(data, objective)
    start, paused, step, smooth = time.time(), 0.0, 0, None
    while (elapsed := time.time() - start - paused) <= seconds:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, elapsed / seconds)
        x, y = data[data.train[torch.randint(0, len(data.train), (BATCH,))]]
        y = torch.where(torch.rand(BATCH) < DROP_CLASS, torch.tensor(NO_CLASS), y)
        loss = objective(network, x, y, torch.randint(0, 1000, (BATCH,)), torch.randn_like(x))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        step += 1
        keep = min(0.9993, (1 + step) / (10 + step))
        with torch.no_grad():
            for average, current in zip(averaged.parameters(), network.parameters()):
                average.lerp_(current, 1 - keep)
        smooth = loss.item() if smooth is None else 0.99 * smooth + 0.01 * loss.item()
        if step % REPORT_EVERY == 0:
            before = time.time()
            unseen = held_out.loss(averaged)
            print(f"{elapsed:6.0f} s, step {step}: loss {smooth:.4f}, held out {unseen:.4f}", flush=True)
            paused += time.time() - before
    print(f"{step} steps: loss {smooth:.4f}, held out {held_out.loss(averaged):.4f}")
    return averaged


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800, help="time to train")
    parser.add_argument("--data", default="digits28.npz")
    parser.add_argument("--out", default="digits_f16.safetensors")
    parser.add_argument("--full", action="store_true", help="write float32 instead of float16")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    network = train(Data(args.data), args.seconds)
    size = weights.save(args.out, network.state_dict(), torch.float32 if args.full else torch.float16)
    print(f"{args.out}: {size} bytes")


if __name__ == "__main__":
    main()
