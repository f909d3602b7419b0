"""Folders of transformers: weights in safetensors, and a config.json with the architecture."""

from __future__ import annotations

import json
import os
from typing import Any, Optional

from ..errors import SetupError
from ..handlers.calling import HandlerServable
from ..servable import Servable, Tell

#: Task by the end of the architecture's name; the first that fits counts.
TASKS = (
    ("ForSequenceClassification", "text-classification"),
    ("ForTokenClassification", "token-classification"),
    ("ForQuestionAnswering", "question-answering"),
    ("ForCausalLM", "text-generation"),
    ("LMHeadModel", "text-generation"),
    ("ForMaskedLM", "fill-mask"),
    ("ForImageClassification", "image-classification"),
    ("ForObjectDetection", "object-detection"),
    ("ForCTC", "automatic-speech-recognition"),
    ("ForSpeechSeq2Seq", "automatic-speech-recognition"),
    ("ForConditionalGeneration", "text2text-generation"),
    ("Model", "feature-extraction"),
)


class Pipeline:
    """A pipeline of transformers, with the words of its own interface."""

    def __init__(self, folder: str, task: str) -> None:
        self._folder = folder
        self._task = task
        self._pipeline: Any = None

    def load(self) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from transformers import pipeline

        device = 0 if torch.cuda.is_available() else -1
        self._pipeline = pipeline(self._task, model=self._folder, device=device)

    def predict(self, inputs: Any, parameters: Optional[dict[str, Any]] = None) -> Any:
        if isinstance(inputs, dict) and self._task == "question-answering":
            return self._pipeline(**inputs)
        return self._pipeline(inputs, **(parameters or {}))


def task_of(folder: str) -> str:
    """Raises SetupError if the folder does not tell its architecture, or another one than those that are known."""
    name = os.path.basename(folder.rstrip("/")) or folder
    try:
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as source:
            found = json.load(source).get("architectures") or []
    except (OSError, ValueError) as error:
        why = "weights in safetensors do not say which model they belong to, and no config.json lies beside them"
        raise SetupError(
            f"{name} cannot be served by itself", why, "add the model's config.json and tokenizer, or write a handler"
        ) from error
    for architecture in found:
        for ending, task in TASKS:
            if str(architecture).endswith(ending):
                return task
    why = f"no way to ask {', '.join(map(str, found)) or 'a model without an architecture'} is known"
    raise SetupError(f"{name} cannot be served by itself", why, "write a handler: a class with load and predict")


def load(path: str, tell: Tell) -> Servable:
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    task = task_of(folder)
    tell(f"loading {os.path.basename(folder.rstrip('/'))} for {task}")
    servable = HandlerServable(Pipeline(folder, task), folder, task)
    servable.platform = "transformers"
    try:
        servable.load(tell)
    except ModuleNotFoundError as error:
        name = (error.name or "a module").split(".")[0]
        raise SetupError(
            f"{folder} cannot be loaded",
            f"it needs the module {name}, which is not installed",
            "add it to the requirements",
        ) from error
    return servable
