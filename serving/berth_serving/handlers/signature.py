"""What a handler takes, read from its signature, and how a request becomes a call of it."""

from __future__ import annotations

import copy
import functools
import inspect
import typing
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional

from ..errors import InvalidInput, shorten
from .convert import annotation_name, convert
from .schema import schema_of

Parameter = inspect.Parameter
MISSING = Parameter.empty
_OBJECTS = ("object", None)
_SIMPLE = ("integer", "number", "string", "boolean")


@dataclass
class Field:
    """One input."""

    name: str
    annotation: Any
    default: Any = MISSING
    #: Words of JSON schema: description, minimum, enum, …
    extra: dict[str, Any] = field(default_factory=dict)
    check: Optional[Callable[[Any, str], Any]] = None
    #: The function's own default is a declaration, and not the value.
    declared: bool = False

    @property
    def required(self) -> bool:
        return self.default is MISSING

    def schema(self) -> dict[str, Any]:
        made = {**schema_of(self.annotation), **self.extra}
        if not self.required and _is_plain(self.default):
            made["default"] = self.default
        return made

    def value(self, given: Any) -> Any:
        made = convert(self.annotation, given, self.name)
        return made if self.check is None else self.check(made, self.name)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


@dataclass
class Signature:
    """Inputs of a handler, in order."""

    fields: list[Field]
    #: Keys of no input are taken, too.
    open: bool = False
    returns: Any = MISSING

    @functools.cached_property
    def names(self) -> list[str]:
        return [each.name for each in self.fields]

    @functools.cached_property
    def only(self) -> Optional[Field]:
        """The one input that has to be given, or the only one there is."""
        needed = [each for each in self.fields if each.required]
        if len(needed) == 1:
            return needed[0]
        return self.fields[0] if len(self.fields) == 1 else None

    @functools.cached_property
    def only_schema(self) -> Mapping[str, Any]:
        """Of that one input."""
        return {} if self.only is None else schema_of(self.only.annotation)

    @functools.cached_property
    def takes_object(self) -> bool:
        """Its one input may be the body's own object, whatever keys that has."""
        if self.only is None:
            return False
        if annotation_name(self.only.annotation) in ("pandas.DataFrame", "pandas.Series"):
            return True
        return self.only_schema.get("type") in _OBJECTS and "enum" not in self.only_schema

    @functools.cached_property
    def _declared(self) -> list[Field]:
        return [each for each in self.fields if each.declared and not each.required]

    @functools.cached_property
    def _is_simple(self) -> bool:
        return all(schema_of(each.annotation).get("type") in _SIMPLE for each in self.fields)

    def bind(self, instance: Any) -> dict[str, Any]:
        """Arguments by name. Raises InvalidInput."""
        bound = self._bind(instance)
        for each in self._declared:
            if each.name not in bound:
                bound[each.name] = copy.copy(each.default)
        return bound

    def _bind(self, instance: Any) -> dict[str, Any]:
        if isinstance(instance, Mapping) and not self._is_whole(instance):
            return self._bind_names(instance)
        only = self.only
        if only is None or self._is_row(instance):
            return self._bind_position(instance)
        return {only.name: only.value(instance)}

    def _is_row(self, instance: Any) -> bool:
        """A list with a value for each of several simple inputs, rather than the value of the first."""
        return isinstance(instance, list) and len(self.fields) > 1 and self._is_simple

    def _is_whole(self, instance: Mapping[str, Any]) -> bool:
        """The object is the one input itself, rather than an object with that input in it."""
        only = self.only
        if only is None or not self.takes_object:
            return False
        inner = self.only_schema.get("properties", {})
        named = only.name in instance and set(instance) <= set(self.names)
        return not named or only.name in inner

    def _bind_position(self, instance: Any) -> dict[str, Any]:
        """A list of as many values as there are inputs, such as a row of a CSV file."""
        if not self.fields and (instance is None or instance == [] or instance == ""):
            return {}
        needed = [each for each in self.fields if each.required]
        if isinstance(instance, list) and len(needed) <= len(instance) <= len(self.fields):
            return {each.name: each.value(value) for each, value in zip(self.fields, instance)}
        why = f"it needs {self._told()}"
        raise InvalidInput("the input does not fit", why, "see /openapi.json for what is taken", status=422)

    def _bind_names(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        known = set(self.names)
        strange = [name for name in instance if name not in known]
        if strange and not self.open:
            why = f"{shorten(strange[0], 60)} is no input; it takes {self._told()}"
            raise InvalidInput("the input does not fit", why, "see /openapi.json for what is taken", status=422)
        missing = [each.name for each in self.fields if each.required and each.name not in instance]
        if missing:
            why = f"{missing[0]} is missing; it needs {self._told()}"
            raise InvalidInput("the input does not fit", why, "see /openapi.json for what is taken", status=422)
        made = {each.name: each.value(instance[each.name]) for each in self.fields if each.name in instance}
        made.update((name, instance[name]) for name in strange)
        return made

    def _told(self) -> str:
        if not self.fields:
            return "no input"
        return ", ".join(each.name if each.required else f"{each.name} (optional)" for each in self.fields)

    def schema(self) -> dict[str, Any]:
        """An object with an entry for each input, as cog has it in components.schemas.Input."""
        properties = {}
        for order, each in enumerate(self.fields):
            properties[each.name] = {"title": each.name.replace("_", " ").title(), **each.schema(), "x-order": order}
        made: dict[str, Any] = {"title": "Input", "type": "object", "properties": properties}
        needed = [each.name for each in self.fields if each.required]
        return {**made, "required": needed} if needed else made


def read_signature(function: Callable[..., Any]) -> Signature:
    """Of a function or a bound method; what cannot be read takes one input of any kind."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return Signature([Field("input", MISSING)])
    hints = _hints(function)
    fields = []
    is_open = False
    for each in parameters:
        if each.kind is Parameter.VAR_KEYWORD:
            is_open = True
        elif each.kind is not Parameter.VAR_POSITIONAL:
            annotation = hints.get(each.name, each.annotation)
            fields.append(Field(each.name, annotation, each.default))
    return Signature(fields, is_open, hints.get("return", MISSING))


def _hints(function: Any) -> dict[str, Any]:
    """Annotations as types, those that cannot be had left out."""
    target = function if inspect.isroutine(function) else type(function).__call__
    try:
        return typing.get_type_hints(target, include_extras=True)
    except Exception:  # a name that exists only for type checkers, for instance
        return {
            name: annotation
            for name, annotation in getattr(target, "__annotations__", {}).items()
            if not isinstance(annotation, str)
        }
