"""Writes the digit network for other runtimes: digits.onnx for ONNX Runtime, digits.pt (TorchScript) for libtorch.

Both take sample [batch,1,height,width], timestep [batch] (float) and class_labels [batch] (int64), and give eps. The
ONNX file holds the graph alone: its weights are those of the safetensors file beside it, at their places there, so the
repository keeps them once. Needs no onnx package.
"""

import argparse
import io
import json
import os
import struct

import torch

import weights
from model import UNet


class ForRuntimes(torch.nn.Module):
    """The network with inputs under the names that other exporters use."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, sample, timestep, class_labels):
        return self.network(sample, timestep, class_labels)


# ---- protocol buffers, as much as an ONNX file needs ----------------------------------------------------------------


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """A field that is a whole number, or bytes: a text or a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(message):
    """(number, value, its bytes with the key) of each field of a message."""
    at = 0

    def read():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        begin = at
        key = read()
        kind = key & 7
        if kind == 0:
            value = read()
        else:
            size = read() if kind == 2 else {1: 8, 5: 4}[kind]
            value = message[at : at + size]
            at += size
        yield key >> 3, value, message[begin:at]


GRAPH, NODE, INITIALIZER = 7, 1, 5  # of a model, and of its graph
FLOAT, FLOAT16 = 1, 10


def with_weights_beside(model, file):
    """The ONNX model with each weight replaced by a cast of the half at its place in the safetensors file."""
    with open(file, "rb") as safetensors:
        (length,) = struct.unpack("<Q", safetensors.read(8))
        header = json.loads(safetensors.read(length))
    prefix = "network."

    def moved(graph):
        casts, rest = b"", b""
        for number, value, raw in fields(graph):
            name = next((v.decode() for n, v, _ in fields(value) if n == 8), "") if number == INITIALIZER else ""
            if not name.startswith(prefix) or name[len(prefix) :] not in header:
                rest += raw
                continue
            entry = header[name[len(prefix) :]]
            begin, end = entry["data_offsets"]
            tensor = b"".join(field(1, extent) for extent in entry["shape"]) + field(2, FLOAT16)
            tensor += field(8, (name + ".half").encode())
            for key, text in (
                ("location", os.path.basename(file)),
                ("offset", str(8 + length + begin)),
                ("length", str(end - begin)),
            ):
                tensor += field(13, field(1, key.encode()) + field(2, text.encode()))
            rest += field(INITIALIZER, tensor + field(14, 1))  # 14: the data are external
            to_float = field(5, field(1, b"to") + field(3, FLOAT) + field(20, 2))
            casts += field(NODE, field(1, (name + ".half").encode()) + field(2, name.encode()) + field(4, b"Cast") + to_float)
        return casts + rest

    return b"".join(field(GRAPH, moved(value)) if number == GRAPH else raw for number, value, raw in fields(model))


# ----------------------------------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="../data/digits_f16.safetensors")
    parser.add_argument("--onnx", help="the ONNX file; beside the weights, which it names")
    parser.add_argument("--torchscript", help="the TorchScript file")
    args = parser.parse_args()
    if not args.onnx and not args.torchscript:
        parser.error("name a file: --onnx, --torchscript or both")

    torch.set_num_threads(1)
    network = UNet()
    network.load_state_dict(weights.load(args.weights))
    exported = ForRuntimes(network).eval()
    inputs = (torch.zeros(2, 1, 28, 28), torch.zeros(2), torch.zeros(2, dtype=torch.int64))
    if args.onnx:
        file = io.BytesIO()
        torch.onnx.export(
            exported,
            inputs,
            file,
            opset_version=13,
            do_constant_folding=False,
            input_names=["sample", "timestep", "class_labels"],
            output_names=["out_sample"],
            dynamic_axes={
                "sample": {0: "batch", 2: "height", 3: "width"},
                "timestep": {0: "batch"},
                "class_labels": {0: "batch"},
                "out_sample": {0: "batch", 2: "height", 3: "width"},
            },
        )
        with open(args.onnx, "wb") as onnx:
            onnx.write(with_weights_beside(file.getvalue(), args.weights))
        print(f"{args.onnx}: {os.path.getsize(args.onnx)} bytes, weights in {os.path.basename(args.weights)}")
    if args.torchscript:
        torch.jit.script(exported).save(args.torchscript)
        print(f"{args.torchscript}: {os.path.getsize(args.torchscript)} bytes")


if __name__ == "__main__":
    main()
