"""What models say: values of Python, or arrays."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

from .codec import plain
from .errors import InvalidInput, shorten
from .servable import Answer
from .tensors import from_array, from_values


def pick(outputs: list[dict[str, Any]], wanted: Sequence[str]) -> list[dict[str, Any]]:
    """Those that a request names, in its order; all if it names none."""
    if not wanted:
        return outputs
    by_name = {each["name"]: each for each in outputs}
    for name in wanted:
        if name not in by_name:
            raise InvalidInput(f"there is no output {shorten(name, 60)}", f"the model has {', '.join(by_name)}")
    return [by_name[name] for name in wanted]


class ValueAnswer(Answer):
    """A value of Python for each row."""

    def __init__(self, values: Sequence[Any], raw: Optional[tuple[bytes, str]] = None) -> None:
        self._values = list(values)
        self.raw = raw

    def values(self) -> list[Any]:
        return self._values

    def tensors(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        values = [_simple(value) for value in self._values]
        first = values[0] if values else None
        if isinstance(first, dict) and first and all(isinstance(v, dict) and v.keys() == first.keys() for v in values):
            return pick([from_values(str(key), [value[key] for value in values]) for key in first], wanted)
        return pick([from_values("output", values)], wanted)


def _simple(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float, bool, list, tuple, dict)):
        return value
    try:
        return plain(value)
    except TypeError:
        return str(value)


class ArrayAnswer(Answer):
    """Arrays of numpy by name; the first dimension counts rows."""

    def __init__(self, arrays: Mapping[str, Any], rows: int) -> None:
        self.arrays = dict(arrays)
        self.rows = rows

    def values(self) -> list[Any]:
        if len(self.arrays) == 1:
            (array,) = self.arrays.values()
            found = array.tolist()
            return found if isinstance(found, list) else [found]
        columns = {name: array.tolist() for name, array in self.arrays.items()}
        rows = min((len(column) for column in columns.values() if isinstance(column, list)), default=0)
        return [
            {name: column[row] if isinstance(column, list) else column for name, column in columns.items()}
            for row in range(rows)
        ]

    def tensors(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        return pick([from_array(name, array) for name, array in self.arrays.items()], wanted)
