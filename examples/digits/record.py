"""Writes what torch computes for a few inputs, as the JSON file which the test of the C++ network compares with."""

import argparse
import json

import torch

import weights
from model import NO_CLASS, UNet, signal_fraction

TIMES = [999.0, 500.0, 37.0, 0.0]
# How noisy the images are. Time 0 gets noise too: there a nearly clean image has its rounding errors magnified a
# hundredfold, and torch itself then differs by 2e-5 between batch sizes, which leaves nothing to compare with.
LEVELS = [999, 500, 37, 999]
CLASSES = [3, 7, NO_CLASS, 0]


def inputs():
    """[4,1,28,28]: a ring noised to LEVELS, in steps of 1/1024 so that a few digits write it exactly."""
    row, column = torch.meshgrid(torch.arange(28) - 13.5, torch.arange(28) - 13.5, indexing="ij")
    radius = torch.sqrt((row / 1.4) ** 2 + column**2)
    clean = (3.0 - 2.0 * (radius - 6.0).abs()).clamp(-1, 1)
    signal = signal_fraction()[LEVELS].float()[:, None, None, None]
    noise = torch.randn(len(LEVELS), 1, 28, 28, generator=torch.Generator().manual_seed(0))
    return (1024 * (signal.sqrt() * clean + (1 - signal).sqrt() * noise)).round() / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default="../data/digits_f16.safetensors")
    parser.add_argument("--out", default="../data/digit_network_case.json")
    args = parser.parse_args()

    torch.set_num_threads(1)
    network = UNet()
    network.load_state_dict(weights.load(args.weights))
    network.eval()
    images = inputs()
    with torch.no_grad():
        eps = network(images, torch.tensor(TIMES), torch.tensor(CLASSES))
    case = {
        "torch": torch.__version__,
        "shape": list(images.shape),
        "times": TIMES,
        "classes": CLASSES,
        "images": [round(value, 10) for value in images.flatten().tolist()],
        "eps": [float(f"{value:.9g}") for value in eps.flatten().tolist()],
    }
    with open(args.out, "w", encoding="ascii") as file:
        json.dump(case, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
