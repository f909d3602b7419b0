"""Finds what `--handler module:attribute` names."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from typing import Any, Optional

from ..errors import SetupError, shorten
from . import shim

#: Functions that a module is searched for when no attribute is named, the likeliest first.
FUNCTIONS = (
    "lambda_handler",
    "predict",
    "predict_batch",
    "infer",
    "inference",
    "handler",
    "handle",
    "generate",
    "classify",
    "run",
    "main",
)
SAGEMAKER = ("model_fn", "predict_fn", "input_fn", "output_fn", "transform_fn")
CLASSES = ("Predictor", "Runner", "Model", "EndpointHandler", "InferlessPythonModel", "Handler", "Service")
METHODS = ("predict", "run", "infer", "inference", "handle", "__call__")


def split_name(name: str) -> tuple[str, Optional[str]]:
    """`app:predict`, `app`, `src/app.py:Predictor` → dotted module and attribute."""
    module, _, attribute = name.partition(":")
    if module.endswith(".py"):
        module = os.path.normpath(module[:-3]).replace(os.sep, ".")
    if not module or not all(part.isidentifier() for part in module.split(".")):
        raise SetupError(
            f"{shorten(name, 100)} is no handler", "it should read module:attribute", "such as app:predict"
        )
    return module, attribute or None


def import_module(name: str) -> Any:
    """Imports with the working folder first, as `python` would."""
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    shim.install()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            why = f"no module {error.name} is in {here}"
            raise SetupError(f"the handler's module {name} is not there", why, "name it as python -m would") from error
        raise


def find_handler(module: Any, attribute: Optional[str]) -> Any:
    """The object that is named, or the likeliest of the module; the module itself if it has SageMaker's functions."""
    if attribute is not None and attribute.split(".")[0] in SAGEMAKER:
        return module  # one of them stands for all
    if attribute is not None:
        found = module
        for part in attribute.split("."):
            if not hasattr(found, part):
                why = f"{module.__name__} has {', '.join(_public(module)) or 'nothing to call'}"
                raise SetupError(f"{module.__name__} has no {attribute}", why, "name one of these after the colon")
            found = getattr(found, part)
        return found
    if any(callable(getattr(module, name, None)) for name in SAGEMAKER):
        return module
    own = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and _predicts(kind)
    ]
    own.sort(key=lambda kind: CLASSES.index(kind.__name__) if kind.__name__ in CLASSES else len(CLASSES))
    if own and (_is_predictor(own[0]) or not hasattr(module, "predict")):
        return own[0]
    for name in FUNCTIONS:
        if callable(getattr(module, name, None)):
            return getattr(module, name)
    why = f"it has none of {', '.join(FUNCTIONS)} and no class with predict"
    raise SetupError(f"{module.__name__} has nothing to serve", why, f"name it: --handler {module.__name__}:attribute")


def _predicts(kind: type) -> bool:
    named = kind.__name__ in CLASSES or _is_predictor(kind)
    if named and any("__call__" in vars(base) for base in kind.__mro__):
        return True
    return any(callable(getattr(kind, name, None)) for name in (METHODS[:-1] if named else METHODS[:1]))


def _is_predictor(kind: type) -> bool:
    return any(base.__name__ in ("BasePredictor", "BaseRunner") for base in kind.__mro__)


def _public(module: Any) -> list[str]:
    names = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    found = [name for name in names if callable(getattr(module, name, None))]
    return [name for name in found if getattr(getattr(module, name), "__module__", "") == module.__name__][:10]


def method_of(target: Any) -> Any:
    """The function to call on an instance."""
    for name in METHODS:
        method = getattr(target, name, None)
        if callable(method) and (name != "__call__" or not inspect.isclass(target)):
            return method
    raise SetupError(
        f"{type(target).__name__} has nothing to call",
        f"it has none of {', '.join(METHODS[:-1])}",
        "add a method predict",
    )
