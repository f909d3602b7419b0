"""Pickles of scikit-learn and of libraries that follow it: pickle, joblib, skops. Loading one runs the code in it."""

from __future__ import annotations

import os
import pickle
from typing import Any, Mapping, Optional

from ..errors import SetupError
from ..servable import Tensor
from .arrays import ArrayModel

_METHODS = ("predict_proba", "decision_function", "predict_log_proba", "transform", "score_samples")


class EstimatorModel(ArrayModel):
    """An object with `predict`."""

    kind = "scikit-learn"
    platform = "sklearn"
    mixed = True

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        self._default = next(
            (name for name in ("predict", "transform") if callable(getattr(estimator, name, None))), ""
        )
        self.methods = [name for name in _METHODS if callable(getattr(estimator, name, None))]
        features = getattr(estimator, "n_features_in_", None)
        names = getattr(estimator, "feature_names_in_", None)
        self.columns = None if names is None else [str(name) for name in names]
        self._frame = _frame_maker(self.columns)
        shape = (
            (-1,)
            if features is None and self.columns is None and _takes_texts(estimator)
            else (-1, int(features or -1))
        )
        self.inputs = [Tensor("input", "BYTES" if len(shape) == 1 else "FP64", shape)]
        self.outputs = [Tensor("output", _output_type(estimator), (-1,))]

    def predict(self, arrays: Mapping[str, Any], method: Optional[str]) -> dict[str, Any]:
        import numpy

        (array,) = arrays.values()
        given = array if self._frame is None else self._frame(array)
        found = getattr(self._estimator, method or self._default)(given)
        if hasattr(found, "toarray"):
            found = found.toarray()
        return {"output": numpy.asarray(found)}


def _takes_texts(estimator: Any) -> bool:
    """Its first step reads texts, as the vectorizers of scikit-learn do."""
    steps = getattr(estimator, "steps", None)
    first = steps[0][1] if steps else getattr(estimator, "best_estimator_", estimator)
    if first is not estimator and hasattr(first, "steps"):
        return _takes_texts(first)
    return hasattr(first, "build_analyzer")


def _output_type(estimator: Any) -> str:
    classes = getattr(estimator, "classes_", None)
    if classes is None or not hasattr(classes, "dtype"):
        return "FP64"
    return {"i": "INT64", "b": "BOOL", "f": "FP64", "u": "UINT64"}.get(classes.dtype.kind, "BYTES")


def _frame_maker(columns: Any) -> Any:
    """Models that were fitted with names want a table with these names."""
    if columns is None:
        return None
    try:
        import pandas
    except ImportError:
        return None

    def make(array: Any) -> Any:
        frame = pandas.DataFrame(array, columns=columns)
        return frame.infer_objects() if array.dtype.hasobject else frame

    return make


def load(path: str, kind: str) -> ArrayModel:
    return EstimatorModel(_with_predict(_read(path, kind), path))


def _read(path: str, kind: str) -> Any:
    if kind == "skops":
        import skops.io

        untrusted = skops.io.get_untrusted_types(file=path)
        foreign = [
            name for name in untrusted if name.split(".")[0] not in ("sklearn", "numpy", "scipy", "xgboost", "lightgbm")
        ]
        if foreign:
            why = f"it wants to make {', '.join(foreign[:5])}"
            raise SetupError(
                f"{os.path.basename(path)} is not loaded", why, "serve it by a handler that trusts these types"
            )
        return skops.io.load(path, trusted=untrusted)
    try:
        import joblib
    except ImportError:
        if kind == "joblib":
            raise
        with open(path, "rb") as source:
            return pickle.load(source)
    return joblib.load(path)


def _with_predict(found: Any, path: str) -> Any:
    """The model, also if it lies in a dictionary as the only one there."""
    if hasattr(found, "predict") or hasattr(found, "transform"):
        return found
    if isinstance(found, dict):
        inner = [value for value in found.values() if hasattr(value, "predict")]
        if len(inner) == 1 and len(found) == 1:
            return inner[0]
        why = f"it holds a dictionary of {', '.join(map(str, list(found)[:8]))}"
    else:
        why = f"it holds {type(found).__module__}.{type(found).__name__}, which has no predict"
    raise SetupError(
        f"{os.path.basename(path)} is no model to serve by itself",
        why,
        "write a handler: a function predict that loads it",
    )
