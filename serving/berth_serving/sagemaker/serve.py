"""What SageMaker's `serve` serves: code that came with the model, what the image names, or the bare model."""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import Mapping, Optional

from ..settings import Settings

_USUAL_SCRIPTS = ("inference.py", "predictor.py", "predict.py", "serve.py")
_MARGIN_SECONDS = 5.0


def settings_for_sagemaker(settings: Settings, environment: Mapping[str, str] = os.environ) -> Settings:
    """The model is in /opt/ml/model; SageMaker kills 30 s after SIGTERM."""
    model_dir = os.path.join(settings.opt_ml, "model")
    changed = dataclasses.replace(settings, grace=min(settings.grace, 30.0 - _MARGIN_SECONDS))
    if settings.handler is not None:
        return dataclasses.replace(changed, model=settings.model or model_dir)
    code = os.path.join(model_dir, "code")
    script = _script(code, environment)
    if script is not None:
        sys.path.insert(0, code)
        return dataclasses.replace(changed, handler=script, model=model_dir)
    return dataclasses.replace(changed, model=settings.model or model_dir)


def _script(code: str, environment: Mapping[str, str]) -> Optional[str]:
    """Name of the module with the functions, if the model brought code."""
    names = [environment.get("SAGEMAKER_PROGRAM", ""), *_USUAL_SCRIPTS]
    for name in names:
        own = os.path.basename(name)
        if own.endswith(".py") and own[:-3].isidentifier() and os.path.isfile(os.path.join(code, own)):
            return own[:-3]
    return None
