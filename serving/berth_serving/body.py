"""The forms that a JSON body may have, whatever the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Collection, Optional

from .errors import InvalidInput

#: Keys beside `input` that a prediction of cog may have.
_COG_KEYS = frozenset(
    ("input", "id", "webhook", "webhook_events_filter", "created_at", "output_file_prefix", "context")
)


@dataclass
class Unwrapped:
    """`rows` for many, else `value` for one."""

    style: str
    value: Any = None
    rows: Optional[list[Any]] = None


def unwrap(value: Any, own_names: Collection[str]) -> Unwrapped:
    """Takes off the cover of a protocol, unless the model itself has an input of that name."""
    if not isinstance(value, dict):
        return Unwrapped("plain", value)
    if "instances" in value and "instances" not in own_names:
        return Unwrapped("instances", rows=_list(value["instances"], "instances"))
    if "dataframe_records" in value and "dataframe_records" not in own_names:
        return Unwrapped("instances", rows=_list(value["dataframe_records"], "dataframe_records"))
    if "dataframe_split" in value and "dataframe_split" not in own_names:
        return Unwrapped("instances", rows=_split_rows(value["dataframe_split"]))
    if "input" in value and "input" not in own_names and _COG_KEYS.issuperset(value):
        return Unwrapped("cog", value["input"])
    if "inputs" in value and "inputs" not in own_names and set(value) <= {"inputs", "parameters", "id"}:
        return Unwrapped("plain", value["inputs"])
    return Unwrapped("plain", value)


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidInput(f"{name} is no list", "each of its items is one instance", f'send {{"{name}": [...]}}')
    if not value:
        raise InvalidInput(f"{name} is empty", "there is nothing to predict", "send one instance at least")
    return value


def _split_rows(value: Any) -> list[Any]:
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise InvalidInput("dataframe_split cannot be read", "it needs columns and data")
    rows = _list(value["data"], "dataframe_split.data")
    columns = value.get("columns")
    if not isinstance(columns, list):
        return rows
    if any(not isinstance(row, list) or len(row) != len(columns) for row in rows):
        raise InvalidInput(
            "dataframe_split cannot be read", "a row of data has not as many values as there are columns"
        )
    return [dict(zip(map(str, columns), row)) for row in rows]
