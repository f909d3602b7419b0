"""Runs the application in uvicorn, from the first byte to a graceful end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import traceback
from typing import Any, Coroutine, Iterator, Optional

import uvicorn

from .app import Application
from .errors import SetupError, shorten
from .progress import FAILED, STOPPING
from .serving import Serving
from .settings import Settings

_BACKLOG = 2048
#: Longer than load balancers keep connections, so that they never meet one that is being closed.
_KEEP_ALIVE_SECONDS = 75


class _Server(uvicorn.Server):
    """Leaves signals to us."""

    def install_signal_handlers(self) -> None:
        pass

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings) -> int:
    """Serves until SIGTERM or SIGINT. Returns the exit code."""
    try:
        listening = _listen(settings)
    except SetupError as error:
        print(error.text(), file=sys.stderr)
        return 1
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    code, clean = _run(_serve(settings, listening))
    sys.stdout.flush()
    sys.stderr.flush()
    if not clean:
        os._exit(code)  # a thread is still in the model's code, and would hold the end up
    return code


def _run(work: Coroutine[Any, Any, tuple[int, bool]]) -> tuple[int, bool]:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    if hasattr(uvloop, "run"):
        return uvloop.run(work)
    uvloop.install()
    return asyncio.run(work)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        what = f"cannot listen on {settings.host}:{settings.port}"
        raise SetupError(what, shorten(error.strerror or error), "choose another with --port or --host") from None
    listening.set_inheritable(True)
    return listening


async def _serve(settings: Settings, listening: socket.socket) -> tuple[int, bool]:
    serving = Serving(settings)
    config = uvicorn.Config(
        Application(serving),
        loop="none",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.grace)),
        backlog=_BACKLOG,
    )
    server = _Server(config)
    _take_signals(server, serving)
    loading = asyncio.ensure_future(_load(server, serving, listening))
    await server.serve(sockets=[listening])
    loading.cancel()
    code = 0
    with contextlib.suppress(asyncio.CancelledError):
        code = await loading
    return code, serving.lane.close()


async def _load(server: _Server, serving: Serving, listening: socket.socket) -> int:
    """Loads while the server answers already that it does."""
    try:
        await serving.load()
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        serving.progress.enter(FAILED, shorten(error))
        told = error if isinstance(error, SetupError) else _of_project(error, serving.progress.step)
        print(told.text(), file=sys.stderr, flush=True)
        server.should_exit = True
        return 1
    what = serving.settings.handler or serving.settings.model
    seconds = serving.progress.load_seconds or 0.0
    port = listening.getsockname()[1]
    print(f"berth_serving: {what} is ready on port {port} after {seconds:.2f} s", file=sys.stderr, flush=True)
    return 0


def _of_project(error: BaseException, step: str) -> SetupError:
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    sys.stderr.write(trace)
    fix = "the trace above shows the line"
    return SetupError(f"the model could not be loaded ({step})", f"{type(error).__name__}: {shorten(error)}", fix)


def _take_signals(server: _Server, serving: Serving) -> None:
    """The first one ends gracefully, after the time to drain; the next one at once."""
    loop = asyncio.get_running_loop()
    pending: Optional[asyncio.TimerHandle] = None

    def end() -> None:
        server.should_exit = True

    def take() -> None:
        nonlocal pending
        if serving.progress.phase == STOPPING or not serving.progress.ready:
            server.force_exit = serving.progress.phase == STOPPING
            end()
            return
        serving.progress.enter(STOPPING, "the server is about to end")
        if serving.settings.drain > 0:
            pending = loop.call_later(serving.settings.drain, end)
        else:
            end()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, take)
