"""Whether the server lives, whether the model can be asked, and what was counted."""

from __future__ import annotations

from ..http import Request, Response, json_response
from ..metrics import CONTENT_TYPE
from ..progress import FAILED, LOADING
from ..serving import Serving


async def live(serving: Serving, request: Request) -> Response:
    """200 as long as the loop turns, whatever the model does."""
    return json_response({"status": "live"})


async def ready(serving: Serving, request: Request) -> Response:
    """503 with how far loading has come, until the model can be asked; and again when the server is about to end."""
    return json_response(serving.progress.body(), 200 if serving.progress.ready else 503)


async def cog_health(serving: Serving, request: Request) -> Response:
    """Always 200, as cog's; the status is in the body."""
    if serving.progress.ready:
        status = "BUSY" if serving.lane.waiting >= serving.settings.queue else "READY"
    else:
        status = {LOADING: "STARTING", FAILED: "SETUP_FAILED"}.get(serving.progress.phase, "DEFUNCT")
    return json_response({"status": status, "setup": serving.progress.body()})


async def metrics(serving: Serving, request: Request) -> Response:
    return Response(serving.metrics.text().encode("utf-8"), CONTENT_TYPE)
