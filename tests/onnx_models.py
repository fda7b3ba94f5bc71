"""Small ONNX models, made on the spot: true descriptors of their input, and ones with a fault."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 64
CELLS = 8
LENGTH = 96


def graph_model(
    nodes: Sequence[onnx.NodeProto],
    constants: Sequence[onnx.TensorProto] = (),
    *,
    given: Sequence[int | str] = (1, 3, SIDE, SIDE),
    kind: int = TensorProto.FLOAT,
    out: Sequence[str] = ("y",),
    length: int | str = LENGTH,
    metadata: dict[str, str] | None = None,
    domains: Sequence[str] = ("",),
) -> bytes:
    """A model of these nodes from ``x`` to ``out``."""
    graph = helper.make_graph(
        list(nodes),
        "descriptor",
        [helper.make_tensor_value_info("x", kind, list(given))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, length]) for name in out],
        list(constants),
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, 17) for domain in domains])
    made.ir_version = 8
    for key, value in (metadata or {}).items():
        entry = made.metadata_props.add()
        entry.key, entry.value = key, value
    return made.SerializeToString()


def pooling_nodes(cell: int = SIDE // CELLS) -> list[onnx.NodeProto]:
    """Average pooling to a grid, less each channel's mean, a fixed projection, unit length."""
    return [
        helper.make_node("AveragePool", ["x"], ["pooled"], kernel_shape=[cell, cell], strides=[cell, cell]),
        helper.make_node("ReduceMean", ["pooled"], ["mean"], axes=[2, 3], keepdims=1),
        helper.make_node("Sub", ["pooled", "mean"], ["centred"]),
        helper.make_node("Flatten", ["centred"], ["flat"]),
        helper.make_node("MatMul", ["flat", "projection"], ["projected"]),
        helper.make_node("LpNormalization", ["projected"], ["y"], axis=1, p=2),
    ]


def projection(length: int = LENGTH) -> onnx.TensorProto:
    """A fixed orthogonal projection of the grid."""
    drawn = np.random.RandomState(7).standard_normal((3 * CELLS * CELLS, 3 * CELLS * CELLS))
    return numpy_helper.from_array(np.linalg.qr(drawn)[0][:, :length].astype(np.float32), "projection")


def descriptor(**changes: Any) -> bytes:
    """A true descriptor: close for pictures whose coarse brightness is alike, at whatever detail."""
    return graph_model(pooling_nodes(), [projection()], **changes)


def written(folder: Path, data: bytes, name: str = "model.onnx") -> Path:
    """The model as a file."""
    path = folder / name
    path.write_bytes(data)
    return path
