"""ONNX, by onnxruntime."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from ..servable import Tensor
from .arrays import ArrayModel

_DATATYPES = {
    "tensor(float)": "FP32",
    "tensor(double)": "FP64",
    "tensor(float16)": "FP16",
    "tensor(int64)": "INT64",
    "tensor(int32)": "INT32",
    "tensor(int16)": "INT16",
    "tensor(int8)": "INT8",
    "tensor(uint64)": "UINT64",
    "tensor(uint32)": "UINT32",
    "tensor(uint16)": "UINT16",
    "tensor(uint8)": "UINT8",
    "tensor(bool)": "BOOL",
    "tensor(string)": "BYTES",
}
#: The faster ones first; those that are not there are left out.
_PROVIDERS = ("CUDAExecutionProvider", "ROCMExecutionProvider", "CPUExecutionProvider")


class OnnxModel(ArrayModel):
    """A session."""

    kind = "onnx"
    platform = "onnx_onnxv1"

    def __init__(self, session: Any) -> None:
        self._session = session
        self.inputs = [_tensor(each) for each in session.get_inputs()]
        self.outputs = [_tensor(each) for each in session.get_outputs()]
        self._output_names = [each.name for each in session.get_outputs()]

    def predict(self, arrays: Mapping[str, Any], method: Optional[str]) -> dict[str, Any]:
        found = self._session.run(None, dict(arrays))
        return {name: _array(value) for name, value in zip(self._output_names, found)}


def _tensor(node: Any) -> Tensor:
    if node.type.startswith("seq(map("):  # a list of probabilities by class, see _array
        return Tensor(node.name, "FP32", (-1, -1))
    shape = tuple(size if isinstance(size, int) and size > 0 else -1 for size in (node.shape or ()))
    return Tensor(node.name, _DATATYPES.get(node.type, "BYTES"), shape)


def _array(value: Any) -> Any:
    """Classifiers made from scikit-learn give a list of maps from class to probability."""
    import numpy

    if isinstance(value, list) and value and isinstance(value[0], dict):
        names = list(value[0])
        return numpy.array([[row[name] for name in names] for row in value])
    return numpy.asarray(value)


def load(path: str, kind: str) -> ArrayModel:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Threads that spin while they wait would take the CPU from the server.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    there = onnxruntime.get_available_providers()
    providers = [name for name in _PROVIDERS if name in there] or there
    return OnnxModel(onnxruntime.InferenceSession(path, options, providers=providers))
