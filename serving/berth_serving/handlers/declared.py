"""What defaults such as `cog.Input(...)` or `pydantic.Field(...)` say of an input."""

from __future__ import annotations

import re
from typing import Any, Callable, Optional

from ..errors import InvalidInput, shorten
from .signature import MISSING, Field, Signature

_UNDEFINED = ("PydanticUndefinedType", "UndefinedType", "Undefined", "ellipsis", "_MissingType", "_MISSING_TYPE")
#: Words of these declarations, and those of JSON schema.
_WORDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "regex": "pattern",
    "pattern": "pattern",
    "choices": "enum",
    "description": "description",
    "title": "title",
    "deprecated": "deprecated",
}


def is_declaration(value: Any) -> bool:
    return any(kind.__name__ == "FieldInfo" for kind in type(value).__mro__)


def read_declarations(signature: Signature) -> Signature:
    """The same signature, with the declarations among its defaults understood."""
    for each in signature.fields:
        if is_declaration(each.default):
            _read(each, each.default)
    return signature


def _read(field: Field, declared: Any) -> None:
    default = getattr(declared, "default", MISSING)
    factory = getattr(declared, "default_factory", None)
    if default is ... or type(default).__name__ in _UNDEFINED:
        default = factory() if callable(factory) else MISSING
    field.default, field.declared = default, True
    sources = [declared, *(getattr(declared, "metadata", None) or [])]
    extra = getattr(declared, "json_schema_extra", None)
    for word, name in _WORDS.items():
        found = next((getattr(each, word) for each in sources if getattr(each, word, None) is not None), None)
        if found is None and isinstance(extra, dict):
            found = extra.get(word)
        if found is not None:
            field.extra[name] = list(found) if word == "choices" else found
    field.check = _check_of(field.extra)


def _check_of(words: dict[str, Any]) -> Optional[Callable[[Any, str], Any]]:
    """A function that raises InvalidInput for a value that breaks one of the words."""
    tests: list[tuple[Callable[[Any], bool], str]] = []
    if "minimum" in words:
        tests.append((lambda value: value >= words["minimum"], f"at least {words['minimum']}"))
    if "exclusiveMinimum" in words:
        tests.append((lambda value: value > words["exclusiveMinimum"], f"more than {words['exclusiveMinimum']}"))
    if "maximum" in words:
        tests.append((lambda value: value <= words["maximum"], f"at most {words['maximum']}"))
    if "exclusiveMaximum" in words:
        tests.append((lambda value: value < words["exclusiveMaximum"], f"less than {words['exclusiveMaximum']}"))
    if "minLength" in words:
        tests.append((lambda value: len(value) >= words["minLength"], f"{words['minLength']} long at least"))
    if "maxLength" in words:
        tests.append((lambda value: len(value) <= words["maxLength"], f"{words['maxLength']} long at most"))
    if "pattern" in words:
        tests.append((lambda value: re.search(words["pattern"], value) is not None, f"like {words['pattern']}"))
    if "enum" in words:
        tests.append((lambda value: value in words["enum"], f"one of {', '.join(map(repr, words['enum']))}"))

    def check(value: Any, name: str) -> Any:
        for holds, wanted in tests:
            try:
                good = value is None or holds(value)
            except TypeError:
                good = False
            if not good:
                why = f"{name} should be {wanted}, not {shorten(repr(value), 60)}"
                raise InvalidInput("the input does not fit", why, status=422)
        return value

    return check if tests else None
