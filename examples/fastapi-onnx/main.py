"""Serves the spiral classifier of train.py: POST /predict, GET /health, and FastAPI's own /docs."""

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI(title="Spiral", description="On which arm of a spiral does a point lie?")
session = ort.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])


class Points(BaseModel):
    points: list[tuple[float, float]] = Field(min_length=1, max_length=10_000, examples=[[[0.3, -0.4], [0.5, 0.6]]])


class Arms(BaseModel):
    arms: list[int]
    probabilities: list[list[float]]


@app.get("/")
def about() -> dict[str, str]:
    return {"service": "spiral", "documentation": "/docs"}


@app.post("/predict")
def predict(body: Points) -> Arms:
    """The most likely arm (0, 1 or 2) of each point."""
    (probabilities,) = session.run(["probabilities"], {"points": np.asarray(body.points, dtype=np.float32)})
    return Arms(arms=probabilities.argmax(axis=1).tolist(), probabilities=probabilities.astype(float).round(4).tolist())


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
