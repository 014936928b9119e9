"""Writes and reads weights as a safetensors file, in the little that this network needs of the format."""

import json
import struct

import numpy as np
import torch

NAMES = {torch.float16: "F16", torch.float32: "F32"}
TYPES = {"F16": np.float16, "F32": np.float32}


def save(path, tensors, dtype):
    """Writes a state dict, each tensor rounded to dtype, and returns the size of the file."""
    header, blobs, offset = {}, [], 0
    for name, tensor in tensors.items():
        blob = tensor.to(dtype).contiguous().numpy().tobytes()
        header[name] = {
            "dtype": NAMES[dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    return 8 + len(text) + offset


def load(path):
    """A state dict of float32 tensors."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[begin:end], TYPES[entry["dtype"]]).astype(np.float32)
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]))
    return tensors
