"""Errors as they are told to clients. Traces stay in the log, unless the server is told to debug."""

from __future__ import annotations

import sys
import traceback
import uuid
from typing import Any

from ..errors import InvalidInput, ServingError, shorten


def error_body(error: BaseException, debug: bool) -> tuple[int, dict[str, Any]]:
    """Status and JSON. What is no fault of the client goes to the log, with an id that the client is told."""
    if isinstance(error, ServingError):
        return error.status, error.body()
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status < 600:
        return status, InvalidInput(shorten(getattr(error, "detail", "") or error) or "the request was refused").body()
    name = uuid.uuid4().hex[:12]
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    sys.stderr.write(f"berth_serving: a prediction failed ({name})\n{trace}")
    sys.stderr.flush()
    why = f"the model's code raised {type(error).__name__}"
    failed = ServingError("the prediction failed", why, f"look for {name} in the server's log")
    if debug:
        failed.why = f"{why}: {shorten(error, 1000)}"
    told = failed.body()
    if debug:
        told["error"]["trace"] = trace
    return 500, told
