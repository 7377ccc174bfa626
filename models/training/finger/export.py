"""python export.py EXTRACTOR.pt DESCRIPTOR.pt IMPRESSIONS OUT: the three graphs as ONNX opset 17.

The extraction graph twice: finger-extract.onnx with its convolutions in 8-bit integers, scaled on synthetic impressions,
and finger-extract-float.onnx with large weights as fp16 and Cast, computing in fp32, to compare with.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from descriptor import LENGTH, load_descriptor
from extract_graph import COUNT, ExtractGraph
from extractor import load_extractor
from match_graph import MatchGraph
from quantise import quantise
from search_graph import SearchGraph

OPSET = 17
MIN_HALVED = 256  # elements; smaller tensors stay fp32


def _export(graph, arguments, path, inputs, dynamic):
    torch.onnx.export(
        graph.eval(), arguments, path, opset_version=OPSET, dynamo=False,
        input_names=inputs, output_names=graph.names, dynamic_axes=dynamic,
    )  # fmt: skip


def _halved(array):
    return array.dtype == np.float32 and array.size > MIN_HALVED


def halve_weights(model):
    """Stores large fp32 tensors as fp16 followed by a Cast: half the size, and fp32 arithmetic as before."""
    graph = model.graph
    for tensor in list(graph.initializer):
        array = numpy_helper.to_array(tensor)
        if _halved(array):
            graph.initializer.remove(tensor)
            _store_half(graph, array, tensor.name)
    for node in list(graph.node):
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            array = numpy_helper.to_array(node.attribute[0].t)
            if _halved(array):
                graph.node.remove(node)
                _store_half(graph, array, node.output[0])
    onnx.checker.check_model(model)
    return model


def _store_half(graph, array, name):
    graph.initializer.append(numpy_helper.from_array(array.astype(np.float16), f"{name}_half"))
    graph.node.insert(0, helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))


def main(extractor, descriptor, impressions, out):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    extract = ExtractGraph(load_extractor(extractor), load_descriptor(descriptor))
    image = torch.randint(0, 256, (1, 1, 400, 384)).float()
    axes = {
        "image": {2: "h", 3: "w"}, "ridge": {2: "h", 3: "w"},
        "mask4": {2: "h4", 3: "w4"}, "ori4": {2: "h4", 3: "w4"},
    }  # fmt: skip
    float_path = out / "finger-extract-float.onnx"
    _export(extract, (image,), float_path, ["image"], axes)
    quantise(float_path, impressions, out / "finger-extract.onnx")
    unit = torch.nn.functional.normalize
    probe = torch.randn(COUNT, 4), unit(torch.randn(COUNT, LENGTH), dim=1), torch.ones(COUNT)
    gallery = torch.randn(5, COUNT, 4), unit(torch.randn(5, COUNT, LENGTH), dim=2), torch.ones(5, COUNT)
    match, search = MatchGraph(), SearchGraph()
    batch = {name: {0: "b"} for name in (*match.inputs[3:], *match.names)}
    _export(match, (*probe, *gallery), out / "finger-match.onnx", match.inputs, batch)
    axes = {"pd": {0: "p"}, "gd": {0: "b", 1: "m"}, "s": {0: "b"}}
    _export(search, (probe[1], gallery[1]), out / "finger-search.onnx", search.inputs, axes)
    onnx.save(halve_weights(onnx.load(float_path)), float_path)


if __name__ == "__main__":
    main(*sys.argv[1:])
