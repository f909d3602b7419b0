"""Handlers as SageMaker's toolkits have them: model_fn, input_fn, predict_fn, output_fn, or transform_fn."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Mapping, Optional, Sequence

from ..answers import ValueAnswer
from ..codec import plain, read_csv, read_json, read_npy, write_csv, write_json, write_npy
from ..errors import InvalidInput, SetupError, shorten
from ..servable import Answer, Ask, Block, Description, Servable, Tell
from ..tensors import check, nest

_JSON = "application/json"


class SageMakerServable(Servable):
    """Bodies go to `input_fn` as they came; functions that the module lacks are what the toolkits do by themselves."""

    takes_raw = True

    def __init__(self, module: Any, model_dir: str) -> None:
        self._module = module
        self._model_dir = model_dir
        self._model: Any = None

    def load(self, tell: Tell) -> None:
        tell("model_fn")
        load = getattr(self._module, "model_fn", None)
        if load is not None:
            self._model = _call(load, self._model_dir)
            return
        if getattr(self._module, "transform_fn", None) is None and getattr(self._module, "predict_fn", None) is None:
            why = "it has neither model_fn nor predict_fn"
            raise SetupError(f"{self._module.__name__} has no model", why, "add model_fn(model_dir)")

    def describe(self) -> Description:
        text = (inspect.getdoc(self._module) or "").split("\n\n")[0][:500]
        return Description("sagemaker", self._module.__name__, text, {}, {}, None)

    def parse(self, value: Any) -> Ask:
        return self._ask(write_json(value), _JSON, _JSON)

    def parse_table(self, columns: Optional[Sequence[str]], rows: Sequence[Sequence[Any]]) -> Ask:
        table = [list(columns), *rows] if columns is not None else rows
        return self._ask(write_csv(table), "text/csv", _JSON)

    def parse_array(self, array: Any) -> Ask:
        return self._ask(write_npy(array), "application/x-npy", _JSON)

    def parse_bytes(self, body: bytes, content_type: str) -> Ask:
        return self._ask(body, content_type, _JSON)

    def parse_raw(self, body: bytes, content_type: str, accept: str) -> Ask:
        """A body of `/invocations`."""
        return self._ask(body, content_type or _JSON, accept or _JSON)

    def parse_tensors(self, tensors: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any]) -> Ask:
        named = {name: nest(flat, shape) for name, _, shape, flat in map(check, tensors)}
        value = next(iter(named.values())) if len(named) == 1 else named
        return self.parse(value)

    def _ask(self, body: bytes, content_type: str, accept: str) -> Ask:
        return Ask(Block(1, (body, content_type, accept)), single=True)

    def run(self, blocks: Sequence[Block]) -> list[Answer]:
        return [self._predict(*block.content) for block in blocks]

    def _predict(self, body: bytes, content_type: str, accept: str) -> Answer:
        module = self._module
        transform = getattr(module, "transform_fn", None)
        if transform is not None:
            return _raw_answer(_call(transform, self._model, _text(body, content_type), content_type, accept), accept)
        read: Callable[..., Any] = getattr(module, "input_fn", None) or _read
        given = _call(read, _text(body, content_type) if read is not _read else body, content_type)
        predict: Callable[..., Any] = getattr(module, "predict_fn", None) or _predict
        outcome = _call(predict, given, self._model)
        write = getattr(module, "output_fn", None)
        if write is not None:
            return _raw_answer(_call(write, outcome, accept), accept)
        return _write(outcome, accept)


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Newer toolkits hand a context besides, which may be left out."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return function(*arguments)
    needed = [each for each in parameters if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD]
    padding = max(0, len(needed) - len(arguments))
    return function(*arguments, *([None] * padding))


def _text(body: bytes, content_type: str) -> Any:
    """Toolkits hand texts as text."""
    kind = content_type.partition(";")[0].strip()
    if kind == _JSON or kind.startswith("text/") or kind == "application/jsonlines":
        return body.decode("utf-8", "replace")
    return body


def _read(body: bytes, content_type: str) -> Any:
    kind = content_type.partition(";")[0].strip()
    if kind == _JSON:
        return read_json(body)
    if kind == "text/csv":
        import numpy

        return numpy.array(read_csv(body)[1])
    if kind == "application/x-npy":
        return read_npy(body)
    why = f"input_fn is not there, and {shorten(kind, 60)} is none of {_JSON}, text/csv, application/x-npy"
    raise InvalidInput("the body cannot be read", why, status=415)


def _predict(given: Any, model: Any) -> Any:
    return model.predict(given) if hasattr(model, "predict") else model(given)


def _raw_answer(outcome: Any, accept: str) -> Answer:
    """`output_fn` gives a body, a pair of body and type, or any value."""
    body, kind = outcome if isinstance(outcome, tuple) and len(outcome) == 2 else (outcome, accept)
    kind = _JSON if not isinstance(kind, str) or "*" in kind else kind.partition(",")[0].strip()
    if isinstance(body, str):
        return ValueAnswer([_value_of(body, kind)], (body.encode("utf-8"), kind))
    if isinstance(body, (bytes, bytearray)):
        return ValueAnswer([_value_of(bytes(body), kind)], (bytes(body), kind))
    return ValueAnswer([body])


def _value_of(body: Any, kind: str) -> Any:
    """What other protocols tell of a body."""
    if kind != _JSON:
        return body
    try:
        return read_json(body if isinstance(body, bytes) else body.encode("utf-8"))
    except InvalidInput:
        return body


def _write(outcome: Any, accept: str) -> Answer:
    if "text/csv" in accept or "application/x-npy" in accept:
        values = plain(outcome) if hasattr(outcome, "tolist") else outcome
        rows = values if isinstance(values, (list, tuple)) else [values]
        if "text/csv" in accept:
            return ValueAnswer([outcome], (write_csv(rows), "text/csv"))
        return ValueAnswer([outcome], (write_npy(rows), "application/x-npy"))
    return ValueAnswer([outcome])
