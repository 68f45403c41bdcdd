"""Blocks of every GGUF type as the gguf package decodes them: raw bytes and float32 values, for the decoders' tests.

    python tools/reference/gguf_formats.py [FOLDER]    (test/fixtures/gguf)

Needs gguf, numpy and safetensors. Bytes are random, so that every bit of a layout is used; scales are finite.
"""

import sys
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants
from safetensors.numpy import save_file

BLOCKS = 5
# Where a block's float16 scales stand.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "IQ4_NL": [0], "MXFP4": [],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_XS": [0],
    "TQ1_0": [52], "TQ2_0": [64],
}  # fmt: skip

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "test/fixtures/gguf")
random = np.random.default_rng(4)
tensors = {}
for name, places in SCALES.items():
    kind = GGMLQuantizationType[name]
    _, size = GGML_QUANT_SIZES[kind]
    data = random.integers(0, 256, (BLOCKS, size), dtype=np.uint8)
    for place in places:
        data[:, place : place + 2] = random.normal(0, 0.01, BLOCKS).astype(np.float16).view(np.uint8).reshape(BLOCKS, 2)
    tensors[f"{name}.bytes"] = data.ravel()
    tensors[f"{name}.values"] = quants.dequantize(data, kind).astype(np.float32).ravel()
folder.mkdir(parents=True, exist_ok=True)
save_file(tensors, folder / "formats.safetensors")
