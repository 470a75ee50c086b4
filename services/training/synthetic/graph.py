"""Rewrites the int8 graph so that its convolutions use the processor's int8 instructions.

`ConvInteger` multiplies weights (uint8) by activations (uint8). ONNX Runtime computes that as a matrix product with the
weights on the left, and its fast kernels on x86 (VNNI) want unsigned on the left and signed on the right. Activations
are therefore quantised to int8: the same scale, and a zero point 128 lower, so every sum is what it was.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

UINT8_MIDDLE = 128


def sign_activations(source: Path, target: Path) -> int:
    """Write `source` to `target` with signed activations in all convolutions; returns how many convolutions changed."""
    import onnx  # only the extra `corpus` has it
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(source))
    graph = model.graph
    quantizers = {node.output[0]: node for node in graph.node if node.op_type == "DynamicQuantizeLinear"}
    convolutions = [node for node in graph.node if node.op_type == "ConvInteger" and node.input[0] in quantizers]
    signed = {node.input[0] for node in convolutions}
    for node in convolutions:
        quantizer = quantizers[node.input[0]]
        node.input[0], node.input[2] = f"{quantizer.output[0]}_signed", f"{quantizer.output[2]}_signed"
    nodes = []
    for node in graph.node:
        nodes.append(node)
        if node.op_type == "DynamicQuantizeLinear" and node.output[0] in signed:
            quantized, scale, zero = node.output
            nodes += [
                helper.make_node("Cast", [zero], [f"{zero}_wide"], to=TensorProto.INT32),
                helper.make_node("Sub", [f"{zero}_wide", "uint8_middle"], [f"{zero}_lowered"]),
                helper.make_node("Cast", [f"{zero}_lowered"], [f"{zero}_signed"], to=TensorProto.INT8),
                helper.make_node("QuantizeLinear", [node.input[0], scale, f"{zero}_signed"], [f"{quantized}_signed"]),
            ]
    graph.initializer.append(numpy_helper.from_array(np.array(UINT8_MIDDLE, np.int32), "uint8_middle"))
    del graph.node[:]
    graph.node.extend(nodes)
    temporary = target.with_name(target.name + ".tmp")
    onnx.save(model, str(temporary))
    temporary.replace(target)
    return len(convolutions)
