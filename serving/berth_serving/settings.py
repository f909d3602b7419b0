"""Settings: arguments, with variables of the environment as their defaults."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence

MEGABYTE = 1024 * 1024
FORMATS = (
    "onnx",
    "pickle",
    "joblib",
    "skops",
    "xgboost",
    "lightgbm",
    "catboost",
    "torchscript",
    "keras",
    "saved-model",
    "safetensors",
)
OTHER_NAMES = {"sklearn": "pickle", "savedmodel": "saved-model", "torch-script": "torchscript"}


@dataclass(frozen=True)
class Settings:
    """How to serve. Times in seconds, sizes in bytes."""

    handler: Optional[str] = None
    model: Optional[str] = None
    format: Optional[str] = None
    name: str = "model"
    host: str = "0.0.0.0"
    port: int = 8080
    threads: Optional[int] = None
    max_batch: int = 32
    batch_delay: float = 0.0
    queue: int = 256
    timeout: float = 60.0
    max_body: int = 64 * MEGABYTE
    grace: float = 25.0
    drain: float = 0.0
    access_log: bool = False
    debug: bool = False
    opt_ml: str = "/opt/ml"


def _flag(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes", "on")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e7:
        raise argparse.ArgumentTypeError(f"{text} is no time in seconds")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return value


def _format(text: str) -> str:
    value = OTHER_NAMES.get(text, text)
    if value not in FORMATS:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(FORMATS)}")
    return value


# Name, type, metavar, help. A variable BERTH_SERVING_<NAME> is the default of each.
_OPTIONS: tuple[tuple[str, Any, str, str], ...] = (
    ("handler", str, "MODULE[:ATTRIBUTE]", "function, class or module that answers"),
    ("model", str, "PATH", "model file or folder to serve without code of its own; for a handler, its model folder"),
    ("format", _format, "FORMAT", f"format of the model: {', '.join(FORMATS)}; otherwise by its name and first bytes"),
    ("name", str, "NAME", "name of the model in the Open Inference Protocol (model)"),
    ("host", str, "ADDRESS", "address to listen on (0.0.0.0)"),
    ("port", _port, "PORT", "port to listen on (PORT, else 8080)"),
    (
        "threads",
        _positive,
        "N",
        "predictions at a time (of functions and classes as many as there are CPUs, at most 4; else 1)",
    ),
    ("max-batch", _positive, "N", "rows that are predicted together, where the model takes batches (32)"),
    ("batch-delay", _seconds, "SECONDS", "how long a free model waits for more rows (0)"),
    ("queue", _positive, "N", "requests that may wait; more get 503 (256)"),
    ("timeout", _seconds, "SECONDS", "how long a request may take; more gets 504 (60)"),
    ("max-body", _positive, "BYTES", "size of a request's body; more gets 413 (64 MB)"),
    ("grace", _seconds, "SECONDS", "how long running requests may take after SIGTERM (25)"),
    ("drain", _seconds, "SECONDS", "how long to take new requests after SIGTERM, while /readyz says no (0)"),
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m berth_serving",
        description="Serves a handler or a bare model over HTTP. `serve` and `train` do it as SageMaker asks for it.",
    )
    made.add_argument("verb", nargs="?", choices=("serve", "train"), help="as SageMaker starts a container")
    for name, kind, metavar, text in _OPTIONS:
        made.add_argument(f"--{name}", type=kind, metavar=metavar, help=text)
    made.add_argument("--access-log", action="store_true", default=None, help="a JSON line for each request")
    made.add_argument("--debug", action="store_true", default=None, help="tell clients the traces of errors")
    made.add_argument("--opt-ml", metavar="DIR", help=argparse.SUPPRESS)
    return made


def parse(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> tuple[Optional[str], Settings]:
    """The verb, if one was given, and the settings: arguments before variables before defaults."""
    made = parser()
    given = vars(made.parse_args(list(arguments)))
    verb = given.pop("verb")
    values: dict[str, Any] = {}
    kinds = {name.replace("-", "_"): kind for name, kind, _, _ in _OPTIONS}
    kinds.update({"access_log": _flag, "debug": _flag, "opt_ml": str})
    for name, kind in kinds.items():
        variable = f"BERTH_SERVING_{name.upper()}"
        if given.get(name) is not None:
            values[name] = given[name]
        elif environment.get(variable):
            values[name] = _from_variable(made, variable, (kind, environment[variable]))
    if "port" not in values:
        port = environment.get("SAGEMAKER_BIND_TO_PORT" if verb == "serve" else "PORT")
        if port:
            values["port"] = _from_variable(made, "PORT", (_port, port))
    return verb, Settings(**values)


def _from_variable(made: argparse.ArgumentParser, variable: str, given: tuple[Any, str]) -> Any:
    kind, text = given
    try:
        return kind(text)
    except (ValueError, argparse.ArgumentTypeError) as error:
        made.error(f"{variable}: {error}")
