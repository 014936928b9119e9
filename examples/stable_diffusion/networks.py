"""The networks of the miniature models: those of Stable Diffusion in kind, thousands of times smaller, untrained.

Their weights are random but fixed. So that pictures look like something, the autoencoder's main path is linear in the
colour of 8x8 pixels, and the U-Net's is the exact answer for standard normal latents: the rest is added to these.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def give_weights(module, seed):
    """Fixed weights: RandomState's stream is the same in every version of numpy."""
    draws = np.random.RandomState(seed)
    for name, weight in module.named_parameters():
        z = torch.from_numpy(draws.standard_normal(tuple(weight.shape)).astype(np.float32))
        if weight.dim() == 1:
            z = 0.1 * z + (1 if "norm" in name and name.endswith("weight") else 0)
        elif "embedding" not in name:
            z = z / math.sqrt(weight[0].numel())
        weight.data.copy_(z)
    return module.eval()


class TextLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask):
        b, n, width = x.shape
        q, k, v = (
            t.reshape(b, n, self.heads, width // self.heads).transpose(1, 2) for t in self.qkv(self.norm1(x)).chunk(3, -1)
        )
        weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(width // self.heads) + mask, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(b, n, width))
        h = self.up(self.norm2(x))
        return x + self.down(h * torch.sigmoid(1.702 * h))


class TextEncoder(nn.Module):
    """A CLIP text transformer. Gives what Optimum's file does: see `outputs`."""

    length = 77

    def __init__(self, vocabulary, width, layers=2, heads=2, projection=None, hidden_states=False):
        super().__init__()
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.position_embedding = nn.Embedding(self.length, width)
        self.layers = nn.ModuleList(TextLayer(width, heads) for _ in range(layers))
        self.final_norm = nn.LayerNorm(width)
        self.projection = nn.Linear(width, projection, bias=False) if projection else None
        self.hidden_states = hidden_states
        mask = torch.full((self.length, self.length), -1e4).triu(1)
        self.register_buffer("mask", mask, persistent=False)
        self.outputs = ["text_embeds", "last_hidden_state"] if projection else ["last_hidden_state", "pooler_output"]
        if hidden_states:
            self.outputs += [f"hidden_states.{i}" for i in range(layers + 1)]

    def forward(self, input_ids):
        ids = input_ids.long()
        x = self.token_embedding(ids) + self.position_embedding(torch.arange(self.length))
        states = [x]
        for layer in self.layers:
            x = layer(x, self.mask)
            states.append(x)
        last = self.final_norm(x)
        # "<|endoftext|>" has the highest id; the first one is the end of the prompt.
        at_end = (torch.arange(self.length) == ids.argmax(-1, keepdim=True)).to(last.dtype)
        pooled = (last * at_end[..., None]).sum(1)
        first = (self.projection(pooled), last) if self.projection else (last, pooled)
        return first + tuple(states) if self.hidden_states else first


class Block(nn.Module):
    """A residual block that is told the time, and attention to the text."""

    def __init__(self, inputs, width, time, text):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(4, inputs), nn.Conv2d(inputs, width, 3, padding=1)
        self.time = nn.Linear(time, width)
        self.norm2, self.conv2 = nn.GroupNorm(4, width), nn.Conv2d(width, width, 3, padding=1)
        self.skip = nn.Conv2d(inputs, width, 1)
        self.norm3, self.q = nn.LayerNorm(width), nn.Linear(width, width, bias=False)
        self.k, self.v = nn.Linear(text, width, bias=False), nn.Linear(text, width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x, time, text):
        h = self.conv1(F.silu(self.norm1(x))) + self.time(time)[:, :, None, None]
        x = self.skip(x) + self.conv2(F.silu(self.norm2(h)))
        b, c, height, width = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        weights = torch.softmax(self.q(self.norm3(tokens)) @ self.k(text).transpose(1, 2) / math.sqrt(c), -1)
        tokens = tokens + self.out(weights @ self.v(text))
        return tokens.transpose(1, 2).reshape(b, c, height, width)


def waves(values, width):
    """[..., width] of cosines and sines, as Stable Diffusion tells times and sizes."""
    frequencies = torch.exp(-math.log(10000) / (width // 2) * torch.arange(width // 2))
    angles = values[..., None] * frequencies
    return torch.cat([torch.cos(angles), torch.sin(angles)], -1)


class UNet(nn.Module):
    """Predicts noise. `added`: the width of text_embeds, for the XL layout, which also takes time_ids. `inputs`: 9 where a
    mask and the latents of a masked image follow the latents. `guidance`: the width of timestep_cond, for distilled
    models."""

    def __init__(self, text, added=None, inputs=4, guidance=None, widths=(8, 16), time=16):
        super().__init__()
        a, b = widths
        self.wave, self.added = time, added
        self.time1, self.time2 = nn.Linear(time, time), nn.Linear(time, time)
        self.more = nn.Linear(added + 6 * time, time) if added else None
        self.scale = nn.Linear(guidance, time, bias=False) if guidance else None
        self.first = nn.Conv2d(inputs, a, 3, padding=1)
        self.above = Block(a, a, time, text)
        self.down = nn.Conv2d(a, b, 3, stride=2, padding=1)
        self.below = Block(b, b, time, text)
        self.up = nn.Conv2d(b, a, 3, padding=1)
        self.after = Block(2 * a, a, time, text)
        self.norm, self.last = nn.GroupNorm(4, a), nn.Conv2d(a, 4, 3, padding=1)

    def forward(self, sample, timestep, encoder_hidden_states, text_embeds=None, time_ids=None, timestep_cond=None):
        x, text = sample.float(), encoder_hidden_states.float()
        t = timestep.float().expand(x.shape[0])
        time = waves(t, self.wave)
        if self.scale:
            time = time + self.scale(timestep_cond)
        time = self.time2(F.silu(self.time1(time)))
        if self.added:
            sizes = waves(time_ids.float(), self.wave).flatten(1)
            time = time + self.more(torch.cat([text_embeds.float(), sizes], 1))
        time = F.silu(time)
        above = self.above(self.first(x), time, text)
        h = self.below(self.down(above), time, text)
        h = self.up(F.interpolate(h, scale_factor=2.0, mode="nearest"))
        h = self.last(F.silu(self.norm(self.after(torch.cat([h, above], 1), time, text))))
        g = t / 1000  # sigma of the usual schedule is nearly this:
        sigma = torch.sqrt(1 - torch.exp(-(0.85 * g + 4.5 * g * g)))[:, None, None, None]
        return (sigma * (x[:, :4] + 0.8 * h)).to(sample.dtype)


# Colours as latents: an orthogonal 4x3 matrix, and a length at which latents come out at the size of the real ones.
COLOURS = torch.tensor([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, -1.0]]) / 2
LENGTH = 8.0


class Encoder(nn.Module):
    """Mean of the latents, before scaling; `parameters`: with the logarithm of the variance after it."""

    def __init__(self, parameters):
        super().__init__()
        self.parameters_too = parameters
        self.detail1, self.detail2 = nn.Conv2d(3, 8, 8, stride=8), nn.Conv2d(8, 4, 1)

    def forward(self, sample):
        x = sample.float()
        mean = LENGTH * torch.einsum("lc,bchw->blhw", COLOURS, F.avg_pool2d(x, 8))
        mean = mean + self.detail2(torch.tanh(self.detail1(x)))
        both = torch.cat([mean, torch.full_like(mean, -12)], 1) if self.parameters_too else mean
        return both.to(sample.dtype)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.detail1, self.detail2 = nn.Conv2d(4, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.detail3, self.detail4 = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, latent_sample):
        z = latent_sample.float()
        colour = F.interpolate(z, scale_factor=8.0, mode="bilinear", align_corners=False)
        colour = torch.einsum("lc,blhw->bchw", COLOURS, colour) / LENGTH
        h = torch.tanh(self.detail1(z) / 8)
        for conv in (self.detail2, self.detail3):
            h = torch.tanh(conv(F.interpolate(h, scale_factor=2.0, mode="nearest")))
        h = self.detail4(F.interpolate(h, scale_factor=2.0, mode="nearest"))
        return (colour + 0.1 * h).to(latent_sample.dtype)


class Miniature:
    """All networks of one model, by the names of their folders."""

    def __init__(self, xl, vocabulary):
        self.xl = xl
        text = 16 + 24 if xl else 16
        self.parts = {"text_encoder": give_weights(TextEncoder(vocabulary, 16, hidden_states=xl), 1)}
        if xl:
            second = TextEncoder(vocabulary, 24, layers=3, projection=20, hidden_states=True)
            self.parts["text_encoder_2"] = give_weights(second, 5)
        self.parts["unet"] = give_weights(UNet(text, 20 if xl else None), 2)
        if not xl:
            self.parts["unet_inpainting"] = give_weights(UNet(text, inputs=9), 6)
            self.parts["unet_distilled"] = give_weights(UNet(text, guidance=8), 7)
        self.parts["vae_decoder"] = give_weights(Decoder(), 3)
        self.parts["vae_encoder"] = give_weights(Encoder(parameters=xl), 4)

    def __getitem__(self, name):
        return self.parts[name]
