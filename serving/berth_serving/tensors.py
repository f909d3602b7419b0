"""Tensors of the Open Inference Protocol in JSON (V2), with numpy and without it."""

from __future__ import annotations

import math
from typing import Any, Mapping, Sequence

from .codec import plain, write_json
from .errors import InvalidInput, shorten

#: Names of numpy by names of the protocol.
DTYPES = {
    "BOOL": "bool",
    "UINT8": "uint8",
    "UINT16": "uint16",
    "UINT32": "uint32",
    "UINT64": "uint64",
    "INT8": "int8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "FP16": "float16",
    "FP32": "float32",
    "FP64": "float64",
    "BYTES": "object",
}
DATATYPES = {name: datatype for datatype, name in DTYPES.items()}
MAX_DIMENSIONS = 16


def datatype_of(array: Any) -> str:
    """BYTES for texts and objects."""
    return DATATYPES.get(str(array.dtype), "BYTES")


def check(tensor: Any) -> tuple[str, str, list[int], list[Any]]:
    """Name, datatype, shape and flat values of an input. Raises InvalidInput for what breaks the protocol."""
    if not isinstance(tensor, Mapping):
        raise InvalidInput("an input is no object", "each input has name, shape, datatype and data")
    name, datatype, shape, values = (tensor.get(key) for key in ("name", "datatype", "shape", "data"))
    if not isinstance(name, str):
        raise InvalidInput("an input has no name", "each input has name, shape, datatype and data")
    if datatype not in DTYPES:
        why = f"the datatype {shorten(repr(datatype), 40)} is none of {', '.join(DTYPES)}"
        raise InvalidInput(f"the input {shorten(name, 60)} cannot be read", why)
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS or not all(_is_size(size) for size in shape):
        raise InvalidInput(f"the input {shorten(name, 60)} cannot be read", "its shape is no list of sizes")
    if not isinstance(values, list):
        why = "it has no data" if values is None else "its data is no list"
        raise InvalidInput(f"the input {shorten(name, 60)} cannot be read", why, "send data as a list in JSON")
    flat = flatten(values)
    if len(flat) != math.prod(shape):
        why = f"its shape {shape} has {math.prod(shape)} values, its data {len(flat)}"
        raise InvalidInput(f"the input {shorten(name, 60)} cannot be read", why)
    return name, str(datatype), shape, flat


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def flatten(values: Sequence[Any]) -> list[Any]:
    """Row by row, however deep."""
    flat = list(values)
    for _ in range(MAX_DIMENSIONS):
        if not any(isinstance(value, list) for value in flat):
            return flat
        flat = [inner for value in flat for inner in (value if isinstance(value, list) else [value])]
    raise InvalidInput("an input cannot be read", "its data is nested too deeply")


def nest(flat: Sequence[Any], shape: Sequence[int]) -> Any:
    """Nested lists of a shape; the one value if the shape is empty."""
    if not shape:
        return flat[0]
    if len(shape) == 1:
        return list(flat)
    step = math.prod(shape[1:])
    return [nest(flat[row * step : (row + 1) * step], shape[1:]) for row in range(shape[0])]


def to_array(tensor: Any) -> tuple[str, Any]:
    """Name and numpy array of an input."""
    import numpy

    name, datatype, shape, flat = check(tensor)
    try:
        return name, numpy.array(flat, dtype=DTYPES[datatype]).reshape(shape)
    except (ValueError, TypeError, OverflowError) as error:
        why = f"its data does not fit {datatype}: {shorten(error, 120)}"
        raise InvalidInput(f"the input {shorten(name, 60)} cannot be read", why) from None


def from_array(name: str, array: Any) -> dict[str, Any]:
    """An output of a numpy array."""
    datatype = datatype_of(array)
    flat = array.reshape(-1).tolist()
    if datatype == "BYTES":
        flat = [value if isinstance(value, str) else _text(value) for value in flat]
    return {"name": name, "datatype": datatype, "shape": list(array.shape), "data": flat}


def from_values(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """An output of any values, one for each row: numbers and even lists of them as such, all else as texts."""
    simple = [plain(value) if hasattr(value, "tolist") else value for value in values]
    shape = [len(simple)]
    flat: list[Any] = simple
    while flat and all(isinstance(value, (list, tuple)) for value in flat) and len({len(value) for value in flat}) == 1:
        shape.append(len(flat[0]))
        flat = [inner for value in flat for inner in value]
    datatype = _common(flat)
    if datatype != "BYTES":
        return {"name": name, "datatype": datatype, "shape": shape, "data": flat}
    if not all(isinstance(value, str) for value in flat):
        flat, shape = simple, [len(simple)]
    return {"name": name, "datatype": "BYTES", "shape": shape, "data": [_text(value) for value in flat]}


def _common(flat: Sequence[Any]) -> str:
    if flat and all(isinstance(value, bool) for value in flat):
        return "BOOL"
    if flat and all(isinstance(value, int) and not isinstance(value, bool) for value in flat):
        return "INT64"
    if flat and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in flat):
        return "FP64"
    return "BYTES"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return write_json(value).decode("utf-8")
