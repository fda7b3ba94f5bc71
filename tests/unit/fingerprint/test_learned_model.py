"""A model of learned descriptors is taken only when it is a plain function of one picture."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from forensics.errors import ModelInvalid, ToolError
from forensics.fingerprint import LearnedModel, learned, onnx_file
from tests.onnx_models import LENGTH, SIDE, descriptor, graph_model, pooling_nodes, projection

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def model() -> LearnedModel:
    return LearnedModel(descriptor(metadata={"License": "MIT"}))


def scene() -> np.ndarray:
    y, x = np.mgrid[0:180, 0:320]
    waves = 128 + 70 * np.sin(x / 31.0 + y / 47.0) + 50 * np.cos(y / 23.0 - x / 90.0)
    return waves.clip(0, 255).astype(np.uint8)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one.astype(np.float64) @ other.astype(np.float64))


def test_a_descriptor_has_unit_length_and_is_the_same_each_time(model: LearnedModel) -> None:
    found = model.describe(scene())
    assert (found.dtype, found.shape) == (np.float16, (LENGTH,))
    assert np.linalg.norm(found.astype(np.float64)) == pytest.approx(1, abs=2e-3)
    assert (
        found.tobytes() == model.describe(scene()).tobytes() == LearnedModel(descriptor()).describe(scene()).tobytes()
    )


def test_a_blurred_picture_stays_close_and_another_does_not(model: LearnedModel) -> None:
    found = model.describe(scene())
    assert cosine(found, model.describe(cv2.GaussianBlur(scene(), (0, 0), 6))) > 0.95
    assert cosine(found, model.describe(np.ascontiguousarray(scene()[::-1, ::-1]))) < 0.5
    assert cosine(found, model.describe(255 - scene())) < -0.95


@pytest.mark.parametrize("level", [0, 16, 128])
def test_a_black_or_even_picture_says_nothing(model: LearnedModel, level: int) -> None:
    assert not model.describe(np.full((180, 320), level, np.uint8)).any()


def test_pictures_are_described_with_their_negatives_and_times(model: LearnedModel) -> None:
    made = model.described([0.0, 2.0], [scene(), 255 - scene()])
    assert made.seconds.tolist() == [0.0, 2.0]
    assert made.negative[0].tobytes() == made.as_is[1].tobytes()
    assert model.described([], []).as_is.shape == (0, LENGTH)


def test_what_findings_say_of_a_model_is_told(model: LearnedModel) -> None:
    assert (model.spec.licence, model.spec.licence_from) == ("MIT", "the model's own metadata")
    assert (model.spec.width, model.spec.height, model.spec.length) == (SIDE, SIDE, LENGTH)
    assert model.spec.runtime.startswith("onnxruntime ")
    assert LearnedModel(descriptor()).spec.licence == "not stated"


def test_a_licence_of_many_lines_becomes_one_that_can_be_printed() -> None:
    spec = LearnedModel(descriptor(metadata={"license": "\n \x1b[2Jfree" + "x" * 5000 + "\nmore"})).spec
    assert spec.licence.startswith("\N{REPLACEMENT CHARACTER}[2Jfree")
    assert len(spec.licence) == 200


def test_a_model_of_any_size_and_any_batch_gets_pictures_of_288_pixels() -> None:
    nodes = pooling_nodes(cell=288 // 8)
    found = LearnedModel(graph_model(nodes, [projection()], given=("n", 3, "h", "w")))
    assert (found.spec.width, found.spec.height) == (288, 288)


def test_the_input_is_brightness_less_the_mean_over_the_deviation_of_imagenet() -> None:
    ready = learned.made_ready(np.full((50, 80), 255, np.uint8), (40, 32))
    assert ready.shape == (1, 3, 32, 40)
    assert ready[0, :, 0, 0].tolist() == pytest.approx([2.2489, 2.4286, 2.64], abs=1e-4)


def test_without_onnx_runtime_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    learned._runtime.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ToolError) as caught:
        LearnedModel(descriptor())
    assert caught.value.code == "tool.no_extra"
    assert "pip install 'footage-forensics[learned]'" in caught.value.hint
    learned._runtime.cache_clear()


def test_nothing_loads_onnx_runtime_before_a_model_is_named() -> None:
    code = "import pipelines.cli, pipelines.match, pipelines.doctor, sys; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# What is wrong, the code of the refusal, and the bytes.


def _changed(change: Callable[[onnx.ModelProto], None]) -> bytes:
    made = onnx.load_from_string(descriptor())
    change(made)
    return made.SerializeToString()


def _outside(tensor: onnx.TensorProto, place: str = "/etc/passwd") -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", place


def _outside_constant() -> bytes:
    value = numpy_helper.from_array(np.zeros((1, LENGTH), np.float32), "c")
    _outside(value)
    nodes = [helper.make_node("Constant", [], ["c"], value=value), *pooling_nodes()]
    return graph_model(nodes, [projection()])


def _outside_in_a_branch() -> bytes:
    value = projection()
    _outside(value)
    out = helper.make_tensor_value_info("z", TensorProto.FLOAT, None)
    branch = helper.make_graph([helper.make_node("Identity", ["w"], ["z"])], "b", [], [out], [value])
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    return graph_model([node])


def _outside_in_a_function() -> bytes:
    value = projection()
    _outside(value)
    constant = helper.make_node("Constant", [], ["c"], value=value)
    made = onnx.load_from_string(descriptor())
    opsets = [helper.make_opsetid("", 17)]
    made.functions.append(helper.make_function("", "F", ["a"], ["c"], [constant], opsets))
    return made.SerializeToString()


def _two_inputs() -> bytes:
    return _changed(
        lambda made: made.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 3, SIDE, SIDE]))
    )


def _and(*nodes: onnx.NodeProto, constants: tuple[onnx.TensorProto, ...] = ()) -> bytes:
    """The descriptor as ``v``, then these nodes."""
    first = pooling_nodes()
    first[-1].output[0] = "v"
    return graph_model([*first, *nodes], [projection(), *constants])


def _huge() -> bytes:
    shape = helper.make_tensor("s", TensorProto.INT64, [2], [200_000, 100_000])
    return _and(
        helper.make_node("ConstantOfShape", ["s"], ["h"]),
        helper.make_node("ReduceSum", ["h"], ["r"], keepdims=1),
        helper.make_node("Add", ["v", "r"], ["y"]),
        constants=(shape,),
    )


def _number(value: float) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array([value], np.float32), "k")


def _deep() -> bytes:
    inner = b""
    for _ in range(200):
        # attribute.g = graph.node = node.attribute: three tags, each around the one before.
        for tag in (0x32, 0x0A, 0x2A):
            inner = bytes([tag]) + _length(inner) + inner
    graph = b"\x0a" + _length(inner) + inner
    return b"\x3a" + _length(graph) + graph


def _length(data: bytes) -> bytes:
    value, out = len(data), b""
    while True:
        value, low = value >> 7, value & 0x7F
        out += bytes([low | (0x80 if value else 0)])
        if not value:
            return out


FAULTS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "empty": ("model.damaged", lambda: b""),
    "an error page": ("model.damaged", lambda: b"<!DOCTYPE html><html>Not found</html>"),
    "truncated": ("model.damaged", lambda: descriptor()[:-1000]),
    "truncated early": ("model.damaged", lambda: descriptor()[:60]),
    "nested without end": ("model.damaged", _deep),
    "in the runtime's own format": ("model.damaged", lambda: b"\x1c\0\0\0ORTM" + bytes(200)),
    "with weights in a file": ("model.external_data", lambda: _changed(lambda m: _outside(m.graph.initializer[0]))),
    "with weights in memory": (
        "model.external_data",
        lambda: _changed(lambda m: _outside(m.graph.initializer[0], "*/_ORT_MEM_ADDR_/*")),
    ),
    "with a constant in a file": ("model.external_data", _outside_constant),
    "with a branch in a file": ("model.external_data", _outside_in_a_branch),
    "with a function in a file": ("model.external_data", _outside_in_a_function),
    "with operators of a vendor": (
        "model.operator",
        lambda: graph_model([helper.make_node("EPContext", ["x"], ["y"], domain="com.microsoft")]),
    ),
    "that imports a vendor's operators": (
        "model.operator",
        lambda: graph_model(pooling_nodes(), [projection()], domains=("", "com.microsoft")),
    ),
    "that may run for ever": ("model.operator", lambda: graph_model([helper.make_node("Loop", ["x"], ["y"])])),
    "that draws random numbers": (
        "model.operator",
        lambda: _and(
            helper.make_node("RandomNormal", [], ["r"], shape=[1, LENGTH]), helper.make_node("Add", ["v", "r"], ["y"])
        ),
    ),
    "of one channel": (
        "model.shape",
        lambda: graph_model([helper.make_node("Flatten", ["x"], ["y"])], given=(1, 1, 8, 12)),
    ),
    "of bytes": (
        "model.shape",
        lambda: graph_model(
            [helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT), helper.make_node("Flatten", ["f"], ["y"])],
            given=(1, 3, 32, 32),
            kind=TensorProto.UINT8,
            length=3072,
        ),
    ),
    "of two inputs": ("model.shape", _two_inputs),
    "of several pictures at once": (
        "model.shape",
        lambda: graph_model(pooling_nodes(), [projection()], given=(4, 3, SIDE, SIDE)),
    ),
    "of huge pictures": (
        "model.shape",
        lambda: graph_model(
            [helper.make_node("GlobalAveragePool", ["x"], ["p"]), helper.make_node("Flatten", ["p"], ["y"])],
            given=(1, 3, 65536, 65536),
            length=3,
        ),
    ),
    "of two outputs": (
        "model.shape",
        lambda: graph_model([*pooling_nodes(), helper.make_node("Neg", ["y"], ["z"])], [projection()], out=("y", "z")),
    ),
    "whose output is no vector": (
        "model.shape",
        lambda: graph_model([helper.make_node("Relu", ["x"], ["y"])], length="any"),
    ),
    "of too few numbers": (
        "model.shape",
        lambda: graph_model(
            [helper.make_node("GlobalAveragePool", ["x"], ["p"]), helper.make_node("Flatten", ["p"], ["y"])], length=3
        ),
    ),
    "that gives no number": (
        "model.output",
        lambda: _and(helper.make_node("Sub", ["v", "v"], ["z"]), helper.make_node("Div", ["z", "z"], ["y"])),
    ),
    "that gives infinity": (
        "model.output",
        lambda: _and(helper.make_node("Div", ["v", "k"], ["y"]), constants=(_number(0.0),)),
    ),
    "that takes every picture for the same": (
        "model.output",
        lambda: _and(
            helper.make_node("Mul", ["v", "k"], ["z"]),
            helper.make_node("Add", ["z", "one"], ["y"]),
            constants=(_number(0.0), numpy_helper.from_array(np.ones((1, LENGTH), np.float32), "one")),
        ),
    ),
    "that needs 80 GB": ("model.output", _huge),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_is_refused(fault: str) -> None:
    code, made = FAULTS[fault]
    with pytest.raises(ModelInvalid) as caught:
        LearnedModel(made())
    assert caught.value.code == code, caught.value.message
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_a_model_above_the_limits_is_refused_before_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    data = descriptor()
    monkeypatch.setattr(onnx_file, "MOST_BYTES", len(data) - 1)
    with pytest.raises(ModelInvalid, match="larger than"):
        onnx_file.inspect(data)
    monkeypatch.setattr(onnx_file, "MOST_BYTES", len(data))
    monkeypatch.setattr(onnx_file, "MOST_FIELDS", 20)
    with pytest.raises(ModelInvalid, match="more than 20 parts"):
        onnx_file.inspect(data)


def test_every_way_into_a_weight_of_the_format_is_walked() -> None:
    """The table of messages, held against the format's own definition."""
    kinds = {
        "model": onnx.ModelProto, "training": onnx.TrainingInfoProto, "function": onnx.FunctionProto,
        "graph": onnx.GraphProto, "node": onnx.NodeProto, "attribute": onnx.AttributeProto,
        "sparse": onnx.SparseTensorProto, "tensor": onnx.TensorProto, "opset": onnx.OperatorSetIdProto,
        "entry": onnx.StringStringEntryProto,
    }  # fmt: skip
    names = {kind.DESCRIPTOR.full_name: name for name, kind in kinds.items()}
    watched = {"graph", "node", "attribute", "sparse", "tensor", "function", "training"}
    for name, kind in kinds.items():
        inside = {
            field.number: names[field.message_type.full_name]
            for field in kind.DESCRIPTOR.fields
            if field.message_type is not None and names.get(field.message_type.full_name) in watched
        }
        walked = {number: child for number, child in onnx_file._CHILDREN.get(name, {}).items() if child in watched}
        assert walked == inside, name
    tensor = onnx.TensorProto.DESCRIPTOR.fields_by_name
    assert tensor["external_data"].number == onnx_file._EXTERNAL_DATA
    assert tensor["data_location"].number == onnx_file._DATA_LOCATION
    node = onnx.NodeProto.DESCRIPTOR.fields_by_name
    assert (node["op_type"].number, node["domain"].number) == (onnx_file._OP_TYPE, onnx_file._NODE_DOMAIN)
