"""The ASGI application: finds the endpoint, counts, and tells errors."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
import time
from typing import Any, Awaitable, Callable, Mapping, Optional

from .endpoints import describe, health, inference
from .endpoints.errors import error_body
from .endpoints.predictions import invocations, ping, predictions
from .errors import ServingError, shorten
from .http import Disconnected, Receive, Request, Response, Scope, Send, StreamResponse, json_response
from .progress import STOPPING
from .serving import Serving

Endpoint = Callable[[Serving, Request], Awaitable[Response]]
Methods = Mapping[str, Endpoint]

_ROUTES: dict[str, Methods] = {
    "/predictions": {"POST": predictions},
    "/invocations": {"POST": invocations},
    "/ping": {"GET": ping},
    "/livez": {"GET": health.live},
    "/readyz": {"GET": health.ready},
    "/healthz": {"GET": health.ready},
    "/health-check": {"GET": health.cog_health},
    "/metrics": {"GET": health.metrics},
    "/openapi.json": {"GET": describe.openapi},
    "/": {"GET": describe.page},
    "/v2": {"GET": inference.server_metadata},
    "/v2/": {"GET": inference.server_metadata},
    "/v2/health/live": {"GET": inference.server_live},
    "/v2/health/ready": {"GET": inference.server_ready},
    "/v1/models": {"GET": inference.v1_list},
}
_MODEL = r"/v2/models/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?"
_PATTERNS: tuple[tuple[str, re.Pattern[str], Methods], ...] = (
    ("/v2/models/{name}", re.compile(f"{_MODEL}/?"), {"GET": inference.model_metadata}),
    ("/v2/models/{name}/ready", re.compile(f"{_MODEL}/ready"), {"GET": inference.model_ready}),
    ("/v2/models/{name}/infer", re.compile(f"{_MODEL}/infer"), {"POST": inference.infer}),
    ("/v1/models/{name}", re.compile(r"/v1/models/(?P<name>[^/:]+)"), {"GET": inference.v1_ready}),
    ("/v1/models/{name}:predict", re.compile(r"/v1/models/(?P<name>[^/:]+):predict"), {"POST": inference.v1_predict}),
    ("/predictions/{id}", re.compile(r"/predictions/(?P<id>[\w.~-]{1,128})"), {"PUT": predictions}),
)
_CLOSE = (b"connection", b"close")


class Application:
    """Answers requests for a Serving."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        start = time.perf_counter()
        serving = self.serving
        path, method = scope["path"], scope["method"]
        route, methods, parameters = _find(path)
        request = Request(scope, receive, serving.settings.max_body)
        request.parameters = parameters
        serving.metrics.in_flight += 1
        status = 499
        try:
            response = await self._respond(request, methods, method)
            if serving.progress.phase == STOPPING:
                response.headers.append(_CLOSE)
            status = response.status
            await _send(response, request, (send, method == "HEAD"))
        except Disconnected:
            pass
        finally:
            serving.metrics.in_flight -= 1
            seconds = time.perf_counter() - start
            serving.metrics.request(route, status, seconds)
            if serving.settings.access_log:
                _log(scope, status, seconds)

    async def _respond(self, request: Request, methods: Optional[Methods], method: str) -> Response:
        if methods is None:
            return _not_found(request.scope["path"])
        endpoint = methods.get("GET" if method == "HEAD" else method)
        if endpoint is None:
            return _not_allowed(method, methods)
        try:
            return await endpoint(self.serving, request)
        except (Disconnected, asyncio.CancelledError):
            raise
        except Exception as error:
            status, body = error_body(error, self.serving.settings.debug)
            headers = error.headers.items() if isinstance(error, ServingError) else ()
            if request.scope["path"].startswith("/v2"):
                body = {"error": _one_text(body)}
            return json_response(body, status, headers)


def _find(path: str) -> tuple[str, Optional[Methods], Mapping[str, str]]:
    """The route's name for counting, its methods, and what its pattern found."""
    methods = _ROUTES.get(path)
    if methods is not None:
        return path, methods, {}
    for route, pattern, inner in _PATTERNS:
        match = pattern.fullmatch(path)
        if match is not None:
            return route, inner, {name: value for name, value in match.groupdict().items() if value is not None}
    return "other", None, {}


async def _send(response: Response, request: Request, how: tuple[Send, bool]) -> None:
    send, without_body = how
    if not isinstance(response, StreamResponse):
        await response.send(send, without_body)
        return
    # A stream ends when nobody listens any more.
    sending = asyncio.ensure_future(response.send(send))
    gone = asyncio.ensure_future(request.gone())
    try:
        await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, gone):
            task.cancel()
        for task in (sending, gone):
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _not_found(path: str) -> Response:
    fix = "there are /predictions, /invocations, /v2/models/{name}/infer, /readyz, /livez, /metrics, /openapi.json"
    return json_response(
        ServingError("there is nothing here", f"{shorten(path, 100)} is no path of this server", fix).body(), 404
    )


def _not_allowed(method: str, methods: Methods) -> Response:
    allowed = ", ".join(methods)
    error = ServingError("the method is not taken", f"{shorten(method, 20)} is none of {allowed}", f"use {allowed}")
    return json_response(error.body(), 405, [("allow", allowed)])


def _one_text(body: Mapping[str, Any]) -> str:
    """The protocol's own form of an error."""
    told = body["error"]
    return ": ".join(told[key] for key in ("what", "why") if told.get(key))


def _log(scope: Scope, status: int, seconds: float) -> None:
    client = scope.get("client") or ("", 0)
    entry = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(seconds * 1000, 3),
        "client": client[0],
    }
    sys.stdout.write(f"{json.dumps(entry)}\n")
    sys.stdout.flush()
