"""Loads what the settings name: a handler, or a bare model."""

from __future__ import annotations

import inspect
import os
from typing import Optional

from .errors import SetupError
from .formats import detect, load_model
from .formats.arrays import ArrayServable
from .handlers.calling import HandlerServable
from .handlers.find import find_handler, import_module, split_name
from .handlers.sagemaker import SageMakerServable
from .servable import Servable, Tell
from .settings import Settings


def open_servable(settings: Settings, tell: Tell) -> Servable:
    """Loaded and ready to be asked. Raises SetupError, or whatever the project's own code raises."""
    if settings.handler is not None:
        return _open_handler(settings, tell)
    if settings.model is None:
        raise SetupError("nothing to serve was named", "there is neither --handler nor --model", "name one of them")
    return open_model(settings.model, settings.format, tell)


def open_model(path: str, kind: Optional[str], tell: Tell) -> Servable:
    """A bare model."""
    if kind is None or (os.path.isdir(path) and kind not in ("saved-model", "safetensors", "keras")):
        path, kind = detect(path)
    elif not os.path.exists(path):
        raise SetupError(
            f"the model {path} is not there", "no file of that name is in the container", "mount it or copy it"
        )
    if kind == "safetensors":
        from .formats import transformers

        return transformers.load(path, tell)
    found = (path, kind)
    servable = ArrayServable(lambda inner: load_model(*found, inner), os.path.basename(path.rstrip("/")))
    servable.load(tell)
    return servable


def _open_handler(settings: Settings, tell: Tell) -> Servable:
    assert settings.handler is not None
    name, attribute = split_name(settings.handler)
    tell(f"importing {name}")
    target = find_handler(import_module(name), attribute)
    if inspect.ismodule(target):
        usual = os.path.join(settings.opt_ml, "model")
        model_dir = settings.model or os.environ.get("SM_MODEL_DIR") or (usual if os.path.isdir(usual) else os.getcwd())
        servable: Servable = SageMakerServable(target, model_dir)
    elif _is_estimator(target):
        from .formats.pickled import EstimatorModel

        servable = ArrayServable(lambda _: EstimatorModel(target), settings.handler)
    else:
        servable = HandlerServable(target, settings.model, settings.handler)
    servable.load(tell)
    return servable


def _is_estimator(target: object) -> bool:
    """An object of scikit-learn or of a library that follows it, which takes tables."""
    return not inspect.isclass(target) and hasattr(target, "get_params") and hasattr(target, "predict")
