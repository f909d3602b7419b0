"""Requests and answers, in the words of ASGI."""

from __future__ import annotations

import zlib
from typing import Any, AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping, Optional

from .codec import write_json
from .errors import InvalidInput, ServingError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON = b"application/json"


class Disconnected(Exception):
    """Whoever asked is gone."""


class TooLarge(ServingError):
    status = 413


class Request:
    """One request; its body is read when it is asked for."""

    __slots__ = ("_headers", "_limit", "_receive", "parameters", "scope")

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self.scope = scope
        self.parameters: Mapping[str, str] = {}
        self._receive = receive
        self._limit = limit
        self._headers: Optional[dict[bytes, bytes]] = None

    def header(self, name: bytes) -> str:
        """Empty if it is not there."""
        if self._headers is None:
            self._headers = dict(self.scope["headers"])
        return self._headers.get(name, b"").decode("latin-1")

    @property
    def content_type(self) -> str:
        return self.header(b"content-type").partition(";")[0].strip().lower()

    async def body(self) -> bytes:
        """Raises TooLarge beyond the limit, also for what unpacks to more."""
        length = self.header(b"content-length")
        if length.isdigit() and int(length) > self._limit:
            raise self._too_large()
        message = await self._receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            body = await self._rest(body)
        if message["type"] == "http.disconnect":
            raise Disconnected
        if len(body) > self._limit:
            raise self._too_large()
        encoding = self.header(b"content-encoding").strip().lower()
        return body if encoding in ("", "identity") else self._unpacked(body, encoding)

    async def _rest(self, first: bytes) -> bytes:
        pieces, size = [first], len(first)
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            piece = message.get("body", b"")
            size += len(piece)
            if size > self._limit:
                raise self._too_large()
            pieces.append(piece)
            if not message.get("more_body"):
                return b"".join(pieces)

    def _unpacked(self, body: bytes, encoding: str) -> bytes:
        if encoding not in ("gzip", "deflate"):
            raise InvalidInput("the body cannot be read", "its Content-Encoding is none of gzip, deflate", status=415)
        unpacker = zlib.decompressobj(wbits=47)
        try:
            made = unpacker.decompress(body, self._limit + 1)
        except zlib.error:
            raise InvalidInput("the body cannot be read", f"it is not packed with {encoding}") from None
        if len(made) > self._limit:
            raise self._too_large()
        if not unpacker.eof:
            raise InvalidInput("the body cannot be read", "it is cut off")
        return made

    def _too_large(self) -> TooLarge:
        why = f"a request may have {self._limit} bytes"
        return TooLarge(
            "the body is too large", why, "send less at once, or raise --max-body", headers={"connection": "close"}
        )

    async def gone(self) -> None:
        """Returns when whoever asked is gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Response:
    """A whole answer."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, body: bytes, content_type: bytes = JSON, status: int = 200, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.status = status
        self.body = body
        self.headers: Headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        for name, value in headers:
            self.headers.append((name.encode("latin-1"), value.encode("latin-1")))

    async def send(self, send: Send, without_body: bool = False) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"" if without_body else self.body})


class StreamResponse(Response):
    """An answer in pieces, as they come."""

    __slots__ = ("pieces",)

    def __init__(self, pieces: AsyncIterator[bytes], content_type: bytes) -> None:
        super().__init__(b"", content_type, headers=(("cache-control", "no-store"), ("x-accel-buffering", "no")))
        self.headers = [each for each in self.headers if each[0] != b"content-length"]
        self.pieces = pieces

    async def send(self, send: Send, without_body: bool = False) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        async for piece in self.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def json_response(value: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Response:
    return Response(write_json(value), JSON, status, headers)


def accepts(accept: str, kind: str) -> bool:
    """Whether a header names a type itself, rather than all types."""
    return any(part.partition(";")[0].strip().lower() == kind for part in accept.split(","))
