"""The serving runtime of Berth: answers over HTTP with a handler or a bare model file."""

from __future__ import annotations

from .errors import InvalidInput, ServingError
from .progress import progress

__version__ = "0.1.0"
__all__ = ["InvalidInput", "ServingError", "__version__", "progress"]
