"""Values of JSON into the types that a handler asks for, and those types as JSON schema."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
import enum
import inspect
import io
import pathlib
import tempfile
import types
import typing
import uuid
from typing import Any, Mapping, Optional, Sequence

from ..errors import InvalidInput, shorten

_UNIONS: tuple[Any, ...] = tuple(kind for kind in (typing.Union, getattr(types, "UnionType", None)) if kind is not None)
_SEQUENCES: dict[Any, Any] = {list: list, tuple: tuple, set: set, frozenset: frozenset}


class Wrong(InvalidInput):
    """A value of another type than the handler takes."""

    def __init__(self, place: str, wanted: str, value: Any) -> None:
        why = f"{place} should be {wanted}, not {shorten(repr(value), 60)}"
        super().__init__("the input does not fit", why, "see /openapi.json for what is taken", status=422)


def annotation_name(annotation: Any) -> str:
    """Module and name of a type, such as `numpy.ndarray`; empty for what is no type."""
    kind = typing.get_origin(annotation) or annotation
    if not isinstance(kind, type):
        return ""
    return f"{kind.__module__.split('.', 1)[0]}.{kind.__name__}"


def convert(annotation: Any, value: Any, place: str) -> Any:
    """Raises Wrong, with the place in words."""
    if annotation is inspect.Parameter.empty or annotation is Any or annotation is None:
        return value
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return convert(typing.get_args(annotation)[0], value, place)
    if origin in _UNIONS:
        return _convert_union(annotation, value, place)
    if origin is typing.Literal:
        if value in typing.get_args(annotation):
            return value
        raise Wrong(place, f"one of {', '.join(map(repr, typing.get_args(annotation)))}", value)
    if isinstance(annotation, (typing.TypeVar, str)):
        return value
    kind = origin or annotation
    if kind in (bool, int, float, str):
        return _convert_simple(kind, value, place)
    foreign = _convert_foreign(kind, annotation_name(kind), (value, place))
    if foreign is not None:
        return foreign[0]
    if isinstance(kind, type):
        return _convert_type(annotation, kind, (value, place))
    return value


def _convert_union(annotation: Any, value: Any, place: str) -> Any:
    options = typing.get_args(annotation)
    if value is None and type(None) in options:
        return None
    # What the value is already, before what it could become: in `Union[int, str]` "1" stays a text.
    for option in options:
        if isinstance(option, type) and type(value) is option:
            return value
    problem: Optional[Wrong] = None
    for option in options:
        if option is type(None):
            continue
        try:
            return convert(option, value, place)
        except Wrong as error:
            problem = problem or error
    raise problem or Wrong(place, "null", value)


def _convert_simple(kind: type, value: Any, place: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is kind:
        return value
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind in (int, float) and isinstance(value, str):
        try:
            return kind(value)
        except ValueError:
            pass
    if kind is bool and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    raise Wrong(place, names[kind], value)


def _convert_foreign(kind: Any, name: str, given: tuple[Any, str]) -> Optional[tuple[Any]]:
    """A value in a type of a library, which is imported already if a handler names it."""
    value, place = given
    try:
        if name == "numpy.ndarray":
            import numpy

            return (value if isinstance(value, numpy.ndarray) else numpy.asarray(value),)
        if name == "pandas.DataFrame":
            return (value if isinstance(value, kind) else kind([value] if _is_row(value) else value),)
        if name == "pandas.Series":
            return (kind(value),)
        if name == "torch.Tensor":
            import torch

            return (torch.as_tensor(value),)
        if name == "PIL.Image":
            from PIL import Image

            return (Image.open(io.BytesIO(to_bytes(value, place))),)
        if hasattr(kind, "model_validate"):
            return (kind.model_validate(value),)
        if hasattr(kind, "parse_obj"):
            return (kind.parse_obj(value),)
    except InvalidInput:
        raise
    except (ValueError, TypeError, OSError) as error:
        raise InvalidInput("the input does not fit", f"{place}: {shorten(error, 200)}", status=422) from None
    return None


def _is_row(value: Any) -> bool:
    return isinstance(value, Mapping) and not any(isinstance(each, (list, dict)) for each in value.values())


def _convert_type(annotation: Any, kind: type, given: tuple[Any, str]) -> Any:
    value, place = given
    arguments = typing.get_args(annotation)
    if dataclasses.is_dataclass(kind):
        return _convert_dataclass(kind, value, place)
    if issubclass(kind, enum.Enum):
        try:
            return kind(value)
        except ValueError:
            raise Wrong(place, f"one of {', '.join(repr(each.value) for each in kind)}", value) from None
    if issubclass(kind, (bytes, bytearray)):
        return kind(to_bytes(value, place))
    if issubclass(kind, pathlib.PurePath):
        return kind(to_file(value, place))
    if issubclass(kind, io.IOBase) or typing.get_origin(annotation) is io.IOBase:
        return io.BytesIO(to_bytes(value, place))
    if issubclass(kind, (datetime.date, uuid.UUID)):
        return _convert_text(kind, value, place)
    if issubclass(kind, Mapping) and not issubclass(kind, (str, bytes)):
        if not isinstance(value, Mapping):
            raise Wrong(place, "an object", value)
        inner = arguments[1] if len(arguments) == 2 else Any
        return {key: convert(inner, each, f"{place}.{shorten(key, 40)}") for key, each in value.items()}
    if kind in _SEQUENCES or (arguments and issubclass(kind, Sequence)):
        return _convert_sequence(kind, arguments, given)
    return value


def _convert_sequence(kind: type, arguments: Sequence[Any], given: tuple[Any, str]) -> Any:
    value, place = given
    if not isinstance(value, (list, tuple)):
        raise Wrong(place, "a list", value)
    make = _SEQUENCES.get(kind, list)
    if kind is tuple and arguments and Ellipsis not in arguments:
        if len(arguments) != len(value):
            raise Wrong(place, f"a list of {len(arguments)}", value)
        return tuple(convert(each, inner, f"{place}[{i}]") for i, (each, inner) in enumerate(zip(arguments, value)))
    inner = arguments[0] if arguments else Any
    if inner is Any or (inner in (str, float, bool) and all(type(each) is inner for each in value)):
        return make(value)
    return make(convert(inner, each, f"{place}[{index}]") for index, each in enumerate(value))


def _convert_text(kind: Any, value: Any, place: str) -> Any:
    if isinstance(value, kind):
        return value
    try:
        return kind(value) if kind is uuid.UUID else kind.fromisoformat(value)
    except (ValueError, TypeError, AttributeError):
        raise Wrong(place, f"a {kind.__name__}", value) from None


def _convert_dataclass(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, Mapping):
        raise Wrong(place, "an object", value)
    hints = typing.get_type_hints(kind)
    fields = {each.name: each for each in dataclasses.fields(kind) if each.init}
    for key in value:
        if key not in fields:
            raise Wrong(place, f"an object with {', '.join(fields)}", {key: value[key]})
    made = {}
    for name, each in fields.items():
        if name in value:
            made[name] = convert(hints.get(name, Any), value[name], f"{place}.{name}")
        elif each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            raise InvalidInput("the input does not fit", f"{place}.{name} is missing", status=422)
    return kind(**made)


def to_bytes(value: Any, place: str) -> bytes:
    """Bytes as they came, or as text in base64, with or without `data:…;base64,` before it."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, dict) and set(value) == {"b64"}:
        value = value["b64"]
    if not isinstance(value, str):
        raise Wrong(place, "bytes as text in base64", value)
    if value.startswith(("http://", "https://")):
        why = f"{place} is an address, and nothing is fetched for a request"
        raise InvalidInput("the input does not fit", why, "send the file itself, in base64", status=422)
    text = value.partition(",")[2] if value.startswith("data:") else value
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong(place, "bytes as text in base64", value) from None


def to_file(value: Any, place: str) -> str:
    """Path of a new file with the bytes; the request's end takes it away."""
    import mimetypes

    suffix = ""
    if isinstance(value, str) and value.startswith("data:"):
        suffix = mimetypes.guess_extension(value[5:].partition(";")[0].partition(",")[0]) or ""
    content = to_bytes(value, place)
    with tempfile.NamedTemporaryFile(prefix="berth-input-", suffix=suffix, delete=False) as target:
        target.write(content)
    return target.name
