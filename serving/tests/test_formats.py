"""Bare models, as far as their libraries are installed."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pickle
import tempfile
import unittest
from typing import Any

from berth_serving.errors import SetupError
from berth_serving.formats import detect
from berth_serving.formats.transformers import task_of
from berth_serving.settings import FORMATS, Settings

from .client import Client, optional, run

numpy: Any = optional("numpy")
sklearn: Any = optional("sklearn")
onnxruntime: Any = optional("onnxruntime")


def needs(*modules: Any) -> Any:
    return unittest.skipIf(None in modules, "a library of the format is not installed")


class Detecting(unittest.TestCase):
    def test_names_and_first_bytes_tell_the_format(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, head, expected in (
                ("a.onnx", b"", "onnx"),
                ("b.txt", b"tree\nversion=v4\n", "lightgbm"),
                ("c.json", b'{"learner":{"x":1}}', "xgboost"),
                ("d.model", b"binf\0\0", "xgboost"),
                ("e", b"\x80\x04\x95", "pickle"),
                ("f.keras", b"PK", "keras"),
            ):
                path = os.path.join(folder, name)
                with open(path, "wb") as target:
                    target.write(head)
                self.assertEqual(detect(path), (path, expected))
            with self.assertRaises(SetupError) as caught:
                detect(folder)
            self.assertIn("several models", caught.exception.what)
            for words in ("package.json", "notes.txt"):
                with open(os.path.join(folder, words), "wb") as target:
                    target.write(b"{}")
                with self.assertRaises(SetupError):
                    detect(os.path.join(folder, words))

    def test_a_folder_with_one_model_is_that_model(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(SetupError):
                detect(folder)
            os.makedirs(os.path.join(folder, "1"))
            path = os.path.join(folder, "1", "saved_model.pb")
            open(path, "wb").close()
            self.assertEqual(detect(folder), (os.path.dirname(path), "saved-model"))

    def test_weights_alone_are_told_what_they_lack(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(SetupError) as caught:
                task_of(folder)
            self.assertIn("config.json", caught.exception.why)
            with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as target:
                json.dump({"architectures": ["BertForSequenceClassification"]}, target)
            self.assertEqual(task_of(folder), "text-classification")

    def test_a_library_that_is_missing_is_named(self) -> None:
        if optional("catboost") is not None:
            self.skipTest("catboost is installed")
        with tempfile.NamedTemporaryFile(suffix=".cbm") as model:
            with self.assertRaises(SetupError) as caught:
                asyncio.run(_load(model.name))
            self.assertIn("catboost", caught.exception.why)

    def test_every_format_has_a_loader(self) -> None:
        from berth_serving.formats import LOADERS

        self.assertEqual(set(FORMATS), {*LOADERS, "safetensors"})


async def _load(path: str) -> None:
    async with Client(Settings(model=path)):
        pass


@needs(numpy, sklearn)
class ScikitLearn(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def save(self, estimator: Any) -> Settings:
        path = os.path.join(self.folder.name, "model.pkl")
        with open(path, "wb") as target:
            pickle.dump(estimator, target)
        return Settings(model=path)

    def classifier(self) -> Any:
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression().fit(
            [[0.0, 0.0], [0.0, 1.0], [5.0, 5.0], [6.0, 5.0]], ["low", "low", "high", "high"]
        )

    @run
    async def test_rows_are_predicted_in_every_form(self) -> None:
        async with Client(self.save(self.classifier())) as client:
            self.assertEqual((await client.predict([6, 6])).json, {"prediction": "high"})
            self.assertEqual((await client.predict([[6, 6], [0, 0]])).json, {"predictions": ["high", "low"]})
            self.assertEqual((await client.predict({"instances": [[6, 6]]})).json, {"predictions": ["high"]})
            self.assertEqual((await client.predict({"features": [6, 6]})).json, {"prediction": "high"})
            self.assertEqual(
                (await client.predict({"dataframe_split": {"columns": ["a", "b"], "data": [[0, 0]]}})).status, 400
            )
            self.assertEqual(
                (await client.predict({"dataframe_split": {"data": [[0, 0]]}})).json, {"predictions": ["low"]}
            )
            answer = await client.predict({"instances": [[6, 6]], "parameters": {"method": "predict_proba"}})
            self.assertGreater(answer.json["predictions"][0][0], 0.9)
            answer = await client.predict("6,6\n0,0\n", "/invocations", content_type="text/csv")
            self.assertEqual(answer.body, b"high\nlow\n")
            body = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [6, 6]}]}
            answer = await client.predict(body, "/v2/models/model/infer")
            self.assertEqual(
                answer.json["outputs"], [{"name": "output", "datatype": "BYTES", "shape": [1], "data": ["high"]}]
            )

    @run
    async def test_arrays_of_numpy_come_and_go(self) -> None:
        async with Client(self.save(self.classifier())) as client:
            target = io.BytesIO()
            numpy.save(target, numpy.array([[6.0, 6.0], [0.0, 0.0]]))
            headers = {"content_type": "application/x-npy", "accept": "application/x-npy"}
            answer = await client.predict(target.getvalue(), "/invocations", **headers)
            self.assertEqual(numpy.load(io.BytesIO(answer.body)).tolist(), ["high", "low"])
            objects = io.BytesIO()
            numpy.save(objects, numpy.array([{}], dtype=object))
            answer = await client.predict(objects.getvalue(), "/invocations", content_type="application/x-npy")
            self.assertEqual(answer.status, 400)
            lying = target.getvalue().replace(b"(2, 2)", b"(9, 9)")
            self.assertEqual(
                (await client.predict(lying, "/invocations", content_type="application/x-npy")).status, 400
            )

    @run
    async def test_what_the_model_does_not_take_is_told(self) -> None:
        async with Client(self.save(self.classifier())) as client:
            for body, words in (
                ([1, 2, 3], "shape"),
                ([["a", "b"]], "could not convert"),
                ([[1, 2], [3]], "differ"),
                ([], "shape"),
                ({}, "takes"),
            ):
                answer = await client.predict(body)
                self.assertEqual(answer.status, 400, body)
                self.assertIn(words, answer.json["error"]["why"])

    @run
    async def test_texts_go_to_models_of_texts(self) -> None:
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.naive_bayes import MultinomialNB
        from sklearn.pipeline import make_pipeline

        model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(["good fine", "bad awful"], [1, 0])
        async with Client(self.save(model)) as client:
            self.assertEqual((await client.predict(["a", "fine", "day"][1])).status, 400)  # no JSON
            self.assertEqual((await client.predict(json.dumps("fine"))).json, {"prediction": 1})
            self.assertEqual((await client.predict({"instances": ["awful", "good"]})).json, {"predictions": [0, 1]})

    @run
    async def test_requests_at_once_are_one_batch(self) -> None:
        async with Client(self.save(self.classifier())) as client:
            answers = await asyncio.gather(*(client.predict([6 * (i % 2), 6 * (i % 2)]) for i in range(30)))
            self.assertEqual([each.json["prediction"] for each in answers], ["low", "high"] * 15)
            self.assertLess(sum(client.serving.metrics.batches.counts), 10)

    def test_a_pickle_of_something_else_is_told(self) -> None:
        for thing, words in (({"model": 1, "scaler": 2}, "model, scaler"), ([1], "no predict")):
            with self.assertRaises(SetupError) as caught:
                asyncio.run(_load(str(self.save(thing).model)))
            self.assertIn(words, caught.exception.why)

    @run
    async def test_named_columns_are_put_in_order(self) -> None:
        pandas = optional("pandas")
        if pandas is None:
            self.skipTest("pandas is not installed")
        from sklearn.linear_model import LinearRegression

        frame = pandas.DataFrame({"a": [0.0, 1.0, 2.0], "b": [0.0, 2.0, 1.0]})
        model = LinearRegression().fit(frame, frame["a"] * 10 + frame["b"])
        async with Client(self.save(model)) as client:
            answer = await client.predict({"b": 3, "a": 1})
            self.assertAlmostEqual(answer.json["prediction"], 13)
            answer = await client.predict({"instances": [{"b": 0, "a": 1}, {"b": 1, "a": 0}]})
            self.assertAlmostEqual(answer.json["predictions"][0], 10)


@needs(numpy, onnxruntime, optional("onnx"))
class Onnx(unittest.TestCase):
    @run
    async def test_a_graph_is_served_with_its_own_names(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "add.onnx")
            _write_sum(path)
            async with Client(Settings(model=path)) as client:
                self.assertEqual((await client.predict({"x": [1, 2], "y": [3, 4]})).json, {"prediction": [4.0, 6.0]})
                body = {"instances": [{"x": [1, 2], "y": [3, 4]}, {"x": [0, 0], "y": [1, 1]}]}
                self.assertEqual((await client.predict(body)).json, {"predictions": [[4.0, 6.0], [1.0, 1.0]]})
                told = (await client.ask("GET", "/v2/models/model")).json
                self.assertEqual(told["inputs"][0], {"name": "x", "datatype": "FP32", "shape": [-1, 2]})
                tensors = [{"name": name, "shape": [1, 2], "datatype": "FP32", "data": [[1, 2]]} for name in ("x", "y")]
                answer = await client.predict({"inputs": tensors}, "/v2/models/model/infer")
                self.assertEqual(answer.json["outputs"][0]["data"], [2.0, 4.0])
                answers = await asyncio.gather(*(client.predict({"x": [i, 0], "y": [0, i]}) for i in range(20)))
                self.assertEqual(
                    [each.json["prediction"] for each in answers], [[float(i), float(i)] for i in range(20)]
                )
                answer = await client.predict({"x": [1, 2, 3], "y": [1, 2, 3]})
                self.assertEqual(answer.status, 400)
                document = (await client.ask("GET", "/openapi.json")).json
                example = document["paths"]["/predictions"]["post"]["requestBody"]["content"]["application/json"][
                    "example"
                ]
                self.assertEqual((await client.predict(example)).status, 200)


def _write_sum(path: str) -> None:
    from onnx import TensorProto, helper, save

    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y", "z")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "y"], ["z"])], "sum", tensors[:2], tensors[2:])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


if __name__ == "__main__":
    unittest.main()
