"""Bare models: which format a file has, and its loader."""

from __future__ import annotations

import importlib
import os
from typing import Optional

from ..errors import SetupError
from ..servable import Tell
from .arrays import ArrayModel

#: The module with `load(path, tell)` of each format.
LOADERS = {
    "onnx": "onnx",
    "pickle": "pickled",
    "joblib": "pickled",
    "skops": "pickled",
    "xgboost": "boosting",
    "lightgbm": "boosting",
    "catboost": "boosting",
    "torchscript": "torchscript",
    "keras": "tensorflow",
    "saved-model": "tensorflow",
}

_BY_ENDING = {
    ".onnx": "onnx",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".sav": "pickle",
    ".joblib": "joblib",
    ".jl": "joblib",
    ".skops": "skops",
    ".ubj": "xgboost",
    ".xgb": "xgboost",
    ".bst": "xgboost",
    ".lgb": "lightgbm",
    ".cbm": "catboost",
    ".pt": "torchscript",
    ".pth": "torchscript",
    ".ts": "torchscript",
    ".torchscript": "torchscript",
    ".keras": "keras",
    ".h5": "keras",
    ".hdf5": "keras",
    ".safetensors": "safetensors",
}


def detect(path: str) -> tuple[str, str]:
    """The model's own path (a folder may hold it) and its format."""
    if not os.path.exists(path):
        raise SetupError(
            f"the model {path} is not there", "no file of that name is in the container", "mount it or copy it"
        )
    if os.path.isdir(path):
        return _detect_folder(path)
    found = _detect_file(path)
    if found is None:
        raise SetupError(
            f"the format of {path} is not known",
            "neither its name nor its first bytes tell it",
            "name it with --format",
        )
    return path, found


def _detect_folder(path: str) -> tuple[str, str]:
    names = sorted(os.listdir(path))
    if "saved_model.pb" in names:
        return path, "saved-model"
    if "config.json" in names and any(name.endswith((".safetensors", ".bin")) for name in names):
        return path, "safetensors"
    files = [name for name in names if os.path.isfile(os.path.join(path, name))]
    found = [
        (os.path.join(path, name), kind) for name in files for kind in [_detect_file(os.path.join(path, name))] if kind
    ]
    if len(found) == 1:
        return found[0]
    folders = [
        name for name in names if os.path.isdir(os.path.join(path, name)) and (name.isdigit() or name == "model")
    ]
    if not found and len(folders) == 1:
        return _detect_folder(os.path.join(path, folders[0]))
    if not found:
        raise SetupError(
            f"{path} has no model",
            f"none of its {len(names)} entries is a model that is known",
            "name the file with --model",
        )
    listed = ", ".join(os.path.basename(each) for each, _ in found[:5])
    raise SetupError(f"{path} has several models", f"it holds {listed}", "name one of them with --model")


def _detect_file(path: str) -> Optional[str]:
    ending = os.path.splitext(path)[1].lower()
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    if ending not in (".json", ".txt", ".model", ".bin", ""):
        return None
    with open(path, "rb") as source:
        head = source.read(256)
    if head.startswith(b"tree\n"):
        return "lightgbm"
    if head.startswith((b"binf", b"{L\x00")) or b'"learner"' in head:
        return "xgboost"
    return "pickle" if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05" else None


def load_model(path: str, kind: str, tell: Tell) -> ArrayModel:
    """Reads a model into memory. Raises SetupError with the distribution that is missing, if one is."""
    tell(f"loading {os.path.basename(path.rstrip('/'))}")
    module = importlib.import_module(f".{LOADERS[kind]}", __name__)
    try:
        model = module.load(path, kind)
    except ModuleNotFoundError as error:
        name = (error.name or "a module").split(".")[0]
        what = f"{os.path.basename(path)} cannot be loaded"
        raise SetupError(
            what, f"it needs the module {name}, which is not installed", "add it to the requirements"
        ) from error
    assert isinstance(model, ArrayModel)
    return model
