"""Inputs and outputs of a handler in the words of the Open Inference Protocol, as far as its types tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ..servable import Tensor
from .convert import annotation_name
from .schema import schema_of
from .signature import Signature

_DATATYPES = {"number": "FP64", "integer": "INT64", "boolean": "BOOL", "string": "BYTES"}
_ARRAYS = ("numpy.ndarray", "pandas.DataFrame", "torch.Tensor")
_DEPTH = 8


def tensors_of(signature: Signature, batches: bool) -> tuple[list[Tensor], list[Tensor]]:
    """Empty for inputs of types that have no form as a tensor. The first dimension counts rows."""
    inputs = []
    for each in signature.fields:
        tensor = _tensor(each.name, each.annotation, batches)
        if tensor is not None:
            inputs.append(tensor)
        elif each.required:
            inputs = []
            break
    output = _tensor("output", signature.returns, batches)
    return inputs, [] if output is None else [output]


def _tensor(name: str, annotation: Any, batches: bool) -> Optional[Tensor]:
    if annotation_name(annotation) in _ARRAYS:
        return Tensor(name, "FP64", (-1, -1))
    schema: Mapping[str, Any] = schema_of(annotation)
    shape = [] if batches else [-1]
    for _ in range(_DEPTH):
        if schema.get("type") != "array":
            break
        shape.append(-1)
        schema = schema.get("items", {})
    datatype = _DATATYPES.get(str(schema.get("type")))
    return None if datatype is None or not shape else Tensor(name, datatype, tuple(shape))
