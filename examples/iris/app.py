"""A page and a JSON API over the Iris classifier that train.py wrote."""

import math
import pickle

from flask import Flask, jsonify, render_template, request

FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
EXAMPLE = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}

app = Flask(__name__)

with open("model.pkl", "rb") as file:
    saved = pickle.load(file)
model, species = saved["model"], saved["species"]


def classify(values: dict) -> dict:
    """The species of one flower, and how sure the model is of each.

    Raises ValueError that says which measurement is missing or is no number.
    """
    row = []
    for name in FEATURES:
        try:
            value = float(values[name])
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{name} must be a number of centimetres") from None
        if not math.isfinite(value) or not 0 < value < 100:
            raise ValueError(f"{name} must be between 0 and 100 centimetres")
        row.append(value)
    probabilities = [float(p) for p in model.predict_proba([row])[0]]
    best = max(range(len(species)), key=probabilities.__getitem__)
    return {
        "species": species[best],
        "probabilities": {name: round(p, 4) for name, p in zip(species, probabilities)},
    }


@app.route("/", methods=["GET", "POST"])
def page():
    """The form; it works without JavaScript too."""
    if request.method == "GET":
        return render_template("index.html", values=EXAMPLE, result=None, error=None)
    try:
        result = classify(request.form)
    except ValueError as error:
        return render_template("index.html", values=request.form, result=None, error=error), 400
    return render_template("index.html", values=request.form, result=result, error=None)


@app.post("/predict")
def predict():
    """Answers {"species": …, "probabilities": {…}} for a JSON object with the four measurements."""
    values = request.get_json(silent=True)
    if not isinstance(values, dict):
        return jsonify(error="send a JSON object with " + ", ".join(FEATURES)), 400
    try:
        return jsonify(classify(values))
    except ValueError as error:
        return jsonify(error=str(error)), 400


@app.get("/health")
def health():
    return jsonify(status="ok")


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)
