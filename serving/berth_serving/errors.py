"""Errors that are told to whoever asked: what failed, why, and what to do."""

from __future__ import annotations

from typing import Any, Mapping, Optional


class ServingError(Exception):
    """An answer other than success. A handler may raise it, too."""

    status = 500

    def __init__(
        self,
        what: str,
        why: str = "",
        fix: str = "",
        *,
        status: Optional[int] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix
        self.headers = dict(headers or {})
        if status is not None:
            self.status = status

    def body(self) -> dict[str, Any]:
        """The JSON that is sent."""
        told = {"what": self.what, "why": self.why, "fix": self.fix}
        return {"error": {key: text for key, text in told.items() if text}}


class InvalidInput(ServingError):
    """The request cannot be understood, or its values are not what the model takes."""

    status = 400


class NotReady(ServingError):
    """The model is not loaded, or the server is about to end."""

    status = 503


class Busy(ServingError):
    """The queue is full."""

    status = 503


class TimedOut(ServingError):
    """The model took longer than a request may take."""

    status = 504


class SetupError(Exception):
    """Nothing can be served: told at start, on standard error."""

    def __init__(self, what: str, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def text(self) -> str:
        """Three lines at most."""
        lines = [f"berth_serving: {self.what}"]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


def shorten(value: object, limit: int = 300) -> str:
    """Text of one line, cut at `limit` characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
