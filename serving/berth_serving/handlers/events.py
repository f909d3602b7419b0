"""Functions as AWS Lambda calls them: `handler(event, context)`."""

from __future__ import annotations

import base64
import contextlib
import inspect
import json
import time
import uuid
from typing import Any, Callable

from ..errors import ServingError, shorten

_SECONDS = 900.0


class Context:
    """What functions ask of their context."""

    function_name = "berth-serving"
    function_version = "$LATEST"
    memory_limit_in_mb = "0"
    invoked_function_arn = ""

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self._end = time.monotonic() + _SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self._end - time.monotonic()) * 1000))


def takes_event(function: Callable[..., Any]) -> bool:
    """Two inputs, called as Lambda's documentation calls them."""
    try:
        names = [name.lstrip("_") for name in inspect.signature(function).parameters]
    except (TypeError, ValueError):
        return False
    return len(names) == 2 and names[0] == "event" and names[1] in ("context", "ctx", "unused", "")


def as_handler(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of one body. The event is that of a gateway, with the body's own entries beside it."""

    def predict(event: Any) -> Any:
        made = {**_gateway_event(event), **event} if isinstance(event, dict) else event
        return _answer(function(made, Context()))

    predict.__doc__ = function.__doc__
    return predict


def _gateway_event(body: Any) -> dict[str, Any]:
    text = json.dumps(body)
    return {
        "body": text,
        "isBase64Encoded": False,
        "httpMethod": "POST",
        "path": "/predictions",
        "headers": {"content-type": "application/json"},
        "queryStringParameters": None,
        "requestContext": {},
    }


def _answer(outcome: Any) -> Any:
    """What a gateway would send on: the body, and errors by their status."""
    if not isinstance(outcome, dict) or "statusCode" not in outcome:
        return outcome
    body = outcome.get("body")
    if outcome.get("isBase64Encoded") and isinstance(body, str):
        body = base64.b64decode(body)
    if isinstance(body, str):
        with contextlib.suppress(ValueError):  # a text
            body = json.loads(body)
    status = int(outcome["statusCode"])
    if status >= 400:
        raise ServingError("the function refused the request", shorten(body), status=status)
    return body
