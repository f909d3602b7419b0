"""A body of any type that is understood becomes a question to the model."""

from __future__ import annotations

import email.parser
import email.policy
from typing import Any

from ..codec import number_of, read_csv, read_json, read_npy
from ..errors import InvalidInput
from ..http import Request
from ..servable import Ask, Servable

_NPY = ("application/x-npy", "application/npy", "application/x-numpy")
_LINES = ("application/jsonlines", "application/x-ndjson", "application/jsonl", "application/x-jsonlines")


def read_ask(servable: Servable, request: Request, body: bytes) -> Ask:
    """Raises InvalidInput."""
    kind = request.content_type
    if kind in ("", "application/json") or kind.endswith("+json"):
        return servable.parse(read_json(body))
    if kind == "text/csv":
        return servable.parse_table(*read_csv(body))
    if kind in _NPY:
        return servable.parse_array(read_npy(body))
    if kind in _LINES:
        return servable.parse({"instances": [read_json(line) for line in body.splitlines() if line.strip()]})
    if kind == "multipart/form-data":
        return servable.parse(_form(request.header(b"content-type"), body))
    if kind == "application/x-www-form-urlencoded" and body[:1] in b'{["0123456789-':
        return servable.parse(read_json(body))  # what curl says when only -d is given
    return servable.parse_bytes(body, kind)


def _form(content_type: str, body: bytes) -> dict[str, Any]:
    """Fields of a form; files are bytes, texts that are numbers are numbers."""
    head = f"content-type: {content_type}\r\n\r\n".encode("latin-1")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise InvalidInput("the body cannot be read", "it is no form, as its Content-Type says")
    found: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if name is None or not isinstance(content, bytes):
            continue
        is_file = part.get_filename() is not None
        found[str(name)] = content if is_file else number_of(content.decode("utf-8", "replace"))
    return found
