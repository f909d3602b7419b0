"""`/predictions`, and SageMaker's `/ping` and `/invocations`."""

from __future__ import annotations

import datetime
import time
from typing import Any, AsyncIterator, Optional

from ..codec import write_csv, write_json, write_npy
from ..errors import ServingError
from ..http import JSON, Request, Response, StreamResponse, accepts, json_response
from ..servable import Answer, Ask
from ..serving import Serving
from .errors import error_body
from .read import read_ask

_EVENTS = "text/event-stream"
_LINES = "application/x-ndjson"


async def predictions(serving: Serving, request: Request) -> Response:
    """Answers in the form in which it was asked: one, many, or as cog does."""
    servable = serving.require()
    body = await request.body()
    ask = read_ask(servable, request, body)
    streamed = await _streamed(serving, request, ask)
    if streamed is not None:
        return streamed
    start = time.time()
    answer = await serving.lane.submit(ask.block)
    if ask.style == "cog":
        return json_response(_cog_body(answer, start, request.parameters.get("id")))
    values = answer.values()
    return json_response({"prediction": values[0]} if ask.single else {"predictions": values})


def _cog_body(answer: Answer, start: float, name: Optional[str]) -> dict[str, Any]:
    values = answer.values()
    end = time.time()
    made: dict[str, Any] = {"status": "succeeded", "output": values[0] if len(values) == 1 else values, "error": None}
    if name is not None:
        made["id"] = name
    started = datetime.datetime.fromtimestamp(start, datetime.timezone.utc).isoformat()
    ended = datetime.datetime.fromtimestamp(end, datetime.timezone.utc).isoformat()
    return {**made, "started_at": started, "completed_at": ended, "metrics": {"predict_time": round(end - start, 6)}}


async def _streamed(serving: Serving, request: Request, ask: Ask) -> Optional[Response]:
    """A stream, where the handler makes pieces and whoever asks wants them."""
    servable = serving.require()
    if not servable.streams or ask.block.rows != 1:
        return None
    accept = request.header(b"accept")
    kind = _EVENTS if accepts(accept, _EVENTS) else _LINES if accepts(accept, _LINES) else None
    if kind is None:
        return None
    pieces = serving.lane.stream(ask.block)
    # The first piece is waited for, so that an input that does not fit is told by the status.
    first = [piece async for piece in _head(pieces)]
    made = _as_events(first, pieces, serving) if kind == _EVENTS else _as_lines(first, pieces, serving)
    return StreamResponse(made, kind.encode())


async def _head(pieces: AsyncIterator[Any]) -> AsyncIterator[Any]:
    try:
        yield await pieces.__anext__()
    except StopAsyncIteration:
        return


async def _as_events(first: list[Any], pieces: AsyncIterator[Any], serving: Serving) -> AsyncIterator[bytes]:
    try:
        for piece in first:
            yield b"data: " + write_json(piece) + b"\n\n"
        async for piece in pieces:
            yield b"data: " + write_json(piece) + b"\n\n"
        yield b"event: done\ndata: {}\n\n"
    except Exception as error:
        _, body = error_body(error, serving.settings.debug)
        yield b"event: error\ndata: " + write_json(body) + b"\n\n"
    finally:
        await pieces.aclose()  # type: ignore[attr-defined]


async def _as_lines(first: list[Any], pieces: AsyncIterator[Any], serving: Serving) -> AsyncIterator[bytes]:
    try:
        for piece in first:
            yield write_json(piece) + b"\n"
        async for piece in pieces:
            yield write_json(piece) + b"\n"
    except Exception as error:
        _, body = error_body(error, serving.settings.debug)
        yield write_json(body) + b"\n"
    finally:
        await pieces.aclose()  # type: ignore[attr-defined]


async def ping(serving: Serving, request: Request) -> Response:
    """200 when the model can be asked."""
    ready = serving.progress.ready
    return json_response(serving.progress.body(), 200 if ready else 503)


async def invocations(serving: Serving, request: Request) -> Response:
    """The bare answer, in the type that is accepted, else in the type that came."""
    servable = serving.require()
    body = await request.body()
    if servable.takes_raw:
        content_type = request.header(b"content-type")
        ask = servable.parse_raw(body, content_type, request.header(b"accept"))
    else:
        ask = read_ask(servable, request, body)
        streamed = await _streamed(serving, request, ask)
        if streamed is not None:
            return streamed
    answer = await serving.lane.submit(ask.block)
    if answer.raw is not None:
        return Response(answer.raw[0], answer.raw[1].encode("latin-1", "replace"))
    return _in_type(_wanted_type(request), ask, answer)


def _wanted_type(request: Request) -> str:
    accept = request.header(b"accept") or request.header(b"x-amzn-sagemaker-accept")
    for kind in ("application/json", "text/csv", "application/x-npy", "application/jsonlines"):
        if accepts(accept, kind):
            return kind
    given = [part.partition(";")[0].strip() for part in accept.split(",") if part.strip()]
    if given and not any(kind in ("*/*", "application/*", "text/*") for kind in given):
        fix = "accept application/json, text/csv or application/x-npy"
        raise ServingError("the answer has no such form", f"{given[0][:60]} is accepted only", fix, status=406)
    return request.content_type if request.content_type in ("text/csv", "application/x-npy") else "application/json"


def _in_type(kind: str, ask: Ask, answer: Answer) -> Response:
    values = answer.values()
    if kind == "text/csv":
        return Response(write_csv(values), b"text/csv; charset=utf-8")
    if kind == "application/x-npy":
        return Response(write_npy(values), b"application/x-npy")
    if kind == "application/jsonlines":
        return Response(b"".join(write_json(value) + b"\n" for value in values), kind.encode())
    if ask.single:
        return Response(write_json(values[0]), JSON)
    return json_response({"predictions": values} if ask.style == "instances" else values)
