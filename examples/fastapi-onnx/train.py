"""Fits a small neural network to a spiral of points and writes it to model.onnx.

Nothing but NumPy trains here, so that one sees what a training loop does; the ONNX file holds the same two layers.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MODEL_PATH = "model.onnx"
ARMS, POINTS, HIDDEN, STEPS, RATE = 3, 120, 64, 3000, 1.0


def spiral(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points (x, y) on three arms of a spiral, and the arm of each."""
    radius = np.tile(np.linspace(0.05, 1, POINTS), ARMS)
    arm = np.repeat(np.arange(ARMS), POINTS)
    angle = arm * 2 * np.pi / ARMS + radius * 4 + rng.normal(0, 0.15, ARMS * POINTS)
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), arm


def softmax(scores: np.ndarray) -> np.ndarray:
    exp = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)


def fit(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Weights and biases of both layers, by plain gradient descent."""
    w1, b1 = rng.normal(0, 1, (2, HIDDEN)), np.zeros(HIDDEN)
    w2, b2 = rng.normal(0, 0.1, (HIDDEN, ARMS)), np.zeros(ARMS)
    wanted = np.eye(ARMS)[y]
    for step in range(STEPS + 1):
        hidden = np.maximum(x @ w1 + b1, 0)
        probabilities = softmax(hidden @ w2 + b2)
        if step % 500 == 0:
            loss = -np.log(probabilities[np.arange(len(y)), y]).mean()
            print(f"step {step:5d}  loss {loss:.3f}", flush=True)
        error = (probabilities - wanted) / len(y)
        back = (error @ w2.T) * (hidden > 0)
        w2, b2 = w2 - RATE * hidden.T @ error, b2 - RATE * error.sum(axis=0)
        w1, b1 = w1 - RATE * x.T @ back, b1 - RATE * back.sum(axis=0)
    accuracy = (probabilities.argmax(axis=1) == y).mean()
    print(f"accuracy {accuracy:.3f}")
    return [w1, b1, w2, b2]


def to_onnx(weights: list[np.ndarray]) -> onnx.ModelProto:
    names = ["w1", "b1", "w2", "b2"]
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["points", "w1", "b1"], ["sums"]),
            helper.make_node("Relu", ["sums"], ["hidden"]),
            helper.make_node("Gemm", ["hidden", "w2", "b2"], ["scores"]),
            helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        ],
        "spiral",
        [helper.make_tensor_value_info("points", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", ARMS])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in zip(names, weights)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    points, arms = spiral(rng)
    onnx.save(to_onnx(fit(points, arms, rng)), MODEL_PATH)
    print(f"wrote {MODEL_PATH}")
