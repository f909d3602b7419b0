"""Counts and times in Prometheus' text format."""

from __future__ import annotations

import bisect
import os
import resource
from typing import Callable, Sequence

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Histogram:
    """Counts by upper bounds."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect.bisect_left(self.bounds, value)] += 1
        self.sum += value

    def lines(self, name: str, labels: str = "") -> list[str]:
        found, count = [], 0
        inner = f"{labels}," if labels else ""
        for bound, own in zip([*self.bounds, "+Inf"], self.counts):
            count += own
            found.append(f'{name}_bucket{{{inner}le="{bound}"}} {count}')
        outer = f"{{{labels}}}" if labels else ""
        return [*found, f"{name}_sum{outer} {self.sum:.9g}", f"{name}_count{outer} {count}"]


class Metrics:
    """Of this process. Written in the loop only."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, int], int] = {}
        self.durations: dict[str, Histogram] = {}
        self.predictions = Histogram(_SECONDS)
        self.batches = Histogram(_ROWS)
        self.in_flight = 0
        self.gauges: dict[str, tuple[str, Callable[[], float]]] = {}

    def request(self, route: str, status: int, seconds: float) -> None:
        key = (route, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        histogram = self.durations.get(route)
        if histogram is None:
            histogram = self.durations[route] = Histogram(_SECONDS)
        histogram.observe(seconds)

    def prediction(self, rows: int, seconds: float) -> None:
        self.predictions.observe(seconds)
        self.batches.observe(rows)

    def text(self) -> str:
        lines = ["# HELP berth_requests_total Requests by route and status.", "# TYPE berth_requests_total counter"]
        lines += [
            f'berth_requests_total{{route="{route}",status="{status}"}} {n}'
            for (route, status), n in sorted(self.requests.items())
        ]
        lines += [
            "# HELP berth_request_seconds Time from the request's head to the end of its answer.",
            "# TYPE berth_request_seconds histogram",
        ]
        for route, histogram in sorted(self.durations.items()):
            lines += histogram.lines("berth_request_seconds", f'route="{route}"')
        lines += ["# HELP berth_predict_seconds Time of a call of the model.", "# TYPE berth_predict_seconds histogram"]
        lines += self.predictions.lines("berth_predict_seconds")
        lines += ["# HELP berth_batch_rows Rows that were predicted together.", "# TYPE berth_batch_rows histogram"]
        lines += self.batches.lines("berth_batch_rows")
        in_flight = float(self.in_flight)
        lines += ["# HELP berth_requests_in_flight Requests that are being answered."]
        lines += ["# TYPE berth_requests_in_flight gauge", f"berth_requests_in_flight {in_flight:.9g}"]
        for name, (help_text, read) in self.gauges.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} gauge", f"{name} {read():.9g}"]
        return "\n".join([*lines, *_process_lines(), ""])


def _process_lines() -> list[str]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    lines = [
        "# TYPE process_cpu_seconds_total counter",
        f"process_cpu_seconds_total {usage.ru_utime + usage.ru_stime:.6f}",
    ]
    try:
        with open("/proc/self/statm", encoding="ascii") as source:
            pages = int(source.read().split()[1])
        lines += [
            "# TYPE process_resident_memory_bytes gauge",
            f"process_resident_memory_bytes {pages * os.sysconf('SC_PAGE_SIZE')}",
        ]
    except OSError:
        pass  # a system without /proc
    return lines
