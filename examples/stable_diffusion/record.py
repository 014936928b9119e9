"""Records what the miniature models come to in Python, for the tests of the C++ program: tokens, the latents after each
step, pictures. Everything here is written for it: the tokens (clip_bpe.py), the loops (DDIM, DPM-Solver++ 2M, Euler
for noise and flows, as diffusers computes them), torch's modules instead of the ONNX files. Needs Python 3 with torch and numpy.

    python3 record.py                    # into ../../tests/stable_diffusion/record
"""

import argparse
import json
import math
import os
import struct
import zlib

import numpy as np
import torch

from clip_bpe import Tokenizer
from networks import Miniature

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
TEXTS = [
    "",
    "a fox in the snow",
    "A Painting of a FOX,   in the\tstyle of the old masters!!",
    "it's 1990 & they've 42 dogs (really); we'll see...",
    "caf\u00e9 \u00c5NGSTR\u00d6M na\u00efve \u0394\u03a3 \u041c\u041e\u0421\u041a\u0412\u0410 \u6771\u4eac\u30bf\u30ef\u30fc",
    "\u0661\u0662 \u2167 \u00bd x\u00b2 \U0001f98a\U0001f98a fox-like, 50mm f/1.8 \u2013 \u201cquoted\u201d\u00a0text",
    "end<|endoftext|>more <|startoftext|> 'S 'Re don'T '' 's",
    "word " * 75,
]
WIDTH, HEIGHT = 64, 48
LATENTS = (1, 4, HEIGHT // 8, WIDTH // 8)


def write_png(file, pixels):
    """8 bits, [height, width] or [height, width, 3]; row after row by another one of PNG's five filters."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else 3
    rows = pixels.reshape(height, width * channels).astype(np.int32)
    packed = b""
    for y, row in enumerate(rows):
        up = rows[y - 1] if y else np.zeros_like(row)
        left = np.concatenate([np.zeros(channels, np.int32), row[:-channels]])
        corner = np.concatenate([np.zeros(channels, np.int32), up[:-channels]])
        p = left + up - corner
        a, b, c = abs(p - left), abs(p - up), abs(p - corner)
        paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, up, corner))
        guess = (0, left, up, (left + up) // 2, paeth)[y % 5]
        packed += bytes([y % 5]) + ((row - guess) & 255).astype(np.uint8).tobytes()

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    with open(file, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(packed, 9)) + chunk(b"IEND", b""))


def guidance_waves(scale, width):
    """What distilled models are told of the guidance that is built into them: 1000 (scale - 1) as sines and cosines."""
    half = width // 2
    angles = 1000 * (scale - 1) * np.exp(-math.log(10000) / (half - 1) * np.arange(half))
    return torch.tensor(np.concatenate([np.sin(angles), np.cos(angles)])[None]).float()


class Model:
    def __init__(self, name, **padding):
        self.folder, self.xl = f"{DATA}/{name}", name == "miniature_sdxl"
        self.tokenizers = [Tokenizer(f"{self.folder}/tokenizer", **padding)]
        if self.xl:
            self.tokenizers.append(Tokenizer(f"{self.folder}/tokenizer_2", pad="!"))
        self.nets = Miniature(self.xl, len(self.tokenizers[0].ids))
        self.type = torch.float16 if self.xl else torch.float32
        self.scaling = 0.13025 if self.xl else 0.18215

    def encode(self, text):
        ids = [torch.tensor([tokenizer(text)]) for tokenizer in self.tokenizers]
        if not self.xl:
            return {"encoder_hidden_states": self.nets["text_encoder"](ids[0])[0]}
        # outputs: text_embeds and the last states, or the last and the pooled; then the states of all layers
        first, second = self.nets["text_encoder"](ids[0]), self.nets["text_encoder_2"](ids[1])
        sizes = torch.tensor([[HEIGHT, WIDTH, 0, 0, HEIGHT, WIDTH]], dtype=self.type)
        return {
            "encoder_hidden_states": torch.cat([first[-2], second[-2]], -1).to(self.type),
            "text_embeds": second[0].to(self.type),
            "time_ids": sizes,
        }

    def no_negative(self):
        zeros = self.encode("")
        if self.xl:
            for name in ("encoder_hidden_states", "text_embeds"):
                zeros[name] = torch.zeros_like(zeros[name])
        return zeros

    def predict(self, x, time, prompt, beside=None, scale=None):
        t = torch.tensor([time]).to(self.type if self.xl else torch.int64)
        if beside is not None:
            return self.nets["unet_inpainting"](torch.cat([x, beside], 1), t, **prompt)
        if scale is not None:
            return self.nets["unet_distilled"](x, t, **prompt, timestep_cond=guidance_waves(scale, 8))
        return self.nets["unet"](x.to(self.type), t, **prompt).float()

    def to_latents(self, pixels):
        image = torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
        return self.nets["vae_encoder"](image.to(self.type)).float()[:, :4] * self.scaling

    def to_pixels(self, latents):
        image = self.nets["vae_decoder"]((latents / self.scaling).to(self.type)).float()
        return ((image[0] / 2 + 0.5).clamp(0, 1) * 255).round().permute(1, 2, 0).numpy().astype(np.uint8)


def alphas_cumprod(zero_snr=False):
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    bars = np.cumprod(1 - betas)
    if zero_snr:
        roots = np.sqrt(bars)
        roots = (roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])
        bars = roots**2
    return bars


def leading(steps):
    return [int(t) + 1 for t in (np.arange(steps) * (1000 // steps))[::-1]]


def trailing(steps):
    return [int(t) - 1 for t in np.round(np.arange(1000, 0, -1000 / steps))]


def ddim(x, guided, steps, see, times, bars=None, end=None, v=False, strength=1.0, each=None):
    """`end`: alpha_bar after the last step. `each`: changes the state at a level, at the start and after each step."""
    bars = alphas_cumprod() if bars is None else bars
    kept = times[steps - min(int(steps * strength), steps) :]
    if each:
        x = each(x, bars[kept[0]])
    for t in kept:
        bar, before = bars[t], t - 1000 // steps
        next_bar = bars[before] if before >= 0 else (bars[0] if end is None else end)
        out = guided(x, t, math.sqrt(1 - bar) / math.sqrt(bar) if bar > 0 else math.inf)
        a, s = math.sqrt(bar), math.sqrt(1 - bar)
        x0, eps = (a * x - s * out, a * out + s * x) if v else ((x - s * out) / a, out)
        x = math.sqrt(next_bar) * x0 + math.sqrt(1 - next_bar) * eps
        x = each(x, next_bar) if each else x
        see(x)
    return x


def dpm_pp_2m(x, guided, steps, see):
    """On the times of "linspace", the last step to clean data; for fewer than 15 steps that one is of the first order."""
    bars = alphas_cumprod()
    times = [int(t) for t in np.linspace(0, 999, steps + 1).round()[::-1][:-1]]
    sigmas = [math.sqrt((1 - bars[t]) / bars[t]) for t in times] + [0.0]
    before = None
    for i, t in enumerate(times):
        a, s = 1 / math.sqrt(1 + sigmas[i] ** 2), sigmas[i] / math.sqrt(1 + sigmas[i] ** 2)
        x0 = (x - s * guided(x, t, sigmas[i])) / a
        if sigmas[i + 1] == 0:
            x = x0
        else:
            a_to, s_to = 1 / math.sqrt(1 + sigmas[i + 1] ** 2), sigmas[i + 1] / math.sqrt(1 + sigmas[i + 1] ** 2)
            h = math.log(sigmas[i] / sigmas[i + 1])
            x = s_to / s * x - a_to * math.expm1(-h) * x0
            if before is not None:
                ratio = math.log(sigmas[i - 1] / sigmas[i]) / h
                x = x - 0.5 * a_to * math.expm1(-h) * (x0 - before) / ratio
        before = x0
        see(x)
    return x


def euler(x, guided, steps, see):
    """States are x0 + sigma eps; the network sees them scaled to variance 1."""
    bars, times = alphas_cumprod(), leading(steps)
    sigmas = [math.sqrt((1 - bars[t]) / bars[t]) for t in times] + [0.0]
    x = x * math.sqrt(sigmas[0] ** 2 + 1)
    for i, t in enumerate(times):
        x = x + (sigmas[i + 1] - sigmas[i]) * guided(x / math.sqrt(sigmas[i] ** 2 + 1), t, sigmas[i])
        see(x)
    return x


def flow(x, guided, steps, see):
    """Euler's method on the velocity of a straight path from noise, at sigma = 1, to data."""
    times = np.linspace(1000, 1, steps)
    sigmas = [*(times / 1000), 0.0]
    for i, t in enumerate(times):
        x = x + (sigmas[i + 1] - sigmas[i]) * guided(x, round(t), sigmas[i])
        see(x)
    return x


def start_picture():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    disc = (x - 40) ** 2 + (y - 22) ** 2 < 14**2
    picture = np.stack([60 + 2 * x, 90 + y, 200 - 3 * y], -1).clip(0, 255)
    picture[disc] = (230, 190, 60)
    return picture.astype(np.uint8)


def start_mask():
    """White is drawn anew: the right half and a grey stripe; not along the borders of latents."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[:, 35:] = 255
    mask[13:19, :] = np.maximum(mask[13:19, :], 100)
    return mask


def runs(start, mask):
    """(name, model, fields of the job, prompt, negative, weight by sigma, loop)."""
    constant = lambda g: lambda sigma: g - 1
    window = lambda sigma: 2.0 if sigma > 1 else -0.3
    sd, xl = "miniature_sd", "miniature_sdxl"
    yield "ddim", sd, {"scheduler": "DDIMScheduler", "steps": 6, "guidance_scale": 3}, TEXTS[1], None, constant(3), (
        lambda model, z, guided, see: ddim(z, guided, 6, see, leading(6))
    )
    yield "dpm_pp_2m", sd, {"scheduler": "DPMSolverMultistepScheduler", "steps": 7, "guidance_scale": 4}, TEXTS[2], TEXTS[3], constant(4), (
        lambda model, z, guided, see: dpm_pp_2m(z, guided, 7, see)
    )
    fields = {
        "scheduler": "DDIMScheduler",
        "steps": 6,
        "guidance": {"name": "classifier_free", "weight": {"above": 2.0, "jumps": [{"sigma": 1.0, "weight": -0.3}]}},
    }
    yield "window", sd, fields, TEXTS[1], "blurry, low quality", window, (
        lambda model, z, guided, see: ddim(z, guided, 6, see, leading(6))
    )
    v = {
        "_class_name": "DDIMScheduler",
        "prediction_type": "v_prediction",
        "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing",
    }
    yield "v_prediction", "miniature_sd2", {"scheduler": v, "steps": 5, "guidance_scale": 2}, TEXTS[1], None, constant(2), (
        lambda model, z, guided, see: ddim(z, guided, 5, see, trailing(5), alphas_cumprod(True), v=True)
    )

    fields = {"scheduler": {"_class_name": "FlowMatchEulerDiscreteScheduler"}, "steps": 5, "guidance_scale": 2}
    yield "flow", sd, fields, TEXTS[1], None, constant(2), lambda model, z, guided, see: flow(z, guided, 5, see)

    def from_image(model, z, guided, see):
        bar = alphas_cumprod()[leading(10)[4]]
        x = math.sqrt(bar) * model.to_latents(start) + math.sqrt(1 - bar) * z
        return ddim(x, guided, 10, see, leading(10), strength=0.6)

    fields = {"scheduler": "DDIMScheduler", "steps": 10, "guidance_scale": 3, "image": "start.png", "strength": 0.6}
    yield "image_to_image", sd, fields, TEXTS[1], None, constant(3), from_image

    def inpaint(model, z, guided, see):
        known = model.to_latents(start)
        anew = mask.reshape(HEIGHT // 8, 8, WIDTH // 8, 8).max((1, 3)) / 255
        w = torch.from_numpy(1 - anew).float()
        each = lambda x, bar: w * (math.sqrt(bar) * known + math.sqrt(1 - bar) * z) + (1 - w) * x
        return ddim(z, guided, 6, see, leading(6), end=1.0, each=each)

    fields = {
        "scheduler": {"_class_name": "DDIMScheduler", "set_alpha_to_one": True},
        "steps": 6,
        "guidance_scale": 3,
        "image": "start.png",
        "mask": "mask.png",
    }
    yield "inpainting", sd, fields, TEXTS[1], None, constant(3), inpaint
    fields = {"scheduler": "DDIMScheduler", "steps": 6, "guidance_scale": 2, "image": "start.png", "mask": "mask.png"}
    yield "inpainting_model", sd, fields, TEXTS[1], None, constant(2), (
        lambda model, z, guided, see: ddim(z, guided, 6, see, leading(6))
    )
    yield "distilled", sd, {"scheduler": "DDIMScheduler", "steps": 4, "guidance_scale": 8}, TEXTS[1], None, constant(8), (
        lambda model, z, guided, see: ddim(z, guided, 4, see, leading(4))
    )
    xl_euler = lambda model, z, guided, see: euler(z, guided, 6, see)
    yield "xl", xl, {"steps": 6, "guidance_scale": 3}, TEXTS[2], None, constant(3), xl_euler
    yield "xl_negative", xl, {"steps": 6, "guidance_scale": 3}, TEXTS[2], TEXTS[3], constant(3), xl_euler


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=os.path.join(DATA, "../../tests/stable_diffusion/record"))
    out = parser.parse_args().out
    os.makedirs(out, exist_ok=True)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    models = {name: Model(name) for name in ("miniature_sd", "miniature_sdxl")}
    models["miniature_sd2"] = Model("miniature_sd", pad="!")  # as Stable Diffusion 2.x has it: the test makes that folder
    start, mask = start_picture(), start_mask()
    write_png(f"{out}/start.png", start)
    write_png(f"{out}/mask.png", mask)
    tokenizer = models["miniature_sd"].tokenizers[0]
    record = {"tokens": [], "runs": []}
    for text in TEXTS:
        entry = {"text": text, "pieces": tokenizer.tokens(text)}
        record["tokens"].append(entry)
    for seed, (name, folder, fields, prompt, negative, weight, loop) in enumerate(runs(start, mask), 11):
        model, latents = models[folder], []
        c = model.encode(prompt)
        u = model.no_negative() if negative is None else model.encode(negative)

        beside = None
        if name == "inpainting_model":  # the mask as 0 and 1, at the first pixel of each latent, and the image without it
            hole = mask >= 128
            small = torch.from_numpy(hole[::8, ::8].astype(np.float32))[None, None]
            image = torch.from_numpy(start.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
            image = image * torch.from_numpy(~hole).float()
            beside = torch.cat([small, model.nets["vae_encoder"](image) * model.scaling], 1)

        def guided(x, time, sigma):
            w = weight(sigma)
            if name == "distilled":
                return model.predict(x, time, c, scale=w + 1)
            conditional = model.predict(x, time, c, beside)
            return conditional + w * (conditional - model.predict(x, time, u, beside))

        z = torch.randn(LATENTS, generator=torch.Generator().manual_seed(seed))
        x = loop(model, z, guided, lambda x: latents.append([float(f"{v:.8g}") for v in x.flatten().tolist()]))
        write_png(f"{out}/{name}.png", model.to_pixels(x))
        job = {"model": folder, "prompt": prompt, "seed": seed, "noise": "torch", **fields}
        if "image" not in job:
            job |= {"width": WIDTH, "height": HEIGHT}
        if negative is not None:
            job["negative_prompt"] = negative
        record["runs"].append({"name": name, "job": job, "ids": model.tokenizers[0](prompt), "latents": latents})
        print(f"{name}: latents of deviation {x.std():.3f}, largest {x.abs().max():.3f}")
    with open(f"{out}/record.json", "w", encoding="utf-8") as file:
        json.dump(record, file, ensure_ascii=True, separators=(",", ":"))
        file.write("\n")
    print(f"{out}: {sum(os.path.getsize(os.path.join(out, f)) for f in os.listdir(out))} bytes")


if __name__ == "__main__":
    main()
