"""A handler as the server asks it: a function, or an object with a method that predicts."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import os
import pathlib
import tempfile
from typing import Any, AsyncIterator, Callable, Iterable, Iterator, Mapping, Optional, Sequence

from ..answers import ValueAnswer
from ..body import unwrap
from ..errors import InvalidInput, ServingError
from ..servable import Answer, Ask, Block, Description, Servable, Tell
from ..tensors import check, nest
from .convert import annotation_name
from .declared import read_declarations
from .events import as_handler, takes_event
from .find import method_of
from .making import make_instance, setup_arguments
from .schema import example_of, schema_of
from .signature import Signature, read_signature
from .tensors import tensors_of

_WHOLE = ("numpy.ndarray", "pandas.DataFrame", "pandas.Series", "torch.Tensor")
_JOINED = ("ConcatenateIterator", "AsyncConcatenateIterator")
#: Code that nothing is known of is called by as many threads as there are CPUs, as most web frameworks do.
_MAX_THREADS = 4
_OBJECT_NAMES = ("data", "event", "request", "body", "payload")
_SIMPLE = ("integer", "number", "string", "boolean")


class HandlerServable(Servable):
    """Calls a function of the project. One instance is one call, unless the handler takes batches or whole arrays."""

    signature: Signature

    def __init__(self, target: Any, model_path: Optional[str], name: str) -> None:
        self._target = target
        self._model_path = model_path
        self._name = name
        self._function: Callable[..., Any] = target
        self._wraps: tuple[Optional[Callable[..., Any]], Optional[Callable[..., Any]]] = (None, None)
        self._whole = False
        self._joined = False

    # --- loading

    def load(self, tell: Tell) -> None:
        target = self._target
        if inspect.isclass(target):
            tell(f"making {target.__name__}")
            target = make_instance(target, self._model_path)
        if not inspect.isroutine(target):
            self._setup(target, tell)
            self._wraps = (getattr(target, "preprocess", None), getattr(target, "postprocess", None))
            self._function = method_of(target)
        if takes_event(self._function):
            self._function = as_handler(self._function)
        function = self._function
        self.signature = read_declarations(read_signature(function))
        self.is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        self.streams = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        if not any(kind.__name__ in ("BasePredictor", "BaseRunner") for kind in type(target).__mro__):
            self.usual_threads = min(_MAX_THREADS, _cpus())
        self._read_marks(target)
        if self.batches:
            self.usual_threads = 1  # what waits while it is busy goes together
        if self.is_async and not hasattr(self, "loop"):
            self.loop = asyncio.new_event_loop()
        only = self.signature.only
        self._whole = not self.batches and only is not None and annotation_name(only.annotation) in _WHOLE
        self.inputs, self.outputs = tensors_of(self.signature, self.batches)
        self._joined = _kind_name(self.signature.returns) in _JOINED

    def _setup(self, target: Any, tell: Tell) -> None:
        for name in ("load", "setup", "initialize"):
            method = getattr(target, name, None)
            if not callable(method):
                continue
            tell(f"{type(target).__name__}.{name}")
            outcome = method(*setup_arguments(method, self._model_path))
            if inspect.isawaitable(outcome):
                self.loop = asyncio.new_event_loop()
                self.loop.run_until_complete(outcome)
            return

    def _read_marks(self, target: Any) -> None:
        """`max_batch_size` on the function, its class or its instance; the name `predict_batch`; cog's `concurrent`."""
        function = self._function
        for place in (function, target):
            size = getattr(place, "max_batch_size", None)
            if isinstance(size, int) and size > 0 and not self.is_async and not self.streams:
                self.batches, self.max_batch = True, size
                break
        if getattr(function, "__name__", "") == "predict_batch" and not self.is_async and not self.streams:
            self.batches = True
        limit = getattr(function, "concurrency", None)
        if isinstance(limit, int) and limit > 0:
            self.concurrency = limit
        elif self.is_async:
            self.concurrency = 64

    # --- reading requests, in the loop

    def describe(self) -> Description:
        schema = self.signature.schema()
        output = _inner_schema(self.signature.returns)
        if self.batches:  # one instance is one item of each input
            items = {
                name: {"title": each["title"], **each.get("items", {})} for name, each in schema["properties"].items()
            }
            schema, output = {**schema, "properties": items}, output.get("items", {})
        text = inspect.getdoc(self._function) or inspect.getdoc(self._target) or ""
        example: Any = example_of(schema)
        only = self.signature.only
        if only is not None and self.signature.takes_object and example:
            inner = example.get(only.name)
            example = inner if isinstance(inner, dict) and inner else example
        return Description("handler", self._name, text.strip().split("\n\n")[0][:500], schema, output, example)

    def parse(self, value: Any) -> Ask:
        found = unwrap(value, self._own_names)
        if found.rows is not None:
            return self._of_rows(found.rows, found.style)
        if found.style == "cog" and not isinstance(found.value, Mapping) and self.signature.only is None:
            raise InvalidInput("input is no object", "it needs an entry for each input", status=422)
        return Ask(Block(1, [found.value]), single=True, style=found.style)

    @functools.cached_property
    def _own_names(self) -> list[str]:
        """Keys that are the handler's own; one that takes an object, as those of Hugging Face do, gets `inputs`."""
        only = self.signature.only
        if only is None or not self.signature.takes_object:
            return self.signature.names
        is_object = self.signature.only_schema.get("type") == "object" or only.name in _OBJECT_NAMES
        return [*self.signature.names, "inputs"] if is_object else self.signature.names

    def _of_rows(self, rows: list[Any], style: str) -> Ask:
        if self._whole and not all(isinstance(row, Mapping) and self._is_named(row) for row in rows):
            return Ask(Block(1, _Whole(rows)), single=False, style=style)
        return Ask(Block(len(rows), rows), single=False, style=style)

    def _is_named(self, row: Mapping[str, Any]) -> bool:
        return set(row) <= set(self.signature.names)

    def parse_table(self, columns: Optional[Sequence[str]], rows: Sequence[Sequence[Any]]) -> Ask:
        names = self.signature.names
        if columns is not None and (
            not self._whole or annotation_name(self.signature.fields[0].annotation) == _WHOLE[1]
        ):
            return self._of_rows([dict(zip(columns, row)) for row in rows], "instances")
        simple = len(names) == 1 and schema_of(self.signature.fields[0].annotation).get("type") in _SIMPLE
        if simple and all(len(row) == 1 for row in rows):
            return self._of_rows([row[0] for row in rows], "instances")
        return self._of_rows([list(row) for row in rows], "instances")

    def parse_array(self, array: Any) -> Ask:
        if self._whole:
            return Ask(Block(1, _Whole(array)), single=False, style="instances")
        rows = array.tolist()
        return self._of_rows(rows if isinstance(rows, list) else [rows], "instances")

    def parse_bytes(self, body: bytes, content_type: str) -> Ask:
        only = self.signature.only
        if only is None:
            why = f"{content_type} is one value, and the handler takes {len(self.signature.fields)}"
            raise InvalidInput("the body cannot be read", why, "send JSON with an entry for each input", status=415)
        value: Any = body
        if content_type.startswith("text/"):
            value = body.decode("utf-8", "replace")
        return Ask(Block(1, [{only.name: value}]), single=True)

    def parse_tensors(self, tensors: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any]) -> Ask:
        named: dict[str, Any] = {}
        for tensor in tensors:
            name, _, shape, flat = check(tensor)
            named[name] = nest(flat, shape) if shape else [flat[0]]
        only = self.signature.only
        if len(named) == 1 and only is not None and only.name not in named:
            named = {only.name: next(iter(named.values()))}
        if self._whole and only is not None and set(named) == {only.name}:
            return Ask(Block(1, _Whole(named[only.name])), single=False)
        counts = {len(column) for column in named.values()}
        if len(counts) > 1:
            raise InvalidInput("the inputs do not fit", "their first dimensions, which count rows, differ")
        rows = [
            {name: self._cell(name, column[row]) for name, column in named.items()} for row in range(min(counts or {0}))
        ]
        if not rows:
            raise InvalidInput("there is nothing to predict", "the inputs have no rows", "send one row at least")
        return Ask(Block(len(rows), rows), single=False)

    def _cell(self, name: str, value: Any) -> Any:
        """A row of one number is a number, where the handler takes one."""
        field = next((each for each in self.signature.fields if each.name == name), None)
        if field is None or not isinstance(value, list) or len(value) != 1:
            return value
        schema = schema_of(field.annotation)
        own = schema.get("items", {}) if self.batches else schema
        return value[0] if own.get("type") in _SIMPLE else value

    # --- predicting, in a thread

    def run(self, blocks: Sequence[Block]) -> list[Answer]:
        if self.batches:
            return self._run_batch(blocks)
        return [self._run_block(block) for block in blocks]

    def _run_block(self, block: Block) -> Answer:
        if isinstance(block.content, _Whole):
            return self._run_whole(block.content.value)
        return ValueAnswer([self._call(instance) for instance in block.content])

    def _run_whole(self, value: Any) -> Answer:
        only = self.signature.only
        assert only is not None
        outcome = self._around({only.name: only.value(value)})
        return ValueAnswer(_as_rows(outcome))

    def _call(self, instance: Any) -> Any:
        with _files() as bind:
            outcome = self._around(bind(self.signature, instance))
            if self.streams or inspect.isgenerator(outcome):
                return self._collect(outcome)
            return _settled(outcome)

    def _around(self, arguments: Mapping[str, Any]) -> Any:
        before, after = self._wraps
        if before is None and after is None:
            return self._function(**arguments)
        (value,) = arguments.values()
        outcome = self._function(value if before is None else before(value))
        return outcome if after is None else after(outcome)

    def _run_batch(self, blocks: Sequence[Block]) -> list[Answer]:
        instances = [each for block in blocks for each in block.content]
        with _files() as bind:
            outcome = list(self._function(**bind.together(self.signature, instances)))
        if len(outcome) != len(instances):
            why = f"it gave {len(outcome)} for {len(instances)} inputs"
            raise ServingError("the handler did not answer each input of its batch", why, "return one answer for each")
        answers, start = [], 0
        for block in blocks:
            answers.append(ValueAnswer(outcome[start : start + block.rows]))
            start += block.rows
        return list(answers)

    def _collect(self, pieces: Iterable[Any]) -> Any:
        return self._join([_settled(piece) for piece in pieces])

    def _join(self, found: list[Any]) -> Any:
        return "".join(map(str, found)) if self._joined else found

    async def run_async(self, block: Block) -> Answer:
        values = []
        for instance in block.content:
            with _files() as bind:
                outcome = self._function(**bind(self.signature, instance))
                if self.streams:
                    values.append(self._join([piece async for piece in outcome]))
                else:
                    values.append(_settled(await outcome))
        return ValueAnswer(values)

    def stream(self, block: Block) -> Iterable[Any]:
        only = self.signature.only
        whole = isinstance(block.content, _Whole) and only is not None
        instance = {only.name: block.content.value} if whole and only is not None else block.content[0]
        return self._pieces_async(instance) if self.is_async else self._pieces(instance)  # type: ignore[return-value]

    def _pieces(self, instance: Any) -> Iterator[Any]:
        with _files() as bind:
            for piece in self._function(**bind(self.signature, instance)):
                yield _settled(piece)

    async def _pieces_async(self, instance: Any) -> AsyncIterator[Any]:
        with _files() as bind:
            async for piece in self._function(**bind(self.signature, instance)):
                yield _settled(piece)


def _cpus() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Whole:
    """All rows as one value, for handlers that take an array or a table."""

    def __init__(self, value: Any) -> None:
        self.value = value


class _Binder:
    """Binds instances to arguments, and remembers the files that this made."""

    def __init__(self) -> None:
        self.paths: list[pathlib.Path] = []

    def __call__(self, signature: Signature, instance: Any) -> dict[str, Any]:
        bound = signature.bind(instance)
        self.paths += [value for value in bound.values() if _is_own_file(value)]
        return bound

    def together(self, signature: Signature, instances: Sequence[Any]) -> dict[str, Any]:
        """Each input as a list of what the instances have for it."""
        only = signature.only
        if only is not None:
            rows = [_inner(only.name, instance) for instance in instances]
            return {only.name: only.value(rows)}
        for instance in instances:
            if not isinstance(instance, Mapping):
                raise InvalidInput("the input does not fit", f"it needs {', '.join(signature.names)}", status=422)
        columns = [each for each in signature.fields if each.required or any(each.name in row for row in instances)]
        for each in columns:
            if any(each.name not in row for row in instances):
                raise InvalidInput("the input does not fit", f"{each.name} is missing", status=422)
        return {each.name: each.value([row[each.name] for row in instances]) for each in columns}


def _inner(name: str, instance: Any) -> Any:
    return instance[name] if isinstance(instance, Mapping) and set(instance) == {name} else instance


@contextlib.contextmanager
def _files() -> Iterator[_Binder]:
    binder = _Binder()
    try:
        yield binder
    finally:
        for path in binder.paths:
            with contextlib.suppress(OSError):
                os.unlink(path)


def _is_own_file(value: Any) -> bool:
    if not isinstance(value, pathlib.PurePath):
        return False
    return value.name.startswith("berth-input-") and str(value.parent) == tempfile.gettempdir()


def _settled(outcome: Any) -> Any:
    """A file that a handler made becomes its content while it is still there."""
    from ..codec import file_text

    return file_text(pathlib.Path(outcome)) if isinstance(outcome, pathlib.PurePath) else outcome


def _as_rows(outcome: Any) -> list[Any]:
    if hasattr(outcome, "to_dict") and hasattr(outcome, "columns"):
        return list(outcome.to_dict("records"))
    if hasattr(outcome, "detach"):
        outcome = outcome.detach().cpu()
    found = outcome.tolist() if hasattr(outcome, "tolist") else outcome
    return list(found) if isinstance(found, (list, tuple)) else [found]


def _kind_name(annotation: Any) -> str:
    kind = getattr(annotation, "__origin__", annotation)
    return getattr(kind, "__name__", "")


def _inner_schema(annotation: Any) -> dict[str, Any]:
    """Of what a stream is made of, an array; of what is joined, a text."""
    name = _kind_name(annotation)
    if name in _JOINED:
        return {"type": "string", "x-cog-array-type": "iterator", "x-cog-array-display": "concatenate"}
    if name in ("Iterator", "AsyncIterator", "Generator", "AsyncGenerator", "Iterable"):
        inner = (getattr(annotation, "__args__", None) or (Any,))[0]
        return {"type": "array", "items": schema_of(inner), "x-cog-array-type": "iterator"}
    return schema_of(annotation)
