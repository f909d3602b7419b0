"""Bytes to values and back: JSON, CSV, npy."""

from __future__ import annotations

import base64
import csv
import dataclasses
import datetime
import decimal
import enum
import io
import json
import math
import pathlib
import uuid
from typing import Any, Iterable, Optional, Sequence

from .errors import InvalidInput, ServingError, shorten

FILE_LIMIT = 256 * 1024 * 1024


def read_json(body: bytes) -> Any:
    """Raises InvalidInput for what is no JSON."""
    try:
        return json.loads(body) if body else {}
    except RecursionError:
        raise InvalidInput("the body cannot be read", "it is nested too deeply") from None
    except ValueError as error:
        why = f"it is no valid JSON: {shorten(error)}"
        raise InvalidInput("the body cannot be read", why, "send JSON, or name another Content-Type") from None


def plain(value: Any) -> Any:
    """For JSON: what it does not know, in what it knows. Types are told by their look; no library is imported."""
    kind = type(value)
    module = kind.__module__.split(".", 1)[0]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    if module == "torch" and hasattr(value, "detach"):
        return value.detach().cpu().tolist()
    if module == "pandas" and kind.__name__ == "DataFrame":
        return value.to_dict("records")
    if hasattr(value, "tolist"):
        return value.tolist()
    if module == "PIL" and hasattr(value, "save"):
        return _image_text(value)
    if module == "tensorflow" and hasattr(value, "numpy"):
        return value.numpy().tolist()
    if hasattr(value, "dict") and module not in ("builtins", "collections") and hasattr(value, "json"):
        return value.dict()
    return _plain_standard(value)


def _plain_standard(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, pathlib.PurePath):
        return file_text(pathlib.Path(value))
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if hasattr(value, "get_secret_value"):
        return "**********"
    if hasattr(value, "items"):
        return dict(value.items())
    if hasattr(value, "__iter__"):
        return list(value)
    raise TypeError(f"a value of type {type(value).__name__} has no form in JSON")


def file_text(path: pathlib.Path) -> str:
    """A file that a handler made, as a data address."""
    import mimetypes

    if path.stat().st_size > FILE_LIMIT:
        raise TypeError(f"{path.name} is too large to be sent in JSON")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def _image_text(image: Any) -> str:
    target = io.BytesIO()
    image.save(target, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode('ascii')}"


_strict = json.JSONEncoder(default=plain, allow_nan=False, separators=(",", ":"), ensure_ascii=False)


def write_json(value: Any) -> bytes:
    """NaN and infinity, which JSON does not know, become null, and keys texts.

    Raises ServingError for what has no form in JSON.
    """
    try:
        return _strict.encode(value).encode("utf-8", "surrogatepass")
    except (ValueError, TypeError):
        pass
    try:
        return _strict.encode(_finite(value)).encode("utf-8", "surrogatepass")
    except (ValueError, TypeError, RecursionError) as error:
        fix = "let the handler return numbers, texts, lists and dictionaries"
        raise ServingError("the answer cannot be sent", shorten(error), fix) from error


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return _finite(plain(value))


def number_of(text: str) -> Any:
    """A cell of a CSV file: a number where it is one, None where it is empty."""
    if text == "":
        return None
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return text


def read_csv(body: bytes) -> tuple[Optional[list[str]], list[list[Any]]]:
    """Names of the columns, if the first row has no number and another has one, and the rows."""
    try:
        text = body.decode("utf-8-sig")
        found = [row for row in csv.reader(io.StringIO(text)) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput("the body cannot be read", f"it is no valid CSV: {shorten(error)}") from None
    rows = [[number_of(cell.strip()) for cell in row] for row in found]
    if not rows:
        raise InvalidInput("the body is empty", "a CSV body needs a row at least", "send one row for each instance")
    if len({len(row) for row in rows}) > 1:
        raise InvalidInput("the body cannot be read", "its rows differ in length", "give each row as many cells")
    has_head = len(rows) > 1 and not any(_is_number(cell) for cell in rows[0])
    if has_head and any(_is_number(cell) for row in rows[1:] for cell in row):
        return [str(cell) for cell in rows[0]], rows[1:]
    return None, rows


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (int, float))


def write_csv(values: Iterable[Any]) -> bytes:
    """A line for each value; lists and objects fill several cells."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    for value in values:
        inner = value if isinstance(value, (str, int, float, bool, type(None), list, tuple, dict)) else plain(value)
        if isinstance(inner, dict):
            inner = list(inner.values())
        cells = inner if isinstance(inner, (list, tuple)) else [inner]
        writer.writerow([cell for each in cells for cell in (each if isinstance(each, (list, tuple)) else [each])])
    return target.getvalue().encode("utf-8")


def read_npy(body: bytes) -> Any:
    """An array of numpy's own format; objects, which would be pickles, are refused."""
    import numpy

    source = io.BytesIO(body)
    try:
        version = numpy.lib.format.read_magic(source)
        read_head = {(1, 0): "read_array_header_1_0", (2, 0): "read_array_header_2_0"}.get(version)
        if read_head is None:
            raise ValueError(f"version {version} is not known")
        shape, _, kind = getattr(numpy.lib.format, read_head)(source)
        if kind.hasobject:
            raise ValueError("it holds Python objects")
        if math.prod(shape) * kind.itemsize > len(body):
            raise ValueError("it is cut off")
        source.seek(0)
        return numpy.load(source, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise InvalidInput("the body cannot be read", f"it is no npy file that is taken: {shorten(error)}") from None


def write_npy(values: Sequence[Any]) -> bytes:
    """Raises InvalidInput if the values make no array of numbers or texts."""
    import numpy

    try:
        array = numpy.asarray(values)
    except ValueError:
        array = numpy.empty(0, dtype=object)
    if array.dtype.hasobject:
        raise InvalidInput(
            "the answer has no form as npy", "it is no array of numbers", "accept application/json", status=406
        )
    target = io.BytesIO()
    numpy.save(target, array, allow_pickle=False)
    return target.getvalue()
