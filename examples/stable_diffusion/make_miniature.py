"""Writes miniature models in the layout of Optimum's exports: ../data/miniature_sd as of Stable Diffusion 1.x, in float32,
as older versions export it, and ../data/miniature_sdxl as of SDXL, in float16, as newer ones do. The first one also has the
U-Nets of a model for inpainting and of a distilled one, in folders of their own. Files, names, types and shapes are those of the real ones; weights are
random but fixed (networks.py). Needs Python 3 with torch and numpy, no onnx package.

    python3 make_miniature.py
"""

import argparse
import io
import json
import os
import warnings

import torch

import clip_bpe
from networks import Miniature, TextEncoder

# What the merges are learned from.
TEXT = """
a photograph of an astronaut riding a horse on the moon, highly detailed, sharp focus
a painting of a fox in the snow, in the style of the old masters, oil on canvas
portrait of a woman with red hair, soft light, 50mm lens, depth of field
an oil painting of the sea at night, the stars and the moon over the water
a cat sitting on the window, the rain outside, warm light, detailed fur
the red house by the river, a small boat on the water, autumn leaves
a castle on the hill in the morning fog, fantasy, highly detailed, concept art
two dogs running on the beach, the sun is setting, orange sky, photograph
a bowl of fruit on the table, still life, soft light, oil on canvas
a robot in the garden, painting flowers, watercolor, pastel colors
blurry, low quality, bad anatomy, deformed, watermark, text, signature, ugly
low resolution, bad quality, worst quality, blurry, cropped, out of focus
a city street at night in the rain, neon light, reflections on the wet street
a mountain lake in the morning, mirror of the sky, landscape photograph
the portrait of an old man with a beard, black and white photograph, sharp focus
a green bird on a branch, macro photograph, detailed feathers, depth of field
an astronaut in the forest, mushrooms and moss, soft morning light
a train going over the bridge, steam and snow, in the style of the old masters
a horse in the field of flowers, painting, the colors of autumn
it's a dog's life, they're here, we've seen it, i'm sure you'll say, don't
"""

SCHEDULES = {
    False: {
        "_class_name": "PNDMScheduler",
        "_diffusers_version": "0.6.0",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "num_train_timesteps": 1000,
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "steps_offset": 1,
        "trained_betas": None,
    },
    True: {
        "_class_name": "EulerDiscreteScheduler",
        "_diffusers_version": "0.19.0.dev0",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "interpolation_type": "linear",
        "num_train_timesteps": 1000,
        "prediction_type": "epsilon",
        "sample_max_value": 1.0,
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "steps_offset": 1,
        "timestep_spacing": "leading",
        "trained_betas": None,
        "use_karras_sigmas": False,
    },
}


class ForDistilled(torch.nn.Module):
    """The U-Net with its inputs in the order in which they are exported."""

    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, sample, timestep, encoder_hidden_states, timestep_cond):
        return self.unet(sample, timestep, encoder_hidden_states, timestep_cond=timestep_cond)


def write_json(file, content):
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "w", encoding="utf-8") as out:
        json.dump(content, out, indent=2, ensure_ascii=False)
        out.write("\n")


def write_tokenizer(folder, pad):
    merges = clip_bpe.learn(TEXT, 230)
    ids = clip_bpe.vocabulary(merges)
    write_json(f"{folder}/vocab.json", ids)
    with open(f"{folder}/merges.txt", "w", encoding="utf-8") as out:
        out.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    write_json(f"{folder}/tokenizer_config.json", {"model_max_length": TextEncoder.length, "pad_token": pad})
    special = {"bos_token": clip_bpe.START, "eos_token": clip_bpe.END, "pad_token": pad, "unk_token": clip_bpe.END}
    write_json(f"{folder}/special_tokens_map.json", special)
    return len(ids)


def export(network, file, inputs, outputs, axes):
    """`inputs`: a tensor by name; `axes`: the names of the axes that are open, by tensor."""
    os.makedirs(os.path.dirname(file), exist_ok=True)
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            content,
            opset_version=14,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes=axes,
        )
    with open(file, "wb") as out:
        out.write(content.getvalue())


def write_model(folder, xl):
    vocabulary = write_tokenizer(f"{folder}/tokenizer", clip_bpe.END)
    if xl:
        write_tokenizer(f"{folder}/tokenizer_2", "!")
    model = Miniature(xl, vocabulary)
    number = torch.float16 if xl else torch.float32

    for name in ("text_encoder", "text_encoder_2")[: 1 + xl]:
        ids = torch.zeros(2, TextEncoder.length, dtype=torch.int64 if xl else torch.int32)
        sequence, one = {0: "batch_size", 1: "sequence_length"}, {0: "batch_size"}
        axes = {out: one if out in ("pooler_output", "text_embeds") else sequence for out in model[name].outputs}
        axes["input_ids"] = sequence
        export(model[name], f"{folder}/{name}/model.onnx", {"input_ids": ids}, model[name].outputs, axes)
        write_json(f"{folder}/{name}/config.json", {"max_position_embeddings": TextEncoder.length, "vocab_size": vocabulary})

    # Older versions leave the channels open and have an axis for the time; newer ones do neither.
    def axes_of(height, width):
        return {0: "batch_size", 2: height, 3: width} if xl else {0: "batch_size", 1: "num_channels", 2: height, 3: width}

    images = axes_of("height", "width")
    inputs = {
        "sample": None,
        "timestep": torch.zeros((), dtype=number) if xl else torch.zeros(1, dtype=torch.int64),
        "encoder_hidden_states": torch.zeros(2, TextEncoder.length, 40 if xl else 16, dtype=number),
    }
    axes = {"sample": images, "encoder_hidden_states": {0: "batch_size", 1: "sequence_length"}, "out_sample": images}
    if xl:
        inputs["text_embeds"] = torch.zeros(2, 20, dtype=number)
        inputs["time_ids"] = torch.zeros(2, 6, dtype=number)
        axes |= {"text_embeds": {0: "batch_size"}, "time_ids": {0: "batch_size"}}
    else:
        axes["timestep"] = {0: "steps"}
    for name in ["unet"] if xl else ["unet", "unet_inpainting", "unet_distilled"]:
        config = {"in_channels": 9 if name == "unet_inpainting" else 4, "out_channels": 4, "sample_size": 8}
        inputs["sample"] = torch.zeros(2, config["in_channels"], 6, 8, dtype=number)
        network = model[name]
        if name == "unet_distilled":
            config["time_cond_proj_dim"] = 8
            inputs["timestep_cond"] = torch.zeros(2, 8)
            axes["timestep_cond"] = {0: "batch_size"}
            network = ForDistilled(network)
        export(network, f"{folder}/{name}/model.onnx", inputs, ["out_sample"], axes)
        write_json(f"{folder}/{name}/config.json", config)

    vae = {"block_out_channels": [8, 8, 8, 8], "latent_channels": 4, "scaling_factor": 0.13025 if xl else 0.18215}
    out = "latent_parameters" if xl else "latent_sample"
    export(
        model["vae_decoder"],
        f"{folder}/vae_decoder/model.onnx",
        {"latent_sample": torch.zeros(2, 4, 6, 8, dtype=number)},
        ["sample"],
        {"latent_sample": axes_of("latent_height", "latent_width"), "sample": images},
    )
    export(
        model["vae_encoder"],
        f"{folder}/vae_encoder/model.onnx",
        {"sample": torch.zeros(2, 3, 48, 64, dtype=number)},
        [out],
        {"sample": images, out: axes_of("latent_height", "latent_width")},
    )
    write_json(f"{folder}/vae_decoder/config.json", vae)
    write_json(f"{folder}/vae_encoder/config.json", vae)
    write_json(f"{folder}/scheduler/scheduler_config.json", SCHEDULES[xl])
    index = {"_class_name": "StableDiffusionXLPipeline" if xl else "StableDiffusionPipeline"}
    if xl:
        index["force_zeros_for_empty_prompt"] = True
    write_json(f"{folder}/model_index.json", index)

    files = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    print(f"{folder}: {len(files)} files, {sum(map(os.path.getsize, files))} bytes, {vocabulary} tokens")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="../data", help="the folder to write them into")
    args = parser.parse_args()
    torch.set_num_threads(1)
    write_model(f"{args.out}/miniature_sd", False)
    write_model(f"{args.out}/miniature_sdxl", True)


if __name__ == "__main__":
    main()
