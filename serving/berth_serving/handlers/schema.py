"""Types of a handler as JSON schema, and an example of each."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import inspect
import pathlib
import typing
from typing import Any, Mapping, Sequence

from .convert import _UNIONS, annotation_name

_SIMPLE = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
_DEPTH = 8


def schema_of(annotation: Any, depth: int = 0) -> dict[str, Any]:
    """Empty for what may be anything."""
    if annotation in (inspect.Parameter.empty, inspect.Signature.empty, Any) or depth > _DEPTH:
        return {}
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Annotated:
        return schema_of(arguments[0], depth)
    if origin in _UNIONS:
        return _union(arguments, depth)
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    kind = origin or annotation
    if annotation is None:
        return {"type": "null"}
    if kind in _SIMPLE:
        return {"type": _SIMPLE[kind]}
    if not isinstance(kind, type):
        return {}
    return _of_library(kind) or _of_type(kind, arguments, depth)


def _union(options: Sequence[Any], depth: int) -> dict[str, Any]:
    parts = [schema_of(option, depth + 1) for option in options if option is not type(None)]
    if type(None) not in options:
        return {"anyOf": parts}
    if len(parts) == 1 and isinstance(parts[0].get("type"), str):
        return {**parts[0], "type": [parts[0]["type"], "null"]}
    return {"anyOf": [*parts, {"type": "null"}]} if all(parts) else {}


def _of_library(kind: Any) -> dict[str, Any]:
    name = annotation_name(kind)
    if name in ("numpy.ndarray", "torch.Tensor"):
        return {"type": "array", "items": {}}
    if name == "pandas.DataFrame":
        return {"type": "array", "items": {"type": "object"}}
    if name == "PIL.Image":
        return {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/*"}
    for method in ("model_json_schema", "schema"):
        if hasattr(kind, "__fields__") and hasattr(kind, method):
            return _inline(getattr(kind, method)())
    return {}


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    """References to its own definitions are put in, so that the schema can stand anywhere."""
    definitions = {**schema.get("definitions", {}), **schema.get("$defs", {})}

    def walk(part: Any, depth: int) -> Any:
        if isinstance(part, list):
            return [walk(inner, depth) for inner in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return {} if depth > _DEPTH else walk(definitions.get(part["$ref"].rsplit("/", 1)[-1], {}), depth + 1)
        return {key: walk(inner, depth) for key, inner in part.items() if key not in ("$defs", "definitions")}

    return typing.cast("dict[str, Any]", walk(schema, 0))


def _of_type(kind: type, arguments: Sequence[Any], depth: int) -> dict[str, Any]:
    if dataclasses.is_dataclass(kind):
        return _of_dataclass(kind, depth)
    if issubclass(kind, enum.Enum):
        return {"enum": [each.value for each in kind]}
    if issubclass(kind, (bytes, bytearray)):
        return {"type": "string", "contentEncoding": "base64"}
    if issubclass(kind, pathlib.PurePath):
        return {"type": "string", "format": "uri", "contentEncoding": "base64"}
    if issubclass(kind, datetime.datetime):
        return {"type": "string", "format": "date-time"}
    if issubclass(kind, datetime.date):
        return {"type": "string", "format": "date"}
    if hasattr(kind, "get_secret_value"):
        return {"type": "string", "format": "password", "writeOnly": True}
    if issubclass(kind, str):
        return {"type": "string"}
    if issubclass(kind, Mapping):
        return {"type": "object"}
    if issubclass(kind, (list, tuple, set, frozenset, Sequence)):
        inner = schema_of(arguments[0], depth + 1) if arguments else {}
        return {"type": "array", "items": inner}
    return {}


def _of_dataclass(kind: Any, depth: int) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    fields = [each for each in dataclasses.fields(kind) if each.init]
    needed = [
        each.name
        for each in fields
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    ]
    properties = {each.name: schema_of(hints.get(each.name, Any), depth + 1) for each in fields}
    return {"type": "object", "properties": properties, "required": needed}


def example_of(schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that the schema allows."""
    for key in ("default", "example"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "allOf", "oneOf"):
        if schema.get(key) and depth <= _DEPTH:
            return example_of(schema[key][0], depth + 1)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        names = schema.get("properties", {})
        return {name: example_of(each, depth + 1) for name, each in names.items()} if depth <= _DEPTH else {}
    if kind == "array":
        return [example_of(schema.get("items") or {"type": "number"}, depth + 1)] if depth <= _DEPTH else []
    if kind in ("number", "integer"):
        return max(schema.get("minimum", 1), 1)
    return {"string": "hello", "boolean": True}.get(str(kind))
