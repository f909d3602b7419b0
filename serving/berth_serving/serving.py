"""What all endpoints share: the model, its state, its queue."""

from __future__ import annotations

import gc
from typing import Optional

from .errors import NotReady
from .lane import Lane
from .metrics import Metrics
from .open import open_servable
from .progress import LOADING, READY, STOPPING, Progress, current
from .servable import Answer, Ask, Servable
from .settings import Settings


class Serving:
    """One model in one process."""

    def __init__(self, settings: Settings, progress: Optional[Progress] = None) -> None:
        self.settings = settings
        self.progress = progress or current()
        self.metrics = Metrics()
        self.lane = Lane(settings, self.metrics.prediction)
        self.servable: Optional[Servable] = None
        self.metrics.gauges.update(
            {
                "berth_ready": ("1 when the model can be asked.", lambda: float(self.progress.ready)),
                "berth_queue_length": ("Requests that wait for the model.", lambda: float(self.lane.waiting)),
                "berth_predicting": ("Requests that the model is at.", lambda: float(self.lane.running)),
                "berth_load_seconds": ("How long loading took.", lambda: self.progress.load_seconds or 0.0),
            }
        )

    async def load(self) -> None:
        """Raises what loading raised."""
        settings, progress = self.settings, self.progress
        self.servable = await self.lane.load(lambda: open_servable(settings, progress.tell))
        # What is loaded stays: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        if progress.phase == LOADING:
            progress.enter(READY)

    def require(self) -> Servable:
        """The model. Raises NotReady while it loads."""
        if self.servable is not None and self.progress.phase in (READY, STOPPING):
            return self.servable
        told = self.progress.body()
        if self.progress.phase == LOADING:
            why = f"the model is loading: {told['step']}, for {told['seconds']:.1f} s so far"
            raise NotReady(
                "the model is not ready",
                why,
                "ask /readyz, and try again when it says 200",
                headers={"retry-after": "2"},
            )
        raise NotReady("the model is not there", self.progress.why or "it could not be loaded", "see the server's log")

    async def ask(self, ask: Ask) -> Answer:
        return await self.lane.submit(ask.block)
