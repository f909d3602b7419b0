"""Keras files and SavedModels."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

from ..servable import Tensor
from ..tensors import DATATYPES
from .arrays import ArrayModel


class KerasModel(ArrayModel):
    """A model of Keras."""

    kind = "keras"
    platform = "tensorflow_keras"

    def __init__(self, model: Any) -> None:
        self._model = model
        self.inputs = [_tensor(each, f"input_{index}") for index, each in enumerate(model.inputs)]
        self.outputs = [_tensor(each, f"output_{index}") for index, each in enumerate(model.outputs)]

    def predict(self, arrays: Mapping[str, Any], method: Optional[str]) -> dict[str, Any]:
        given = list(arrays.values())
        found = self._model.predict_on_batch(given if len(given) > 1 else given[0])
        several = (
            list(found.values()) if isinstance(found, dict) else found if isinstance(found, (list, tuple)) else [found]
        )
        return {spec.name: _array(value) for spec, value in zip(self.outputs, several)}


class SavedModel(ArrayModel):
    """The signature `serving_default` of a SavedModel."""

    kind = "saved-model"
    platform = "tensorflow_savedmodel"

    def __init__(self, loaded: Any, signature: Any) -> None:
        self._loaded = loaded  # its variables live as long as this
        self._signature = signature
        _, named = signature.structured_input_signature
        self.inputs = [_tensor(each, name, name) for name, each in named.items()]
        self.outputs = [_tensor(each, name, name) for name, each in signature.structured_outputs.items()]

    def predict(self, arrays: Mapping[str, Any], method: Optional[str]) -> dict[str, Any]:
        import tensorflow

        found = self._signature(**{name: tensorflow.constant(array) for name, array in arrays.items()})
        return {name: _array(value) for name, value in found.items()}


def _array(value: Any) -> Any:
    return value.numpy() if hasattr(value, "numpy") else value


def _tensor(spec: Any, usual: str, name: Optional[str] = None) -> Tensor:
    kind = getattr(spec.dtype, "name", spec.dtype)
    shape: Sequence[Any] = spec.shape or ()
    sizes = tuple(-1 if size is None else int(size) for size in shape)
    given = name or str(getattr(spec, "name", "") or usual).split(":")[0]
    return Tensor(given, DATATYPES.get(str(kind), "BYTES"), sizes)


def load(path: str, kind: str) -> ArrayModel:
    import tensorflow

    if kind == "keras":
        return KerasModel(tensorflow.keras.models.load_model(path, compile=False))
    loaded = tensorflow.saved_model.load(path)
    signatures = loaded.signatures
    return SavedModel(
        loaded, signatures["serving_default"] if "serving_default" in signatures else next(iter(signatures.values()))
    )
