"""How far loading has come; a handler may tell more of it while it loads."""

from __future__ import annotations

import threading
import time
from typing import Any, Optional

LOADING = "loading"
READY = "ready"
STOPPING = "stopping"
FAILED = "failed"


class Progress:
    """The state of the model, written by the thread that loads and read by the loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.phase = LOADING
        self.step = "starting"
        self.fraction: Optional[float] = None
        self.since = time.monotonic()
        self.load_seconds: Optional[float] = None
        self.why = ""

    @property
    def ready(self) -> bool:
        return self.phase == READY

    def tell(self, step: str, fraction: Optional[float] = None) -> None:
        """Another step of loading begins, or has come so far (0 to 1)."""
        with self._lock:
            self.step = step
            self.fraction = None if fraction is None else min(1.0, max(0.0, float(fraction)))

    def enter(self, phase: str, why: str = "") -> None:
        with self._lock:
            if phase == READY:
                self.load_seconds = time.monotonic() - self.since
            self.phase = phase
            self.why = why

    def body(self) -> dict[str, Any]:
        """What `/readyz` answers."""
        with self._lock:
            told: dict[str, Any] = {"status": self.phase}
            if self.phase == LOADING:
                told["step"] = self.step
                told["seconds"] = round(time.monotonic() - self.since, 3)
                if self.fraction is not None:
                    told["progress"] = round(self.fraction, 4)
            if self.why:
                told["why"] = self.why
            if self.load_seconds is not None:
                told["loadSeconds"] = round(self.load_seconds, 3)
            return told


_current = Progress()


def current() -> Progress:
    """The one of this process."""
    return _current


def progress(step: str, fraction: Optional[float] = None) -> None:
    """For handlers: `berth_serving.progress("reading weights", 0.4)` while they load."""
    _current.tell(step, fraction)
