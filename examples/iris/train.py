"""Trains the Iris classifier and writes it to model.pkl."""

import pickle
from pathlib import Path

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODEL_PATH = Path("model.pkl")


def main() -> None:
    iris = load_iris()
    x_train, x_test, y_train, y_test = train_test_split(
        iris.data, iris.target, test_size=0.2, stratify=iris.target, random_state=42
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(x_train, y_train)
    print(f"trained on {len(x_train)} flowers")
    print(f"accuracy on {len(x_test)} others: {model.score(x_test, y_test):.3f}")

    with MODEL_PATH.open("wb") as file:
        pickle.dump({"model": model, "species": [str(name) for name in iris.target_names]}, file)
    print(f"wrote {MODEL_PATH} ({MODEL_PATH.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
