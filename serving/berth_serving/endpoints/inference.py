"""Open Inference Protocol (V2) over REST, and the older V1 of KServe."""

from __future__ import annotations

from typing import Any

from .. import __version__
from ..codec import read_json
from ..errors import InvalidInput, NotReady, ServingError, shorten
from ..http import Request, Response, json_response
from ..serving import Serving

VERSION = "1"


async def server_live(serving: Serving, request: Request) -> Response:
    return json_response({"live": True})


async def server_ready(serving: Serving, request: Request) -> Response:
    ready = serving.progress.ready
    return json_response({"ready": ready}, 200 if ready else 503)


async def server_metadata(serving: Serving, request: Request) -> Response:
    return json_response({"name": "berth-serving", "version": __version__, "extensions": []})


def _check_name(serving: Serving, request: Request) -> None:
    name, version = request.parameters["name"], request.parameters.get("version", VERSION)
    if name != serving.settings.name:
        why = f"the server has {serving.settings.name}"
        raise ServingError(f"there is no model {shorten(name, 60)}", why, "name it by --name", status=404)
    if version != VERSION:
        raise ServingError(
            f"there is no version {shorten(version, 20)}", f"the model has version {VERSION}", status=404
        )


async def model_ready(serving: Serving, request: Request) -> Response:
    _check_name(serving, request)
    ready = serving.progress.ready
    return json_response({"name": serving.settings.name, "ready": ready}, 200 if ready else 503)


async def model_metadata(serving: Serving, request: Request) -> Response:
    _check_name(serving, request)
    servable = serving.require()
    return json_response(
        {
            "name": serving.settings.name,
            "versions": [VERSION],
            "platform": servable.platform,
            "inputs": [each.body() for each in servable.inputs],
            "outputs": [each.body() for each in servable.outputs],
        }
    )


async def infer(serving: Serving, request: Request) -> Response:
    _check_name(serving, request)
    servable = serving.require()
    if request.header(b"inference-header-content-length"):
        raise InvalidInput("the body cannot be read", "binary tensors are not taken", "send data as a list in JSON")
    value = read_json(await request.body())
    if not isinstance(value, dict) or not isinstance(value.get("inputs"), list) or not value["inputs"]:
        raise InvalidInput(
            "the body cannot be read",
            "it has no list of inputs",
            'send {"inputs": [{"name", "shape", "datatype", "data"}]}',
        )
    parameters = value.get("parameters")
    wanted = _wanted(value.get("outputs"))
    ask = servable.parse_tensors(value["inputs"], parameters if isinstance(parameters, dict) else {})
    answer = await serving.ask(ask)
    body: dict[str, Any] = {"model_name": serving.settings.name, "model_version": VERSION}
    if "id" in value:
        body["id"] = value["id"]
    return json_response({**body, "outputs": answer.tensors(wanted)})


def _wanted(outputs: Any) -> list[str]:
    if outputs is None:
        return []
    if not isinstance(outputs, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in outputs
    ):
        raise InvalidInput("the body cannot be read", "outputs is no list of objects with names")
    return [each["name"] for each in outputs]


async def v1_predict(serving: Serving, request: Request) -> Response:
    _check_name(serving, request)
    servable = serving.require()
    value = read_json(await request.body())
    if not isinstance(value, dict) or not ("instances" in value or "inputs" in value):
        raise InvalidInput("the body cannot be read", "it has no instances", 'send {"instances": [...]}')
    answer = await serving.ask(servable.parse(value))
    return json_response({"predictions": answer.values()})


async def v1_ready(serving: Serving, request: Request) -> Response:
    _check_name(serving, request)
    if not serving.progress.ready:
        raise NotReady("the model is not ready", serving.progress.step)
    return json_response({"name": serving.settings.name, "ready": True})


async def v1_list(serving: Serving, request: Request) -> Response:
    return json_response({"models": [serving.settings.name]})
