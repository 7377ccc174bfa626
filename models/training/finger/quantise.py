"""python quantise.py GRAPH.onnx IMPRESSIONS OUT.onnx: the extraction graph with its convolutions in 8-bit integers.

Scales come from synthetic impressions alone. The first convolution and the heads stay in floating point: offsets and
directions need their precision. Weights take 7 bits, so that no processor's 16-bit sums saturate and all give the same.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import store

QUANTISED = "Conv", "Relu"  # a rectifier is then part of its convolution
CALIBRATION = 40  # fingers, one impression each
KEPT = ("/pixels/", "/contrast/", "/heads/", "/extractor/Relu")  # the last is the first layer's


class Impressions(CalibrationDataReader):
    def __init__(self, folder):
        paths = list(store.fingers(folder).values())[:CALIBRATION]
        self.images = iter(store.read(path)[f"image{k % 6}"] for k, path in enumerate(paths))

    def get_next(self):
        image = next(self.images, None)
        return None if image is None else {"image": image.astype(np.float32)[None, None]}


def quantise(graph, impressions, out):
    kept = [node.name for node in onnx.load(graph).graph.node if node.op_type in QUANTISED and any(k in node.name for k in KEPT)]
    quantize_static(
        graph, out, Impressions(impressions), quant_format=QuantFormat.QDQ, op_types_to_quantize=list(QUANTISED),
        per_channel=True, reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        nodes_to_exclude=kept,
    )  # fmt: skip
    onnx.checker.check_model(onnx.load(out))


def main(graph, impressions, out):
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "graph.onnx")
        quantise(graph, impressions, target)
        Path(out).write_bytes(target.read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
