"""`train`: runs the project's training with SageMaker's folders and parameters, and leaves the reason of a failure."""

from __future__ import annotations

import collections
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from typing import Any, Mapping, Optional

from ..errors import SetupError
from ..settings import Settings

_USUAL_SCRIPTS = ("train.py", "training.py", "main.py")
#: What SageMaker shows of /opt/ml/output/failure.
_FAILURE_CHARACTERS = 1024
_LAST_LINES = 20


def train(settings: Settings, environment: Mapping[str, str] = os.environ) -> int:
    """Returns the exit code of the training; 1 if it could not be started."""
    root = settings.opt_ml
    try:
        parameters = hyperparameters(root)
        command, folder = _command(root, (environment, parameters))
        for name in ("model", "output/data", "checkpoints"):
            os.makedirs(os.path.join(root, name), exist_ok=True)
        return _run(root, command, (folder, {**environment, **variables(root, parameters)}))
    except SetupError as error:
        print(error.text(), file=sys.stderr, flush=True)
        _leave(root, error.text())
        return 1


def _read(root: str, name: str) -> dict[str, Any]:
    path = os.path.join(root, "input", "config", f"{name}.json")
    try:
        with open(path, encoding="utf-8") as source:
            found = json.load(source)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SetupError(f"{path} cannot be read", str(error), "see how the job was made") from None
    return found if isinstance(found, dict) else {}


def hyperparameters(root: str) -> dict[str, Any]:
    """All come as texts; those that are JSON are read as such, as SageMaker's own toolkit does."""
    found: dict[str, Any] = {}
    for name, value in _read(root, "hyperparameters").items():
        try:
            found[name] = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            found[name] = value
    return found


def variables(root: str, parameters: Mapping[str, Any]) -> dict[str, str]:
    """SM_*, as training scripts for SageMaker read them."""
    resources = _read(root, "resourceconfig")
    channels = _read(root, "inputdataconfig") or dict.fromkeys(_folders(os.path.join(root, "input", "data")))
    own = {name: value for name, value in parameters.items() if not name.startswith("sagemaker_")}
    made = {
        "SM_MODEL_DIR": os.path.join(root, "model"),
        "SM_INPUT_DIR": os.path.join(root, "input"),
        "SM_INPUT_CONFIG_DIR": os.path.join(root, "input", "config"),
        "SM_OUTPUT_DIR": os.path.join(root, "output"),
        "SM_OUTPUT_DATA_DIR": os.path.join(root, "output", "data"),
        "SM_CHECKPOINT_DIR": os.path.join(root, "checkpoints"),
        "SM_CHANNELS": json.dumps(sorted(channels)),
        "SM_HPS": json.dumps(own),
        "SM_HOSTS": json.dumps(resources.get("hosts", ["algo-1"])),
        "SM_CURRENT_HOST": str(resources.get("current_host", "algo-1")),
        "SM_NETWORK_INTERFACE_NAME": str(resources.get("network_interface_name", "eth0")),
        "SM_NUM_CPUS": str(os.cpu_count() or 1),
        "SM_NUM_GPUS": str(len([name for name in _devices() if name[6:].isdigit() and name.startswith("nvidia")])),
    }
    made.update({f"SM_CHANNEL_{name.upper()}": os.path.join(root, "input", "data", name) for name in channels})
    made.update({f"SM_HP_{name.upper().replace('-', '_')}": _text(value) for name, value in own.items()})
    return made


def _devices() -> list[str]:
    try:
        return os.listdir("/dev")
    except OSError:
        return []


def _folders(path: str) -> list[str]:
    try:
        return [name for name in os.listdir(path) if os.path.isdir(os.path.join(path, name))]
    except OSError:
        return []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _command(root: str, given: tuple[Mapping[str, str], Mapping[str, Any]]) -> tuple[list[str], Optional[str]]:
    """What is run, and where: the image's own command, the script that the job names, or a usual one."""
    environment, parameters = given
    words = [
        word
        for name, value in parameters.items()
        if not name.startswith("sagemaker_")
        for word in (f"--{name}", _text(value))
    ]
    own = environment.get("BERTH_TRAIN_COMMAND")
    if own:
        return [*shlex.split(own), *words], None
    code = os.path.join(root, "code")
    named = environment.get("SAGEMAKER_PROGRAM") or parameters.get("sagemaker_program")
    for folder in (code, os.getcwd()):
        for script in [os.path.basename(str(named))] if named else _USUAL_SCRIPTS:
            if os.path.isfile(os.path.join(folder, script)):
                return [sys.executable, script, *words], folder
    why = (
        f"{named} is neither in {code} nor in {os.getcwd()}"
        if named
        else f"none of {', '.join(_USUAL_SCRIPTS)} is in {os.getcwd()}"
    )
    raise SetupError(
        "there is nothing to train", why, "name the command in BERTH_TRAIN_COMMAND, or the script in SAGEMAKER_PROGRAM"
    )


def _run(root: str, command: list[str], where: tuple[Optional[str], Mapping[str, str]]) -> int:
    folder, environment = where
    try:
        process = subprocess.Popen(command, cwd=folder, env=dict(environment), stderr=subprocess.PIPE)
    except OSError as error:
        raise SetupError(f"{command[0]} cannot be run", error.strerror or str(error), "name another command") from None
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: process.send_signal(number))
    last: collections.deque[bytes] = collections.deque(maxlen=_LAST_LINES)
    reader = threading.Thread(target=_hand_on, args=(process, last))
    reader.start()
    code = process.wait()
    reader.join()
    if code != 0:
        words = b"".join(last).decode("utf-8", "replace").strip()
        _leave(root, f"{words}\nexit code {code}" if words else f"exit code {code}")
    return code if code >= 0 else 128 - code


def _hand_on(process: subprocess.Popen[bytes], last: collections.deque[bytes]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        last.append(line)
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()


def _leave(root: str, words: str) -> None:
    """The end of it, which says most."""
    folder = os.path.join(root, "output")
    try:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "failure"), "w", encoding="utf-8") as target:
            target.write(words[-_FAILURE_CHARACTERS:])
    except OSError as error:
        print(f"berth_serving: {folder}/failure cannot be written: {error.strerror}", file=sys.stderr)
