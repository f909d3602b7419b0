"""Asks the application without a socket."""

from __future__ import annotations

import asyncio
import json
import sys
import types
from typing import Any, Awaitable, Callable, Mapping, Optional, Union

from berth_serving.app import Application
from berth_serving.handlers import shim
from berth_serving.progress import Progress
from berth_serving.serving import Serving
from berth_serving.settings import Settings

Body = Union[bytes, str, dict, list, int, float, None]


class Answer:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """A loaded model and its application."""

    def __init__(self, settings: Settings) -> None:
        self.serving = Serving(settings, Progress())
        self.application = Application(self.serving)

    async def __aenter__(self) -> Client:
        await self.serving.load()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.serving.lane.close()

    async def ask(self, method: str, path: str, body: Body = None, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        if body is None:
            raw = b""
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }
        messages: list[dict[str, Any]] = [{"type": "http.request", "body": raw, "more_body": False}]
        found: dict[str, Any] = {"body": b""}

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop(0)
            await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                found.update(status=message["status"], headers=message["headers"])
            else:
                found["body"] += message.get("body", b"")

        await self.application(scope, receive, send)  # type: ignore[arg-type]
        named = {name.decode(): value.decode() for name, value in found["headers"]}
        return Answer(found["status"], named, found["body"])

    async def predict(self, body: Body, path: str = "/predictions", **headers: str) -> Answer:
        return await self.ask("POST", path, body, **headers)


_count = 0


def module(source: str) -> str:
    """A module of this text that can be imported. Returns its name."""
    global _count
    _count += 1
    name = f"handler_of_test_{_count}"
    shim.install()
    made = types.ModuleType(name)
    sys.modules[name] = made
    exec(compile(source, f"{name}.py", "exec"), made.__dict__)
    return name


def with_handler(source: str, attribute: str = "predict", **settings: Any) -> Client:
    """A client for a handler of this text."""
    name = module(source)
    return Client(Settings(handler=f"{name}:{attribute}" if attribute else name, **settings))


def run(work: Callable[[], Awaitable[None]]) -> Callable[..., None]:
    """A test that is a coroutine."""

    def test(*arguments: Any) -> None:
        asyncio.run(asyncio.wait_for(work(*arguments), 20))

    test.__name__ = work.__name__
    return test


def optional(name: str) -> Optional[types.ModuleType]:
    """A module, if it is installed."""
    try:
        return __import__(name)
    except ImportError:
        return None
