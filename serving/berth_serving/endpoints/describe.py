"""`/openapi.json`, and the page where one can try the model."""

from __future__ import annotations

import html
import json
import pathlib
from typing import Any

from .. import __version__
from ..http import Request, Response, accepts, json_response
from ..servable import Description
from ..serving import Serving

_PAGE = pathlib.Path(__file__).with_name("page.html")
_PAGE_HEADERS = (
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
)


async def openapi(serving: Serving, request: Request) -> Response:
    """OpenAPI 3.1; components.schemas has Input and Output, as cog's clients read them."""
    return json_response(document(serving, serving.require().describe()))


def document(serving: Serving, told: Description) -> dict[str, Any]:
    error = {
        "description": "what failed, why, and what to do",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    body: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Input"}}
    if told.example is not None:
        body["example"] = told.example
    errors = {status: error for status in ("400", "422", "500", "503", "504")}

    def predicts(summary: str) -> dict[str, Any]:
        good = {
            "description": "the answer",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Prediction"}}},
        }
        return {
            "post": {
                "summary": summary,
                "requestBody": {"required": True, "content": {"application/json": body}},
                "responses": {"200": good, **errors},
            }
        }

    def reads(summary: str) -> dict[str, Any]:
        return {
            "get": {"summary": summary, "responses": {"200": {"description": "yes"}, "503": {"description": "not now"}}}
        }

    model = f"/v2/models/{serving.settings.name}"
    return {
        "openapi": "3.1.0",
        "info": {"title": told.title or serving.settings.name, "version": __version__, "description": told.text},
        "paths": {
            "/predictions": predicts("Predicts"),
            "/invocations": predicts("Predicts, as SageMaker asks: JSON, CSV or npy"),
            f"{model}/infer": {
                "post": {
                    "summary": "Predicts, by the Open Inference Protocol",
                    "responses": {"200": {"description": "the outputs"}, **errors},
                }
            },
            "/readyz": reads("Whether the model can be asked"),
            "/livez": reads("Whether the server lives"),
            "/ping": reads("Whether the model can be asked, as SageMaker asks"),
            "/metrics": reads("Counts and times, for Prometheus"),
        },
        "components": {
            "schemas": {
                "Input": told.input_schema or {"title": "Input"},
                "Output": {"title": "Output", **told.output_schema},
                "Prediction": {
                    "type": "object",
                    "properties": {
                        "prediction": {"$ref": "#/components/schemas/Output"},
                        "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Output"}},
                    },
                },
                "Error": {
                    "type": "object",
                    "properties": {
                        "error": {
                            "type": "object",
                            "properties": {
                                "what": {"type": "string"},
                                "why": {"type": "string"},
                                "fix": {"type": "string"},
                            },
                        }
                    },
                },
            }
        },
    }


async def page(serving: Serving, request: Request) -> Response:
    """A page for browsers; for programs, what there is to ask."""
    if not accepts(request.header(b"accept"), "text/html"):
        paths = {
            "predict": "/predictions",
            "ready": "/readyz",
            "live": "/livez",
            "metrics": "/metrics",
            "openapi": "/openapi.json",
        }
        return json_response({"name": serving.settings.name, "status": serving.progress.phase, "paths": paths})
    servable = serving.servable
    told = (
        servable.describe()
        if servable is not None and serving.progress.ready
        else Description("model", serving.settings.name)
    )
    state = {"example": told.example, "streams": bool(servable and servable.streams), "schema": told.input_schema}
    # In a script element only `</` and `<!` could end it.
    script = (
        json.dumps(state, default=str).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    )
    text = _PAGE.read_text("utf-8")
    parts = {
        "@TITLE@": html.escape(told.title or serving.settings.name),
        "@KIND@": html.escape(told.kind),
        "@TEXT@": html.escape(told.text),
    }
    for name, value in parts.items():
        text = text.replace(name, value)
    return Response(text.replace("@STATE@", script).encode("utf-8"), b"text/html; charset=utf-8", headers=_PAGE_HEADERS)
