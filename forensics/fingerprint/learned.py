"""Descriptors by a learned model: a picture in, a vector of unit length out, close for copies of one picture.

Made for networks like SSCD (Pizzi et al., "A Self-Supervised Descriptor for Image Copy Detection", CVPR 2022). They
propose pairs and decide nothing. The model is the user's; nothing of one is part of this program.

The model is hostile until it was found to be what it should be: see `onnx_file`, and the trial run made here. It is
computed by ONNX Runtime on the processor, by one thread, one picture at a time, from the bytes whose digest is
recorded. ONNX Runtime is loaded only when a model is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from forensics.errors import ModelInvalid, ToolError
from forensics.fingerprint import onnx_file
from forensics.fingerprint.flags import flag_batch
from forensics.model.fingerprint import FrameFlag
from forensics.model.learned import Descriptors, ModelSpec

EXTRA = "footage-forensics[learned]"

DYNAMIC_SIDE = 288
"""Pixels each way for a model that takes any size: what SSCD's authors trained at 224 and advise to look with."""

LEAST_SIDE, MOST_SIDE = 32, 1024
LEAST_LENGTH, MOST_LENGTH = 8, 4096
"""Numbers of a descriptor: SSCD has 512, its largest 1024."""

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""Of red, green and blue over ImageNet, as nearly every published network of pictures expects them."""

RECIPE = "brightness as red, green and blue; scaled by area to the model's size; less the mean and over the deviation \
of ImageNet; result to unit length, in half precision"
"""How a picture is made ready. Brightness alone is what the whole chain decodes, so that a copy in grey loses nothing;
half precision hides the last bits, in which processors differ.
"""

MEMORY_BYTES = 2 << 30
"""What one picture may take inside the network: SSCD takes a few hundred MB."""

LEAST_NORM = 1e-6
MOST_ALIKE = 0.9999
"""Cosine of two quite different pictures that no descriptor gives both."""

NOT_STATED = "not stated"
_LICENCE_KEYS = ("license", "licence", "license_name", "model_license")
MOST_LICENCE = 200
"""Characters of a licence's name."""

_SAYS_NOTHING = int(FrameFlag.BLACK | FrameFlag.FLAT)


class LearnedModel:
    """A model that passed its trial, ready to describe pictures."""

    def __init__(self, data: bytes, licence: tuple[str, str] | None = None) -> None:
        """Take the bytes of an ONNX file, and the licence with where it stands if the user named one.

        Raises:
            ToolError: ONNX Runtime is not installed.
            ModelInvalid: the file is not a plain descriptor of one picture.
        """
        contents = onnx_file.inspect(data)
        runtime = _runtime()
        self._faults = _faults(runtime)
        try:
            self._session = runtime.InferenceSession(data, _options(runtime), providers=["CPUExecutionProvider"])
        except self._faults as error:
            raise ModelInvalid(
                f"ONNX Runtime does not take it: {_first_line(error)}", code="model.damaged", hint=onnx_file.HINT
            ) from error
        self._input, size = _input_of(self._session)
        self._output = _output_of(self._session)
        name, place = licence or licence_of(contents.metadata)
        self._size = size
        length = self._tried()
        self.spec = ModelSpec(
            sha256=hashlib.sha256(data).hexdigest(),
            licence=name,
            licence_from=place,
            runtime=f"onnxruntime {runtime.__version__}",
            width=size[0],
            height=size[1],
            length=length,
            recipe=RECIPE,
        )

    def describe(self, luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.float16]:
        """The descriptor of a picture, luma uint8 (height, width): float16 (length,) of unit length, or zeros for a
        black or even picture, or one of which the model says nothing.

        Raises:
            ModelInvalid: the model gives what is no number for it.
        """
        small = cv2.resize(luma, (64, 64), interpolation=cv2.INTER_AREA)[None]
        if int(flag_batch(np.asarray(small, np.uint8))[0]) & _SAYS_NOTHING:
            return np.zeros(self.spec.length, np.float16)
        return _unit(self._run(luma)).astype(np.float16)

    def described(self, seconds: Sequence[float], pictures: Sequence[npt.NDArray[np.uint8]]) -> Descriptors:
        """Descriptors of pictures, luma uint8 (height, width), shown at these times, and of their negatives."""
        empty = np.zeros((0, self.spec.length), np.float16)
        return Descriptors(
            seconds=np.asarray(seconds, np.float64).reshape(-1),
            as_is=np.stack([self.describe(each) for each in pictures]) if pictures else empty,
            negative=np.stack([self.describe(255 - each) for each in pictures]) if pictures else empty,
        )

    def _run(self, luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """What the model gives for one picture, float32 (length,)."""
        try:
            (given,) = self._session.run([self._output], {self._input: made_ready(luma, self._size)})
        except self._faults as error:
            raise ModelInvalid(
                f"the model fails on a picture: {_first_line(error)}", code="model.output", hint=onnx_file.HINT
            ) from error
        vector = np.asarray(given)
        if vector.dtype != np.float32 or vector.ndim != 2 or vector.shape[0] != 1:
            raise _bad_shape(f"its output is {vector.dtype} {vector.shape}, not one row of numbers")
        if not bool(np.isfinite(vector).all()):
            raise ModelInvalid(
                "the model gives what is no number (NaN or infinity)", code="model.output", hint=onnx_file.HINT
            )
        row: npt.NDArray[np.float32] = vector[0]
        return row

    def _tried(self) -> int:
        """The length of a descriptor, after a trial: the same again for one picture, another for another picture."""
        one, other = trial_pictures()
        first, second, third = self._run(one), self._run(one), self._run(other)
        if not LEAST_LENGTH <= len(first) <= MOST_LENGTH:
            raise _bad_shape(f"its descriptor has {len(first)} numbers, not {LEAST_LENGTH} to {MOST_LENGTH}")
        fault = None
        if first.tobytes() != second.tobytes():
            fault = "the model gives two descriptors for one picture"
        elif len(third) != len(first) or float(_unit(first) @ _unit(third)) > MOST_ALIKE:
            fault = "the model does not tell two quite different pictures apart"
        if fault:
            raise ModelInvalid(fault, code="model.output", hint=onnx_file.HINT)
        return len(first)


def made_ready(luma: npt.NDArray[np.uint8], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """The model's input for luma uint8 (height, width): float32 (1, 3, height, width) of this width and height."""
    shrinks = luma.shape[1] >= size[0] and luma.shape[0] >= size[1]
    scaled = cv2.resize(luma, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    grey = np.asarray(scaled, np.float32) / np.float32(255)
    mean, deviation = np.array(MEAN, np.float32), np.array(DEVIATION, np.float32)
    return np.ascontiguousarray((grey[None, None] - mean[None, :, None, None]) / deviation[None, :, None, None])


def licence_of(metadata: Mapping[str, str]) -> tuple[str, str]:
    """The licence that a model's own metadata state, and where that stands."""
    for name, value in sorted(metadata.items()):
        if name.strip().lower() in _LICENCE_KEYS and value.strip():
            return one_line(value), "the model's own metadata"
    return NOT_STATED, "nowhere"


def one_line(text: str) -> str:
    """The first line that says something, bounded and printable."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line[:MOST_LICENCE]) or NOT_STATED


def trial_pictures() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Two quite different pictures made of whole numbers, uint8 (288, 512)."""
    y, x = np.mgrid[0:288, 0:512].astype(np.int64)
    waves = (x * 3 + y * 5 + (x * y) // 64) % 256
    blocks = np.where((x // 96 + y // 72) % 2 == 0, 40 + x // 4, 220 - y // 2)
    return waves.astype(np.uint8), blocks.astype(np.uint8)


@cache
def _runtime() -> Any:
    """ONNX Runtime, loaded and set once for this process.

    Raises:
        ToolError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ToolError(
            "a model is named, but ONNX Runtime is not installed",
            code="tool.no_extra",
            hint=f"pip install '{EXTRA}', or leave the model out",
        ) from error
    onnxruntime.disable_telemetry_events()
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(MEMORY_BYTES, -1, -1, -1))
    return onnxruntime


def _options(runtime: Any) -> Any:
    """One thread, no chance, no more memory than `MEMORY_BYTES`, nothing on stderr."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    # What goes further rearranges sums by the processor at hand.
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.add_session_config_entry("session.use_env_allocators", "1")
    return options


def _faults(runtime: Any) -> tuple[type[Exception], ...]:
    """Every error that ONNX Runtime raises of its own: they have no common base."""
    state = runtime.capi.onnxruntime_pybind11_state
    own = [each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception)]
    return (*own, RuntimeError, ValueError, IndexError, OverflowError, MemoryError)


def _input_of(session: Any) -> tuple[str, tuple[int, int]]:
    """Name of the one input, and the width and height of the pictures that go in."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise _bad_shape(f"it has {len(inputs)} inputs, not one picture")
    (given,) = inputs
    shape = list(given.shape)
    if given.type != "tensor(float)" or len(shape) != 4 or shape[1] != 3 or not (_open(shape[0]) or shape[0] == 1):
        raise _bad_shape(f"its input is {given.type} {shape}, not one float picture (1, 3, height, width)")
    height, width = (DYNAMIC_SIDE if _open(side) else int(side) for side in shape[2:])
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in (width, height)):
        raise _bad_shape(f"its pictures are {width}x{height}, not {LEAST_SIDE} to {MOST_SIDE} pixels each way")
    return str(given.name), (width, height)


def _output_of(session: Any) -> str:
    outputs = session.get_outputs()
    if len(outputs) != 1 or outputs[0].type != "tensor(float)":
        kinds = ", ".join(f"{each.type} {each.shape}"[:80] for each in outputs[:4])
        raise _bad_shape(f"its outputs are {kinds or 'none'}, not one float vector")
    return str(outputs[0].name)


def _open(side: object) -> bool:
    """Whether a dimension is left to the user: named, or without a number."""
    return not isinstance(side, int)


def _bad_shape(fault: str) -> ModelInvalid:
    return ModelInvalid(fault, code="model.shape", hint=onnx_file.HINT)


def _unit(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The vector at unit length; zeros where it has next to none."""
    norm = float(np.linalg.norm(vector.astype(np.float64)))
    return np.zeros_like(vector) if norm < LEAST_NORM else np.asarray(vector / np.float32(norm), np.float32)


def _first_line(error: BaseException) -> str:
    return one_line(str(error))
