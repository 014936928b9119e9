"""Draws digits with DDIM and classifier-free guidance in torch: ten of each class, as a PNG sheet."""

import argparse
import time

import numpy as np
import torch
from PIL import Image

import weights
from model import NO_CLASS, UNet, signal_fraction


@torch.no_grad()
def ddim(network, classes, steps, scale, generator):
    """Samples [N,1,28,28]; scale 1 is the conditional prediction alone and costs one evaluation per step, not two."""
    count = len(classes)
    signal = signal_fraction()
    x = torch.randn(count, 1, 28, 28, generator=generator)
    times = np.linspace(999, 0, steps + 1)[:-1].round().astype(int)
    nothing = torch.full_like(classes, NO_CLASS)
    for i, time_index in enumerate(times):
        t = torch.full((count,), float(time_index))
        if scale == 1:
            eps = network(x, t, classes)
        else:
            with_class, without = network(torch.cat([x, x]), torch.cat([t, t]), torch.cat([classes, nothing])).chunk(2)
            eps = without + scale * (with_class - without)
        here = float(signal[time_index])
        there = float(signal[times[i + 1]]) if i + 1 < steps else 1.0
        clean = (x - (1 - here) ** 0.5 * eps) / here**0.5
        x = there**0.5 * clean + (1 - there) ** 0.5 * eps
    return x


def sheet(images, columns=10, border=2, upscale=2):
    """Images [N,1,28,28] in [-1,1] as one grey picture."""
    pixels = ((images.clamp(-1, 1) + 1) * 127.5).round().byte().numpy()[:, 0]
    pitch = pixels.shape[1] + border
    rows = -(-len(pixels) // columns)
    grid = np.full((rows * pitch + border, columns * pitch + border), 40, np.uint8)
    for i, image in enumerate(pixels):
        top, left = (border + pitch * place for place in divmod(i, columns))
        grid[top : top + image.shape[0], left : left + image.shape[1]] = image
    return Image.fromarray(grid.repeat(upscale, 0).repeat(upscale, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default="../data/digits_f16.safetensors")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--scale", type=float, default=2.0, help="guidance scale; 1 is none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="digits.png")
    args = parser.parse_args()
    torch.set_num_threads(1)
    network = UNet()
    network.load_state_dict(weights.load(args.weights))
    network.eval()
    start = time.time()
    classes = torch.arange(10).repeat_interleave(10)
    images = ddim(network, classes, args.steps, args.scale, torch.Generator().manual_seed(args.seed))
    print(f"100 digits, {args.steps} steps, scale {args.scale:g}: {time.time() - start:.1f} s")
    sheet(images).save(args.out)


if __name__ == "__main__":
    main()
