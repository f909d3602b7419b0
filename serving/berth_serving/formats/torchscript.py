"""TorchScript: programs of PyTorch that need no class of theirs."""

from __future__ import annotations

import os
from typing import Any, Mapping, Optional

from ..errors import SetupError
from ..servable import Tensor
from .arrays import ArrayModel


class TorchScriptModel(ArrayModel):
    """A module; inputs are those of its `forward`, whose ranks it does not tell."""

    kind = "torchscript"
    platform = "pytorch_torchscript"

    def __init__(self, module: Any, device: str) -> None:
        self._module = module
        self._device = device
        names = [argument.name for argument in module.forward.schema.arguments if argument.name != "self"]
        first = next(iter(module.parameters()), None)
        shape = _first_shape(module)
        self.inputs = [Tensor(name, "FP32", shape if len(names) == 1 else (-1, -1)) for name in names] or [
            Tensor("input", "FP32", shape)
        ]
        self.outputs = [Tensor("output", "FP32", (-1, -1))]
        self._dtype = None if first is None else first.dtype

    def predict(self, arrays: Mapping[str, Any], method: Optional[str]) -> dict[str, Any]:
        import torch

        with torch.inference_mode():
            given = [torch.as_tensor(array).to(self._device) for array in arrays.values()]
            if self._dtype is not None and self._dtype.is_floating_point:
                given = [each.to(self._dtype) if each.is_floating_point() else each for each in given]
            return _named(self._module(*given))


def _first_shape(module: Any) -> tuple[int, ...]:
    """By the first weight: a matrix takes rows of its width, a kernel takes pictures of its channels."""
    for name, weight in module.named_parameters():
        if name.endswith("weight") and weight.dim() == 2:
            return (-1, int(weight.shape[1]))
        if name.endswith("weight") and weight.dim() in (3, 4, 5):
            return (-1, int(weight.shape[1]), *([-1] * (weight.dim() - 2)))
        break
    return (-1, -1)


def _named(found: Any) -> dict[str, Any]:
    if isinstance(found, dict):
        return {str(name): value.detach().cpu().numpy() for name, value in found.items()}
    if isinstance(found, (tuple, list)):
        return {f"output_{index}": value.detach().cpu().numpy() for index, value in enumerate(found)}
    return {"output": found.detach().cpu().numpy()}


def load(path: str, kind: str) -> ArrayModel:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        module = torch.jit.load(path, map_location=device).eval()
    except RuntimeError as error:
        why = "it is no TorchScript program; weights alone do not say which model they belong to"
        fix = (
            "write a handler that makes the model and loads them, or export it with torch.jit.save or torch.onnx.export"
        )
        raise SetupError(f"{os.path.basename(path)} cannot be served by itself", why, fix) from error
    return TorchScriptModel(module, device)
