"""Handlers of every form, asked in every form."""

from __future__ import annotations

import base64
import json
import unittest

from berth_serving.errors import SetupError

from .client import module, run, with_handler


class Functions(unittest.TestCase):
    @run
    async def test_a_function_gets_named_inputs(self) -> None:
        async with with_handler("def predict(a: float, b: int = 2):\n    return a * b") as client:
            self.assertEqual((await client.predict({"a": 1.5})).json, {"prediction": 3.0})
            self.assertEqual((await client.predict({"a": 1, "b": 4})).json, {"prediction": 4.0})
            self.assertEqual(
                (await client.predict({"instances": [{"a": 1}, {"a": 2}]})).json, {"predictions": [2.0, 4.0]}
            )
            self.assertEqual((await client.predict([3, 3])).json, {"prediction": 9.0})

    @run
    async def test_what_does_not_fit_is_told_with_its_place(self) -> None:
        async with with_handler("def predict(a: float, names: list[str] = []):\n    return a") as client:
            for body, words in (
                ({"a": "x"}, "a should be a number"),
                ({"b": 1}, "b is no input"),
                ({}, "a is missing"),
                ({"a": 1, "names": ["x", 5]}, "names[1] should be a text"),
                ({"a": True}, "a should be a number"),
            ):
                answer = await client.predict(body)
                self.assertEqual(answer.status, 422, body)
                self.assertIn(words, answer.json["error"]["why"])
            answer = await client.predict("{")
            self.assertEqual(answer.status, 400)
            self.assertIn("no valid JSON", answer.json["error"]["why"])
            self.assertEqual((await client.predict("[" * 100_000)).status, 400)

    @run
    async def test_a_function_of_one_input_takes_the_whole_body(self) -> None:
        async with with_handler("def predict(x):\n    return x") as client:
            for value in ([1, 2], "text", 5, {"y": 1}, {"x": 1, "y": 2}):
                self.assertEqual((await client.predict(json.dumps(value))).json, {"prediction": value})
            self.assertEqual((await client.predict({"x": 7})).json, {"prediction": 7})
            self.assertEqual((await client.predict({"instances": [[1], [2]]})).json, {"predictions": [[1], [2]]})

    @run
    async def test_a_dataclass_is_made_of_the_body(self) -> None:
        source = (
            "import dataclasses\n@dataclasses.dataclass\nclass Flower:\n    width: float\n    name: str = 'iris'\n"
            "def predict(flower: Flower) -> dict:\n    return {'name': flower.name, 'area': flower.width ** 2}"
        )
        async with with_handler(source) as client:
            expected = {"prediction": {"name": "iris", "area": 4.0}}
            self.assertEqual((await client.predict({"width": 2})).json, expected)
            self.assertEqual((await client.predict({"flower": {"width": 2}})).json, expected)
            answer = await client.predict({"width": 2, "height": 1})
            self.assertEqual(answer.status, 422)

    @run
    async def test_errors_of_the_handler_tell_clients_no_trace(self) -> None:
        source = "def predict(x):\n    raise RuntimeError('secret')"
        async with with_handler(source) as client:
            answer = await client.predict(1)
            self.assertEqual(answer.status, 500)
            self.assertNotIn(b"secret", answer.body)
            self.assertIn("RuntimeError", answer.json["error"]["why"])
        async with with_handler(source, debug=True) as client:
            answer = await client.predict(1)
            self.assertIn("secret", answer.json["error"]["trace"])

    @run
    async def test_a_handler_refuses_by_an_error_of_its_own(self) -> None:
        source = (
            "import berth_serving\ndef predict(x):\n    raise berth_serving.InvalidInput('too short', 'x is empty')"
        )
        async with with_handler(source) as client:
            answer = await client.predict("")
            self.assertEqual((answer.status, answer.json), (400, {"error": {"what": "too short", "why": "x is empty"}}))

    @run
    async def test_files_come_as_base64_or_as_the_body_itself(self) -> None:
        source = (
            "import pathlib\nlast = []\n"
            "def predict(file: pathlib.Path):\n    last.append(file)\n    return file.read_bytes().decode() + file.suffix\n"
            "def gone():\n    return not last[-1].exists()"
        )
        async with with_handler(source) as client:
            text = "data:text/plain;base64," + base64.b64encode(b"hello").decode()
            self.assertEqual((await client.predict({"file": text})).json, {"prediction": "hello.txt"})
            assert client.serving.settings.handler
            import sys

            self.assertTrue(sys.modules[client.serving.settings.handler.split(":")[0]].gone())
            self.assertEqual((await client.predict(b"raw", content_type="image/png")).json, {"prediction": "raw"})
            answer = await client.predict({"file": "http://somewhere/else"})
            self.assertIn("nothing is fetched", answer.json["error"]["why"])

    @run
    async def test_a_form_may_carry_files(self) -> None:
        async with with_handler("def predict(data: bytes, n: int):\n    return len(data) * n") as client:
            body = (
                b'--x\r\nContent-Disposition: form-data; name="data"; filename="a.bin"\r\n\r\nabc\r\n'
                b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n5\r\n--x--\r\n'
            )
            answer = await client.predict(body, content_type="multipart/form-data; boundary=x")
            self.assertEqual(answer.json, {"prediction": 15})

    @run
    async def test_csv_rows_are_instances(self) -> None:
        async with with_handler("def predict(a: float, b: float):\n    return a + b") as client:
            answer = await client.predict("1,2\n3,4\n", "/invocations", content_type="text/csv")
            self.assertEqual((answer.body, answer.headers["content-type"]), (b"3.0\n7.0\n", "text/csv; charset=utf-8"))
            answer = await client.predict(
                "b,a\n1,2\n", "/invocations", content_type="text/csv", accept="application/json"
            )
            self.assertEqual(answer.json, {"predictions": [3.0]})
            answer = await client.predict("1,2\n3\n", "/invocations", content_type="text/csv")
            self.assertEqual(answer.status, 400)

    @run
    async def test_an_asynchronous_function_answers_many_at_once(self) -> None:
        import asyncio
        import time

        source = "import asyncio\nasync def predict(x):\n    await asyncio.sleep(0.2)\n    return x"
        async with with_handler(source) as client:
            start = time.monotonic()
            answers = await asyncio.gather(*(client.predict(i) for i in range(10)))
            self.assertEqual([answer.json["prediction"] for answer in answers], list(range(10)))
            self.assertLess(time.monotonic() - start, 1.5)

    @run
    async def test_pieces_are_sent_as_events(self) -> None:
        for source in (
            "def predict(n: int):\n    for i in range(n):\n        yield i",
            "async def predict(n: int):\n    for i in range(n):\n        yield i",
        ):
            async with with_handler(source) as client:
                answer = await client.predict({"n": 3}, accept="text/event-stream")
                self.assertEqual(answer.body, b"data: 0\n\ndata: 1\n\ndata: 2\n\nevent: done\ndata: {}\n\n")
                answer = await client.predict({"n": 2}, accept="application/x-ndjson")
                self.assertEqual(answer.body, b"0\n1\n")
                self.assertEqual((await client.predict({"n": 3})).json, {"prediction": [0, 1, 2]})
                self.assertEqual((await client.predict({"n": "x"}, accept="text/event-stream")).status, 422)

    @run
    async def test_an_error_in_the_middle_of_a_stream_is_an_event(self) -> None:
        async with with_handler("def predict(x):\n    yield 1\n    raise ValueError('no')") as client:
            answer = await client.predict(1, accept="text/event-stream")
            self.assertTrue(answer.body.startswith(b"data: 1\n\nevent: error\n"), answer.body)


class Batches(unittest.TestCase):
    @run
    async def test_requests_that_wait_are_predicted_together(self) -> None:
        import asyncio

        source = (
            "import time\nsizes = []\n"
            "def predict(xs: list[float]):\n    sizes.append(len(xs))\n    time.sleep(0.05)\n    return [2 * x for x in xs]\n"
            "predict.max_batch_size = 8"
        )
        async with with_handler(source) as client:
            answers = await asyncio.gather(*(client.predict({"xs": i}) for i in range(20)))
            self.assertEqual([answer.json["prediction"] for answer in answers], [2.0 * i for i in range(20)])
            import sys

            assert client.serving.settings.handler
            sizes = sys.modules[client.serving.settings.handler.split(":")[0]].sizes
            self.assertLessEqual(max(sizes), 8)
            self.assertLess(len(sizes), 10)

    @run
    async def test_a_bad_request_harms_no_other_of_its_batch(self) -> None:
        import asyncio

        source = (
            "import time\ndef predict_batch(xs: list[int]):\n    time.sleep(0.02)\n    return [10 // x for x in xs]"
        )
        async with with_handler(source, "predict_batch") as client:
            answers = await asyncio.gather(*(client.predict({"xs": i}) for i in (1, 2, 0, 5)))
            self.assertEqual([answer.status for answer in answers], [200, 200, 500, 200])
            self.assertEqual(answers[3].json, {"prediction": 2})

    @run
    async def test_a_batch_of_several_inputs_comes_as_lists(self) -> None:
        source = "def predict_batch(a: list[int], b: list[int]):\n    return [x + y for x, y in zip(a, b)]"
        async with with_handler(source, "predict_batch") as client:
            body = {"instances": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}
            self.assertEqual((await client.predict(body)).json, {"predictions": [3, 7]})

    @run
    async def test_too_few_answers_are_an_error(self) -> None:
        async with with_handler("def predict_batch(xs):\n    return [1]", "predict_batch") as client:
            answer = await client.predict({"instances": [1, 2]})
            self.assertEqual(answer.status, 500)
            self.assertIn("1 for 2", answer.json["error"]["why"])


class Classes(unittest.TestCase):
    @run
    async def test_a_class_is_made_and_loaded_once(self) -> None:
        source = (
            "class Model:\n    def __init__(self):\n        self.n = 0\n    def load(self):\n        self.n += 1\n"
            "    def predict(self, x: int) -> int:\n        return x + self.n"
        )
        async with with_handler(source, "Model") as client:
            self.assertEqual((await client.predict({"x": 1})).json, {"prediction": 2})
        async with with_handler(source, "") as client:
            self.assertEqual((await client.predict({"x": 2})).json, {"prediction": 3})

    @run
    async def test_steps_before_and_after_are_called(self) -> None:
        source = (
            "class Model:\n    def __init__(self, **kwargs):\n        self.config = kwargs['config']\n    def load(self): pass\n"
            "    def preprocess(self, x): return x['v']\n    def predict(self, x): return x * 2\n    def postprocess(self, x): return {'out': x}"
        )
        async with with_handler(source, "Model") as client:
            self.assertEqual((await client.predict({"v": 4})).json, {"prediction": {"out": 8}})

    @run
    async def test_a_constructor_may_take_the_models_path(self) -> None:
        source = "class Model:\n    def __init__(self, weights):\n        self.path = weights\n    def predict(self, x):\n        return self.path"
        async with with_handler(source, "Model", model="/weights") as client:
            self.assertEqual((await client.predict(1)).json, {"prediction": "/weights"})
        with self.assertRaises(SetupError) as caught:
            async with with_handler(source, "Model"):
                pass
        self.assertIn("--model", caught.exception.fix)

    @run
    async def test_a_handler_of_hugging_face_gets_the_whole_body(self) -> None:
        source = (
            "class EndpointHandler:\n    def __init__(self, path):\n        self.path = path\n"
            "    def __call__(self, data: dict):\n        return [len(data['inputs']), self.path != '']"
        )
        async with with_handler(source, "EndpointHandler") as client:
            self.assertEqual(
                (await client.predict({"inputs": "four", "parameters": {}})).json, {"prediction": [4, True]}
            )
        async with with_handler(source, "") as client:
            self.assertEqual((await client.predict({"inputs": "four"})).json, {"prediction": [4, True]})

    @run
    async def test_a_function_of_lambda_gets_an_event(self) -> None:
        source = (
            "import json\ndef lambda_handler(event, context):\n    body = json.loads(event['body'])\n    assert context.aws_request_id\n"
            "    if 'x' not in body:\n        return {'statusCode': 400, 'body': json.dumps('x is missing')}\n"
            "    return {'statusCode': 200, 'body': json.dumps({'y': body['x'] + event['x']})}"
        )
        async with with_handler(source, "lambda_handler") as client:
            self.assertEqual((await client.predict({"x": 2})).json, {"prediction": {"y": 4}})
            answer = await client.predict({"z": 2})
            self.assertEqual((answer.status, answer.json["error"]["why"]), (400, "x is missing"))

    def test_what_is_not_there_is_told(self) -> None:
        name = module("def other():\n    pass")
        from berth_serving.handlers.find import find_handler, import_module, split_name

        with self.assertRaises(SetupError) as caught:
            find_handler(import_module(name), "predict")
        self.assertIn("other", caught.exception.why)
        with self.assertRaises(SetupError):
            find_handler(import_module(name), None)
        with self.assertRaises(SetupError):
            import_module("no_such_module")
        self.assertEqual(split_name("src/app.py:Model.predict"), ("src.app", "Model.predict"))
        with self.assertRaises(SetupError):
            split_name("a b")


COG = """
from cog import BasePredictor, Input, ConcatenateIterator
class Predictor(BasePredictor):
    def setup(self):
        self.greeting = 'hello'
    def predict(self, name: str = Input(description='whom'), times: int = Input(default=1, ge=1, le=3),
                tone: str = Input(default='kind', choices=['kind', 'stern'])) -> str:
        return ' '.join([self.greeting, name] * times)
class Talker(BasePredictor):
    def predict(self, text: str) -> ConcatenateIterator[str]:
        for word in text.split():
            yield word + ' '
"""


class Cog(unittest.TestCase):
    @run
    async def test_a_predictor_answers_as_cog_does(self) -> None:
        async with with_handler(COG, "Predictor") as client:
            answer = await client.predict({"input": {"name": "you"}})
            self.assertEqual((answer.json["status"], answer.json["output"]), ("succeeded", "hello you"))
            answer = await client.ask("PUT", "/predictions/abc", {"input": {"name": "you", "times": 2}})
            self.assertEqual((answer.json["id"], answer.json["output"]), ("abc", "hello you hello you"))
            for body, words in (
                ({"times": 1}, "name is missing"),
                ({"name": "x", "times": 4}, "at most 3"),
                ({"name": "x", "tone": "odd"}, "one of 'kind'"),
            ):
                answer = await client.predict({"input": body})
                self.assertEqual(answer.status, 422)
                self.assertIn(words, answer.json["error"]["why"])
            self.assertEqual((await client.ask("GET", "/health-check")).json["status"], "READY")
            schema = (await client.ask("GET", "/openapi.json")).json["components"]["schemas"]["Input"]
            self.assertEqual(schema["properties"]["times"]["maximum"], 3)
            self.assertEqual(schema["required"], ["name"])

    @run
    async def test_pieces_that_are_joined_make_one_text(self) -> None:
        async with with_handler(COG, "Talker") as client:
            answer = await client.predict({"input": {"text": "a b"}})
            self.assertEqual(answer.json["output"], "a b ")
            answer = await client.predict({"input": {"text": "a b"}}, accept="text/event-stream")
            self.assertIn(b'data: "a "\n\n', answer.body)


class SageMaker(unittest.TestCase):
    @run
    async def test_the_functions_of_a_module_are_called_in_turn(self) -> None:
        source = (
            "import json\ndef model_fn(model_dir):\n    return 3\n"
            "def input_fn(body, content_type):\n    assert isinstance(body, str)\n    return json.loads(body)['x']\n"
            "def predict_fn(x, model):\n    return x * model\n"
            "def output_fn(prediction, accept):\n    return json.dumps({'y': prediction}), accept"
        )
        async with with_handler(source, "predict_fn") as client:
            answer = await client.predict(
                {"x": 2}, "/invocations", content_type="application/json", accept="application/json"
            )
            self.assertEqual((answer.body, answer.headers["content-type"]), (b'{"y": 6}', "application/json"))
            self.assertEqual((await client.predict({"x": 2})).json, {"prediction": {"y": 6}})

    @run
    async def test_functions_that_are_missing_have_usual_ones(self) -> None:
        source = "class M:\n    def predict(self, rows):\n        return [sum(row) for row in rows]\ndef model_fn(model_dir):\n    return M()"
        async with with_handler(source, "") as client:
            answer = await client.predict([[1, 2], [3, 4]], "/invocations", content_type="application/json")
            self.assertEqual(answer.json, [3, 7])
            answer = await client.predict("x", "/invocations", content_type="application/pdf")
            self.assertEqual(answer.status, 415)

    @run
    async def test_transform_fn_does_it_all(self) -> None:
        source = "def model_fn(d):\n    return 1\ndef transform_fn(model, body, content_type, accept):\n    return b'raw', 'image/png'"
        async with with_handler(source, "") as client:
            answer = await client.predict("x", "/invocations", content_type="text/plain")
            self.assertEqual((answer.body, answer.headers["content-type"]), (b"raw", "image/png"))


if __name__ == "__main__":
    unittest.main()
