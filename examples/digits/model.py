"""The digit network: a class-conditional U-Net of 490,468 parameters which predicts eps of a noised 28x28 digit.

Module names are the keys of the weight file, and ../support/digit_weights.hpp reads them: renaming one breaks both.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

NO_CLASS = 10  # the class that means "any digit"


class ResidualBlock(nn.Module):
    """skip(x) + conv(silu(film(norm(conv(silu(norm(x))))))), where film scales and shifts by the embedding."""

    def __init__(self, from_channels, to_channels, embedding):
        super().__init__()
        self.n1 = nn.GroupNorm(8, from_channels)
        self.c1 = nn.Conv2d(from_channels, to_channels, 3, padding=1)
        self.e = nn.Linear(embedding, 2 * to_channels)
        self.n2 = nn.GroupNorm(8, to_channels)
        self.c2 = nn.Conv2d(to_channels, to_channels, 3, padding=1)
        nn.init.zeros_(self.c2.weight)
        nn.init.zeros_(self.c2.bias)
        self.sk = nn.Conv2d(from_channels, to_channels, 1) if from_channels != to_channels else nn.Identity()

    def forward(self, x, embedding):
        h = self.c1(F.silu(self.n1(x)))
        scale, shift = self.e(embedding)[:, :, None, None].chunk(2, 1)
        h = self.n2(h) * (1 + scale) + shift
        return self.sk(x) + self.c2(F.silu(h))


class Attention(nn.Module):
    """x + self-attention of one head over the pixels of x."""

    def __init__(self, channels):
        super().__init__()
        self.n = nn.GroupNorm(8, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.o = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.o.weight)

    def forward(self, x):
        batch, channels, height, width = x.shape
        q, k, v = self.qkv(self.n(x)).reshape(batch, 3, channels, height * width).unbind(1)
        weights = torch.softmax(torch.bmm(q.transpose(1, 2), k) * channels**-0.5, -1)
        attended = torch.bmm(v, weights.transpose(1, 2))
        return x + self.o(attended.reshape(batch, channels, height, width))


class UNet(nn.Module):
    """eps of x [N,1,S,S] at t [N] (index of the noise level, 0..999, as float) and y [N] (0..9, or NO_CLASS).

    The stem takes patches of 2x2 pixels, so the two levels of a 28x28 image have 14x14 and 7x7 pixels.
    """

    def __init__(self, channels=32, classes=10, embedding=128):
        super().__init__()
        c = channels
        self.stem = nn.Conv2d(1, c, 2, stride=2)
        self.t1 = nn.Linear(64, embedding)
        self.t2 = nn.Linear(embedding, embedding)
        self.y = nn.Embedding(classes + 1, embedding)
        self.d1 = ResidualBlock(c, c, embedding)
        self.dn = nn.Conv2d(c, 2 * c, 3, stride=2, padding=1)
        self.d2 = ResidualBlock(2 * c, 2 * c, embedding)
        self.m1 = ResidualBlock(2 * c, 2 * c, embedding)
        self.at = Attention(2 * c)
        self.u2 = ResidualBlock(4 * c, 2 * c, embedding)
        self.up = nn.Conv2d(2 * c, c, 3, padding=1)
        self.u1 = ResidualBlock(2 * c, c, embedding)
        self.u0 = ResidualBlock(c, c, embedding)
        self.n = nn.GroupNorm(8, c)
        self.out = nn.Conv2d(c, 4, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        self.register_buffer("fr", torch.exp(-math.log(10000.0) * torch.arange(32) / 32), persistent=False)

    def forward(self, x, t, y):
        angle = t.float()[:, None] * self.fr[None]
        time = self.t2(F.silu(self.t1(torch.cat([angle.sin(), angle.cos()], 1))))
        e = F.silu(time + self.y(y))
        h1 = self.d1(self.stem(x), e)
        h2 = self.d2(self.dn(h1), e)
        u = self.u2(torch.cat([self.at(self.m1(h2, e)), h2], 1), e)
        u = self.up(F.interpolate(u, scale_factor=2.0, mode="nearest"))
        u = self.u0(self.u1(torch.cat([u, h1], 1), e), e)
        return F.pixel_shuffle(self.out(F.silu(self.n(u))), 2)


def signal_fraction():
    """alpha-bar [1000] of the schedule the network is trained on: linear beta from 1e-4 to 0.02."""
    return torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
