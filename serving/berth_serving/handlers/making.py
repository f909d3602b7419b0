"""Makes an instance of a handler's class, and finds what its loading has to be given."""

from __future__ import annotations

import inspect
import os
import pathlib
from typing import Any, Optional

from ..errors import SetupError
from .signature import MISSING

_PATH_NAMES = ("path", "model_dir", "model_path")


def make_instance(kind: Any, model_path: Optional[str]) -> Any:
    """An instance; what its constructor has to be given is the model's path, or what Truss gives."""
    parameters = list(inspect.signature(kind).parameters.values())
    needed = [
        each
        for each in parameters
        if each.default is MISSING and each.kind in (each.POSITIONAL_OR_KEYWORD, each.POSITIONAL_ONLY)
    ]
    if not needed and any(each.kind is each.VAR_KEYWORD for each in parameters) and hasattr(kind, "load"):
        return kind(config={}, data_dir=pathlib.Path("data"), secrets={}, environment={})
    if not needed:
        return kind()
    if len(needed) == 1 and model_path is not None:
        return kind(model_path)
    if len(needed) == 1 and needed[0].name in _PATH_NAMES:
        return kind(os.getcwd())  # as Hugging Face hands the folder of the repository
    names = ", ".join(each.name for each in needed)
    fix = "give them defaults, or name the model's path with --model" if len(needed) == 1 else "give them defaults"
    raise SetupError(f"{kind.__name__} cannot be made", f"its constructor needs {names}", fix)


def setup_arguments(method: Any, model_path: Optional[str]) -> list[Any]:
    """What `load` or `setup` has to be given."""
    parameters = list(inspect.signature(method).parameters.values())
    needed = [each for each in parameters if each.default is MISSING and each.kind is each.POSITIONAL_OR_KEYWORD]
    if not needed:
        return []
    # cog hands `setup(weights)` None where there are none.
    if len(needed) == 1 and (model_path is not None or method.__name__ == "setup"):
        return [model_path]
    names = ", ".join(each.name for each in needed)
    fix = "give them defaults, or name the model's path with --model" if len(needed) == 1 else "give them defaults"
    raise SetupError(f"{method.__qualname__} cannot be called", f"it needs {names}", fix)
