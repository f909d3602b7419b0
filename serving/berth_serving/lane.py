"""The queue before the model, and the threads behind it. All but the predicting itself happens in the loop."""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import contextlib
import math
import queue
import threading
import time
from typing import Any, AsyncIterator, Callable, Optional, Sequence

from .errors import Busy, ServingError, TimedOut
from .servable import Answer, Block, Servable
from .settings import Settings

_SWEEP_SECONDS = 0.25
_STREAM_AHEAD = 64
#: Where a prediction is short, a thread gets several at once: as many as it does in this time. Each hand-over costs.
_TURN_SECONDS = 0.002
_TURN_JOBS = 8
#: Turns that lie ready for each thread besides the one it is at, so that it need not wait for the loop.
_AHEAD = 1
_END = object()


class Job:
    """A block on its way."""

    __slots__ = ("block", "deadline", "future", "since")

    def __init__(self, block: Block, future: asyncio.Future[Answer], timeout: float) -> None:
        self.block = block
        self.future = future
        self.since = time.monotonic()
        self.deadline = self.since + timeout


class Lane:
    """Takes blocks in their order, puts those together that fit, and hands them to a free thread."""

    def __init__(self, settings: Settings, observe: Callable[[int, float], None]) -> None:
        self._settings = settings
        self._observe = observe
        self._tasks: queue.SimpleQueue[Optional[Callable[[], None]]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._waiting: collections.deque[Job] = collections.deque()
        self._running: set[Job] = set()
        self._idle = 0
        self._streams = 0
        self._slots = 1
        self._dispatch: Optional[asyncio.Handle] = None
        self._sweeper: Optional[asyncio.TimerHandle] = None
        self._servable: Optional[Servable] = None
        self._seconds = 0.05  # how long a batch takes, for Retry-After

    # --- starting and ending

    async def load(self, work: Callable[[], Servable]) -> Servable:
        """Loads in the thread that predicts later, since some libraries stay with the thread that they began in."""
        self._loop = asyncio.get_running_loop()
        self._add_thread()
        servable: Servable = await self._in_thread(work)
        self._servable = servable
        self._slots = servable.concurrency or self._settings.threads or servable.usual_threads
        if servable.is_async:
            loop: asyncio.AbstractEventLoop = servable.loop
            self._tasks.put(lambda: _run_forever(loop))
        else:
            for _ in range(self._slots - 1):
                self._add_thread()
        # What can be put together waits in the queue instead, to be put together.
        ahead = 0 if servable.batches or servable.is_async else _AHEAD
        self._idle = self._slots * (1 + ahead)
        self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
        return servable

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._work, name=f"model-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while True:
            task = self._tasks.get()
            if task is None:
                return
            task()

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        future: asyncio.Future[Any] = self._loop.create_future()

        def task() -> None:
            try:
                outcome, error = work(), None
            except BaseException as problem:
                outcome, error = None, problem
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(_settle, future, outcome, error)

        self._tasks.put(task)
        return await future

    def close(self) -> bool:
        """Ends the threads; false if one of them still predicts."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._servable is not None and self._servable.is_async:
            loop: asyncio.AbstractEventLoop = self._servable.loop
            loop.call_soon_threadsafe(loop.stop)
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(timeout=0.5)
        return not any(thread.is_alive() for thread in self._threads)

    # --- what can be asked of it

    @property
    def waiting(self) -> int:
        """Requests that no thread is at."""
        ahead = 0 if self._batches else max(0, len(self._running) - self._slots)
        return len(self._waiting) + ahead

    @property
    def running(self) -> int:
        return len(self._running) if self._batches else min(len(self._running), self._slots)

    def submit(self, block: Block) -> asyncio.Future[Answer]:
        """Raises Busy if the queue is full."""
        self._refuse_if_full()
        job = Job(block, self._loop.create_future(), self._settings.timeout)
        self._waiting.append(job)
        if self._idle > 0:
            self._schedule()
        return job.future

    def _refuse_if_full(self) -> None:
        count = self.waiting + self._streams
        if count < self._settings.queue:
            return
        wait = min(3600, max(1, math.ceil(count * self._seconds / self._slots)))
        headers = {"retry-after": str(wait)}
        raise Busy("the server is busy", f"{count} requests wait already", f"try again in {wait} s", headers=headers)

    # --- dispatching, in the loop

    def _schedule(self) -> None:
        """Once in a turn of the loop, so that requests that came together are predicted together."""
        delay = self._settings.batch_delay
        if delay > 0 and self._batches and sum(job.block.rows for job in self._waiting) < self._max_rows:
            if self._dispatch is None:
                self._dispatch = self._loop.call_later(delay, self._send_out)
            return
        if isinstance(self._dispatch, asyncio.TimerHandle):
            self._dispatch.cancel()
            self._dispatch = None
        if self._dispatch is None:
            self._dispatch = self._loop.call_soon(self._send_out)

    @property
    def _batches(self) -> bool:
        return self._servable is not None and self._servable.batches

    @property
    def _is_async(self) -> bool:
        return self._servable is not None and self._servable.is_async

    @property
    def _max_rows(self) -> int:
        own = self._servable.max_batch if self._servable is not None else None
        return own or self._settings.max_batch

    def _send_out(self) -> None:
        self._dispatch = None
        while self._idle > 0 and self._waiting:
            batch = self._take()
            if not batch:
                continue
            self._idle -= 1
            self._running.update(batch)
            if self._is_async:
                self._start_async(batch[0])
            else:
                self._tasks.put(lambda batch=batch: self._predict(batch))  # type: ignore[misc]

    def _take(self) -> list[Job]:
        """The oldest job, and those after it that fit to it."""
        first = self._waiting.popleft()
        if first.future.done():
            return []
        if not self._batches:
            return self._take_turn(first)
        batch, rows = [first], first.block.rows
        left: list[Job] = []
        while self._waiting and rows < self._max_rows:
            job = self._waiting.popleft()
            if job.future.done():
                continue
            if job.block.key == first.block.key and rows + job.block.rows <= self._max_rows:
                batch.append(job)
                rows += job.block.rows
            else:
                left.append(job)
        self._waiting.extendleft(reversed(left))
        return batch

    def _take_turn(self, first: Job) -> list[Job]:
        """Jobs for one thread, one after the other; no more than leave the other threads theirs."""
        if self._is_async:
            return [first]
        short = int(_TURN_SECONDS / max(self._seconds, 1e-6))
        count = min(_TURN_JOBS, short, math.ceil((len(self._waiting) + 1) / self._slots))
        turn = [first]
        while self._waiting and len(turn) < count:
            turn.append(self._waiting.popleft())
        return turn

    # --- predicting, in a thread

    def _predict(self, batch: Sequence[Job]) -> None:
        assert self._servable is not None
        start = time.monotonic()
        outcomes = (_together if self._batches else _in_turn)(self._servable, batch)
        seconds = time.monotonic() - start
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._finish, batch, outcomes, seconds)

    def _finish(self, batch: Sequence[Job], outcomes: Sequence[tuple[Job, Any]], seconds: float) -> None:
        self._idle += 1
        self._running.difference_update(batch)
        calls = 1 if self._batches else len(outcomes)
        if outcomes:
            self._seconds += 0.2 * (seconds / calls - self._seconds)
        if self._batches and outcomes:
            self._observe(sum(job.block.rows for job, _ in outcomes), seconds)
        for job, outcome in outcomes:
            if not self._batches:
                self._observe(job.block.rows, seconds / calls)
            if isinstance(outcome, BaseException):
                _settle(job.future, None, outcome)
            else:
                _settle(job.future, outcome, None)
        if self._waiting:
            self._schedule()

    def _start_async(self, job: Job) -> None:
        assert self._servable is not None
        start = time.monotonic()
        running = asyncio.run_coroutine_threadsafe(self._servable.run_async(job.block), self._servable.loop)

        def done(_: Any) -> None:
            error = asyncio.CancelledError() if running.cancelled() else running.exception()
            outcome = error if error is not None else running.result()
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._finish, [job], [(job, outcome)], time.monotonic() - start)

        running.add_done_callback(done)
        job.future.add_done_callback(
            lambda future: running.cancel() if future.cancelled() or future.exception() else None
        )

    def _sweep(self) -> None:
        """Gives up what took too long. A prediction that runs cannot be stopped; its answer is dropped."""
        now = time.monotonic()
        self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
        limit = self._settings.timeout
        for job in [*self._waiting, *self._running]:
            if job.deadline < now and not job.future.done():
                where = "it was still waiting" if job not in self._running else "the model had not finished"
                fix = "send fewer rows at once, or raise --timeout"
                job.future.set_exception(TimedOut(f"no answer within {limit:g} s", where, fix))

    # --- streams

    async def stream(self, block: Block) -> AsyncIterator[Any]:
        """Piece after piece, as the model makes them. It takes its turn in the queue like all others."""
        assert self._servable is not None
        self._refuse_if_full()
        channel, servable = _Channel(self._loop), self._servable
        feeding: Optional[concurrent.futures.Future[None]] = None
        if servable.is_async:
            feed = channel.feed_async(servable.stream(block))
            feeding = asyncio.run_coroutine_threadsafe(feed, servable.loop)
        else:
            self._tasks.put(lambda: channel.feed(lambda: servable.stream(block)))
        self._streams += 1
        try:
            async for piece in channel.pieces():
                yield piece
        finally:
            self._streams -= 1
            channel.close()
            if feeding is not None:
                feeding.cancel()


class _Channel:
    """Pieces on their way from a thread to the loop; the thread waits when it is far ahead."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pieces: asyncio.Queue[Any] = asyncio.Queue()
        self._room = threading.Semaphore(_STREAM_AHEAD)
        self._closed = False

    def close(self) -> None:
        self._closed = True
        self._room.release()

    def _put(self, piece: Any) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)

    def feed(self, make: Callable[[], Any]) -> None:
        """In a thread."""
        if self._closed:
            return
        try:
            pieces = make()
            for piece in pieces:
                self._room.acquire()
                if self._closed:
                    pieces.close()
                    return
                self._put((piece,))
            self._put(_END)
        except BaseException as error:
            self._put(error)

    async def feed_async(self, pieces: Any) -> None:
        """In the model's own loop."""
        try:
            async for piece in pieces:
                while not self._room.acquire(blocking=False):
                    await asyncio.sleep(0.005)
                if self._closed:
                    return
                self._put((piece,))
            self._put(_END)
        except BaseException as error:
            self._put(error)

    async def pieces(self) -> AsyncIterator[Any]:
        while True:
            found = await self._pieces.get()
            if found is _END:
                return
            if isinstance(found, BaseException):
                raise found
            self._room.release()
            yield found[0]


def _in_turn(servable: Servable, turn: Sequence[Job]) -> list[tuple[Job, Any]]:
    """Answers or errors, one after the other; what was given up meanwhile is left out."""
    found: list[tuple[Job, Any]] = []
    for job in turn:
        if job.future.done():
            continue
        try:
            found.append((job, servable.run([job.block])[0]))
        except BaseException as error:
            found.append((job, error))
    return found


def _together(servable: Servable, batch: Sequence[Job]) -> list[tuple[Job, Any]]:
    """Answers or errors of a batch. Where it fails, each of its requests is tried alone: a bad one harms no other."""
    wanted = [job for job in batch if not job.future.done()]
    if not wanted:
        return []
    try:
        return list(zip(wanted, servable.run([job.block for job in wanted])))
    except BaseException as error:
        if len(wanted) == 1:
            return [(wanted[0], error)]
    return _in_turn(servable, wanted)


def _settle(future: asyncio.Future[Any], outcome: Any, error: Optional[BaseException]) -> None:
    if future.done():
        return
    if isinstance(error, (StopIteration, SystemExit, KeyboardInterrupt)):
        error = ServingError("the model's code wanted to end the program", f"it raised {type(error).__name__}")
    if error is None:
        future.set_result(outcome)
    else:
        future.set_exception(error)


def _run_forever(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
