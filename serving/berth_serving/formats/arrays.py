"""Models that take arrays and give arrays: how requests become arrays, and how several become one batch."""

from __future__ import annotations

from typing import Any, Hashable, Mapping, Optional, Sequence

from ..answers import ArrayAnswer
from ..body import unwrap
from ..errors import InvalidInput, shorten
from ..servable import Answer, Ask, Block, Description, Servable, Tell, Tensor
from ..tensors import DTYPES, to_array


class ArrayModel:
    """A model file in memory. `predict` is called in a thread."""

    kind = "model"
    platform = "python"
    inputs: Sequence[Tensor] = ()
    outputs: Sequence[Tensor] = ()
    #: Names of the columns of its one input, if that is a table.
    columns: Optional[Sequence[str]] = None
    #: Texts may stand among the numbers.
    mixed = False
    #: What it can do beside the usual, such as `predict_proba`.
    methods: Sequence[str] = ()

    def predict(self, arrays: Mapping[str, Any], method: Optional[str]) -> dict[str, Any]:
        raise NotImplementedError


class ArrayServable(Servable):
    """Serves an ArrayModel."""

    def __init__(self, open_model: Any, title: str) -> None:
        self._open_model = open_model
        self._title = title

    def load(self, tell: Tell) -> None:
        model: ArrayModel = self._open_model(tell)
        self.model = model
        self.inputs, self.outputs, self.platform = model.inputs, model.outputs, model.platform
        self._names = [each.name for each in model.inputs]
        self._only = model.inputs[0] if len(model.inputs) == 1 else None
        self.batches = all(len(each.shape) > 0 and each.shape[0] == -1 for each in model.inputs)
        tell("warming up")
        self._warm_up()

    def _warm_up(self) -> None:
        """One prediction of zeros: the first is often slow. That a model does not like zeros is no fault."""
        import numpy

        if any(size == -1 for each in self.inputs for size in each.shape[1:]) or not self.inputs or self.model.mixed:
            return
        numbers = [each for each in self.inputs if each.datatype != "BYTES"]
        if len(numbers) < len(self.inputs):
            return
        zeros = {each.name: numpy.zeros([abs(size) for size in each.shape], DTYPES[each.datatype]) for each in numbers}
        try:
            self.model.predict(zeros, None)
        except Exception:  # whatever it is, real input will tell it better
            return

    # --- reading requests, in the loop

    def parse(self, value: Any) -> Ask:
        method = self._method(value)
        own = [*self._names, *(self.model.columns or ())]
        found = unwrap(value, own)
        if found.rows is not None:
            ask = self._of_rows(found.rows, method)
        else:
            ask = self._of_value(found.value, method)
        ask.style = found.style
        return ask

    def _method(self, value: Any) -> Optional[str]:
        parameters = value.get("parameters") if isinstance(value, dict) else None
        method = parameters.get("method") if isinstance(parameters, dict) else None
        if method is None or method == "predict":
            return None
        if method not in self.model.methods:
            why = f"the model has {', '.join(['predict', *self.model.methods])}"
            raise InvalidInput(f"the model has no method {shorten(method, 40)}", why)
        return str(method)

    def _of_rows(self, rows: list[Any], method: Optional[str]) -> Ask:
        first = rows[0]
        if isinstance(first, dict):
            keys = first.keys()
            if not all(isinstance(row, dict) and row.keys() == keys for row in rows):
                raise InvalidInput("the instances do not fit", "they have not all the same names")
            if set(keys) == set(self._names):
                arrays = {each.name: self._array(each, [row[each.name] for row in rows]) for each in self.inputs}
                return self._ask({name: self._ranked(name, array) for name, array in arrays.items()}, method)
            return self._ask(self._table([self._ordered(row) for row in rows]), method)
        if self._only is None:
            why = f"the model takes {', '.join(self._names)}"
            raise InvalidInput("the instances do not fit", why, "send each instance as an object with these names")
        return self._ask({self._only.name: self._ranked(self._only.name, self._array(self._only, rows))}, method)

    def _ranked(self, name: str, array: Any) -> Any:
        """A column of single numbers is a table of one column, where the model takes a table."""
        spec = next(each for each in self.inputs if each.name == name)
        if len(spec.shape) == array.ndim + 1 and spec.shape[-1] in (1, -1):
            return array.reshape(*array.shape, 1)
        return array

    def _of_value(self, value: Any, method: Optional[str]) -> Ask:
        if isinstance(value, dict):
            return self._of_object(value, method)
        if self._only is None:
            why = f"the model takes {', '.join(self._names)}"
            raise InvalidInput("the input does not fit", why, "send an object with these names")
        array = self._array(self._only, value)
        rank = len(self._only.shape)
        if array.ndim == rank - 1:
            return self._ask({self._only.name: array[None]}, method, single=True)
        return self._ask({self._only.name: array}, method)

    def _of_object(self, value: Mapping[str, Any], method: Optional[str]) -> Ask:
        if value.keys() == set(self._names):
            arrays = {each.name: self._array(each, value[each.name]) for each in self.inputs}
            if all(arrays[each.name].ndim == len(each.shape) - 1 for each in self.inputs):
                return self._ask({name: array[None] for name, array in arrays.items()}, method, single=True)
            return self._ask(arrays, method)
        columns = self.model.columns
        if columns is not None and set(columns) <= value.keys():
            return self._of_columns(value, columns, method)
        if self._only is not None and len(value) == 1:
            return self._of_value(next(iter(value.values())), method)
        wanted = ", ".join(columns or self._names)
        raise InvalidInput(
            "the input does not fit", f"the model takes {shorten(wanted)}", "send an object with these names"
        )

    def _of_columns(self, value: Mapping[str, Any], columns: Sequence[str], method: Optional[str]) -> Ask:
        if not any(isinstance(value[name], list) for name in columns):
            return self._ask(self._table([[value[name] for name in columns]]), method, single=True)
        lengths = {len(value[name]) if isinstance(value[name], list) else -1 for name in columns}
        if len(lengths) > 1:
            raise InvalidInput("the columns do not fit", "they differ in length")
        return self._ask(self._table([list(row) for row in zip(*(value[name] for name in columns))]), method)

    def _ordered(self, row: Mapping[str, Any]) -> list[Any]:
        columns = self.model.columns
        if columns is None:
            why = f"it takes {', '.join(self._names)}" if self._only is None else "its inputs have no names"
            raise InvalidInput("the instances do not fit", why, "send each instance as a list")
        missing = [name for name in columns if name not in row]
        if missing:
            raise InvalidInput(
                "an instance does not fit",
                f"{shorten(missing[0], 60)} is missing; it takes {shorten(', '.join(columns))}",
            )
        return [row[name] for name in columns]

    def _table(self, rows: list[list[Any]]) -> dict[str, Any]:
        assert self._only is not None
        return {self._only.name: self._array(self._only, rows)}

    def _array(self, spec: Tensor, value: Any) -> Any:
        import numpy

        if self.model.mixed:
            return _mixed_array(value)
        try:
            return numpy.asarray(value, dtype=DTYPES[spec.datatype])
        except (ValueError, TypeError, OverflowError) as error:
            why = f"{spec.name} takes {spec.datatype} of shape {list(spec.shape)}: {shorten(error, 120)}"
            raise InvalidInput("the input does not fit", why, "see /openapi.json for what is taken") from None

    def parse_table(self, columns: Optional[Sequence[str]], rows: Sequence[Sequence[Any]]) -> Ask:
        if columns is not None and self.model.columns is not None and set(self.model.columns) <= set(columns):
            return self._of_rows([dict(zip(columns, row)) for row in rows], None)
        if self._only is not None and len(self._only.shape) == 1 and all(len(row) == 1 for row in rows):
            return self._of_rows([row[0] for row in rows], None)
        return self._of_rows([list(row) for row in rows], None)

    def parse_array(self, array: Any) -> Ask:
        if self._only is None:
            raise InvalidInput(
                "the array does not fit", f"the model takes {', '.join(self._names)}", "send JSON with these names"
            )
        single = array.ndim == len(self._only.shape) - 1
        if not self.model.mixed:
            array = array.astype(DTYPES[self._only.datatype])
        return self._ask({self._only.name: array[None] if single else array}, None, single=single)

    def parse_tensors(self, tensors: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any]) -> Ask:
        arrays = dict(map(to_array, tensors))
        method = self._method({"parameters": dict(parameters)})
        if arrays.keys() != set(self._names):
            if self._only is not None and len(arrays) == 1:
                arrays = {self._only.name: next(iter(arrays.values()))}
            elif self._only is not None and self.model.columns is not None and set(self.model.columns) <= arrays.keys():
                return self._of_columns(
                    {name: array.reshape(-1).tolist() for name, array in arrays.items()}, self.model.columns, method
                )
            else:
                raise InvalidInput("the inputs do not fit", f"the model takes {', '.join(self._names)}")
        if not self.model.mixed:
            arrays = {each.name: arrays[each.name].astype(DTYPES[each.datatype], copy=False) for each in self.inputs}
        return self._ask(arrays, method)

    def parse_bytes(self, body: bytes, content_type: str) -> Ask:
        why = f"{shorten(content_type, 60)} is none of application/json, text/csv, application/x-npy"
        raise InvalidInput("the body cannot be read", why, "send one of these", status=415)

    def _ask(self, arrays: dict[str, Any], method: Optional[str], single: bool = False) -> Ask:
        rows = 1
        key: list[Hashable] = [method]
        for spec in self.inputs:
            array = arrays[spec.name]
            self._check_shape(spec, array)
            if array.ndim > 0 and len(spec.shape) > 0:
                rows = int(array.shape[0])
            key += [array.shape[1:], array.dtype.kind]
        if rows == 0:
            raise InvalidInput("there is nothing to predict", "the input has no rows", "send one row at least")
        if self.batches and any(len(array) != rows for array in arrays.values()):
            raise InvalidInput("the inputs do not fit", "their first dimensions, which count rows, differ")
        return Ask(Block(rows, (arrays, method), tuple(key)), single=single)

    def _check_shape(self, spec: Tensor, array: Any) -> None:
        wanted = spec.shape
        fits = array.ndim == len(wanted) and all(a == b or b == -1 for a, b in zip(array.shape[1:], wanted[1:]))
        if fits:
            return
        shape = ["any" if size == -1 else size for size in wanted]
        why = f"{spec.name} has shape {list(array.shape)}, and the model takes {shape}"
        raise InvalidInput("the input does not fit", why.replace("'", ""), "see /openapi.json for what is taken")

    # --- predicting, in a thread

    def run(self, blocks: Sequence[Block]) -> list[Answer]:
        if len(blocks) == 1:
            return [self._run_one(blocks[0])]
        import numpy

        method = blocks[0].content[1]
        joined = {name: numpy.concatenate([block.content[0][name] for block in blocks]) for name in self._names}
        rows = sum(block.rows for block in blocks)
        found = self._predict(joined, method)
        if any(array.ndim == 0 or len(array) != rows for array in found.values()):
            self.batches = False  # its outputs do not follow its rows: from now on one request at a time
            return [self._run_one(block) for block in blocks]
        answers: list[Answer] = []
        start = 0
        for block in blocks:
            part = {name: array[start : start + block.rows] for name, array in found.items()}
            answers.append(ArrayAnswer(part, block.rows))
            start += block.rows
        return answers

    def _run_one(self, block: Block) -> Answer:
        arrays, method = block.content
        fixed = next((each.shape[0] for each in self.inputs if each.shape and each.shape[0] != -1), None)
        if fixed is None or block.rows == fixed:
            return ArrayAnswer(self._predict(arrays, method), block.rows)
        if fixed != 1:
            raise InvalidInput("the input does not fit", f"it has {block.rows} rows, and the model takes {fixed}")
        import numpy

        found = [
            self._predict({name: array[row : row + 1] for name, array in arrays.items()}, method)
            for row in range(block.rows)
        ]
        return ArrayAnswer({name: numpy.concatenate([each[name] for each in found]) for name in found[0]}, block.rows)

    def _predict(self, arrays: Mapping[str, Any], method: Optional[str]) -> dict[str, Any]:
        """What a model says of values that it does not take is told to whoever sent them."""
        try:
            return self.model.predict(arrays, method)
        except Exception as error:
            if isinstance(error, (ValueError, TypeError)) or type(error).__name__ == "InvalidArgument":
                raise InvalidInput("the model does not take the input", shorten(error)) from error
            raise

    # --- telling

    def describe(self) -> Description:
        columns = self.model.columns
        if self._only is None:
            properties = {each.name: _array_schema(each.shape[1:], each.datatype) for each in self.inputs}
            row: dict[str, Any] = {"type": "object", "properties": properties, "required": self._names}
            example: Any = {each.name: _zeros(each.shape[1:], each.datatype) for each in self.inputs}
        elif columns is not None:
            cell = {} if self.model.mixed else {"type": "number"}
            row = {"type": "object", "properties": {name: cell for name in columns}, "required": list(columns)}
            example = {name: 1.0 for name in columns}
        else:
            row = _array_schema(self._only.shape[1:], self._only.datatype)
            example = _zeros(self._only.shape[1:], self._only.datatype)
        schema = {
            "type": "object",
            "properties": {"instances": {"type": "array", "items": row}},
            "required": ["instances"],
        }
        return Description(self.model.kind, self._title, "", schema, {}, {"instances": [example]})


def _mixed_array(value: Any) -> Any:
    """Numbers if all are, else whatever they are."""
    import numpy

    try:
        return numpy.asarray(value, dtype="float64")
    except (ValueError, TypeError):
        pass
    try:
        array = numpy.asarray(value, dtype=object)
    except ValueError as error:
        raise InvalidInput("the input does not fit", shorten(error, 120)) from None
    if array.ndim > 2 or any(isinstance(each, (list, dict)) for each in array.reshape(-1)[:1000]):
        raise InvalidInput("the input does not fit", "its rows differ in length")
    return array


_WORDS = {"BYTES": "string", "BOOL": "boolean"}


def _array_schema(shape: Sequence[int], datatype: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": _WORDS.get(datatype, "number" if datatype.startswith("FP") else "integer")}
    for size in reversed(shape):
        made = {"type": "array", "items": made}
        if size > 0:
            made.update(minItems=size, maxItems=size)
    return made


_EXAMPLE_LIMIT = 1000


def _zeros(shape: Sequence[int], datatype: str) -> Any:
    """An example of a shape; nothing for one that would be long."""
    made: Any = {"BYTES": "hello", "BOOL": True}.get(datatype, 1.0 if datatype.startswith("FP") else 1)
    count = 1
    for size in reversed(shape):
        count *= max(size, 1)
        made = [made] * max(size, 1)
    return made if count <= _EXAMPLE_LIMIT else []
