"""XGBoost, LightGBM and CatBoost in their own formats."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from ..servable import Tensor
from .arrays import ArrayModel


class BoosterModel(ArrayModel):
    """Trees; one table in, one array out."""

    def __init__(self, kind: str, booster: Any, features: tuple[int, Any]) -> None:
        self.kind = self.platform = kind
        self._booster = booster
        count, names = features
        usual = names is None or all(
            str(name).startswith(("Column_", "f")) and str(name).lstrip("Columnf_").isdigit() for name in names
        )
        self.columns = None if usual else [str(name) for name in names]
        self.inputs = [Tensor("input", "FP64" if kind == "lightgbm" else "FP32", (-1, count or -1))]
        self.outputs = [Tensor("output", "FP64" if kind == "lightgbm" else "FP32", (-1,))]

    def predict(self, arrays: Mapping[str, Any], method: Optional[str]) -> dict[str, Any]:
        import numpy

        (array,) = arrays.values()
        if self.kind == "xgboost":
            return {"output": numpy.asarray(self._booster.inplace_predict(array, validate_features=False))}
        found = numpy.asarray(self._booster.predict(array))
        return {"output": found.reshape(-1) if found.ndim == 2 and found.shape[1] == 1 else found}


def load(path: str, kind: str) -> ArrayModel:
    if kind == "xgboost":
        import xgboost

        booster = xgboost.Booster()
        booster.load_model(path)
        return BoosterModel(kind, booster, (booster.num_features(), booster.feature_names))
    if kind == "lightgbm":
        import lightgbm

        trees = lightgbm.Booster(model_file=path)
        return BoosterModel(kind, trees, (trees.num_feature(), trees.feature_name()))
    import catboost

    model = catboost.CatBoost()
    model.load_model(path)
    if len(model.classes_) > 0:  # answers classes rather than what they are made of
        model = catboost.CatBoostClassifier()
        model.load_model(path)
    names = model.feature_names_
    own = None if all(name.isdigit() for name in names) else names
    return BoosterModel(kind, model, (len(names), own))
