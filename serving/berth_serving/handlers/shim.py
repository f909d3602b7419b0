"""Stands in for the package `cog` where it is not installed, so that its predictors can be served as they are."""

from __future__ import annotations

import importlib.util
import pathlib
import sys
import types
from dataclasses import dataclass
from typing import Any, AsyncIterator, Generic, Iterator, Optional, Sequence, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class FieldInfo:
    """What `Input(...)` says of an input."""

    default: Any = ...
    description: Optional[str] = None
    ge: Optional[float] = None
    le: Optional[float] = None
    min_length: Optional[int] = None
    max_length: Optional[int] = None
    regex: Optional[str] = None
    choices: Optional[Sequence[Any]] = None
    deprecated: Optional[bool] = None


def Input(default: Any = ..., **words: Any) -> Any:
    """An input of a predictor; words that are not known are left out."""
    known = {name: words[name] for name in FieldInfo.__dataclass_fields__ if name in words}
    return FieldInfo(default=default, **known)


class BasePredictor:
    """Has `setup` and `predict`."""

    def setup(self, *_: Any, **__: Any) -> None:
        """Loads the model."""


class BaseRunner(BasePredictor):
    """Has `setup` and `run`."""


class Path(type(pathlib.Path())):  # type: ignore[misc]
    """A file that came with a request, or that goes with the answer."""


class File(pathlib.PurePosixPath):
    """A file, as older predictors call it."""


class ConcatenateIterator(Iterator[T], Generic[T]):
    """Pieces of a text, which make one answer."""


class AsyncConcatenateIterator(AsyncIterator[T], Generic[T]):
    """The same for asynchronous predictors."""


class Secret(str):
    """A text that is told nobody."""

    def get_secret_value(self) -> str:
        return str.__str__(self)

    def __repr__(self) -> str:
        return "Secret('**********')"


class ExperimentalFeatureWarning(Warning):
    """Given by features that may change."""


class CancelationException(Exception):
    """A prediction was given up."""


def concurrent(max: int = 1) -> Any:
    """How many predictions at a time."""

    def mark(function: Any) -> Any:
        function.concurrency = max
        return function

    return mark


def _base_model() -> type:
    try:
        from pydantic import BaseModel

        return BaseModel
    except ImportError:
        return _Record


class _Record:
    """A record with the annotated names as fields."""

    def __init__(self, **values: Any) -> None:
        names = [name for kind in reversed(type(self).__mro__) for name in getattr(kind, "__annotations__", {})]
        for name in names:
            if name not in values and not hasattr(type(self), name):
                raise TypeError(f"{name} is missing")
            setattr(self, name, values.get(name, getattr(type(self), name, None)))

    def model_dump(self, **_: Any) -> dict[str, Any]:
        return dict(vars(self))


def install() -> None:
    """Lets `import cog` find this, unless the real one is there."""
    if "cog" in sys.modules or importlib.util.find_spec("cog") is not None:
        return
    module = types.ModuleType("cog", "Stands in for cog.")
    names = ("Input", "BasePredictor", "BaseRunner", "Path", "File", "ConcatenateIterator", "AsyncConcatenateIterator")
    for name in (*names, "Secret", "ExperimentalFeatureWarning", "CancelationException", "concurrent"):
        setattr(module, name, globals()[name])
    vars(module).update(BaseModel=_base_model(), Opaque=Any)
    sys.modules["cog"] = module
