"""Endpoints beside the prediction itself, limits, and what is told of them."""

from __future__ import annotations

import asyncio
import gzip
import unittest

from berth_serving.errors import NotReady
from berth_serving.settings import Settings, parse

from .client import Client, module, run, with_handler

ADD = "def predict(a: float, b: float = 0.0) -> float:\n    return a + b"
SLOW = "import time\ndef predict(x):\n    time.sleep(x)\n    return x"


class Health(unittest.TestCase):
    @run
    async def test_readiness_tells_the_truth_while_the_model_loads(self) -> None:
        source = (
            "import time, berth_serving\n"
            "class Model:\n    def load(self):\n        time.sleep(0.3)\n    def predict(self, x):\n        return x"
        )
        client = Client(Settings(handler=f"{module(source)}:Model"))
        loading = asyncio.ensure_future(client.serving.load())
        await asyncio.sleep(0.1)
        answer = await client.ask("GET", "/readyz")
        self.assertEqual((answer.status, answer.json["status"]), (503, "loading"))
        self.assertIn("Model.load", answer.json["step"])
        self.assertEqual((await client.ask("GET", "/livez")).status, 200)
        self.assertEqual((await client.ask("GET", "/ping")).status, 503)
        self.assertEqual((await client.ask("GET", "/health-check")).json["status"], "STARTING")
        answer = await client.predict(1)
        self.assertEqual(answer.status, 503)
        self.assertIn("retry-after", answer.headers)
        self.assertIn("loading", answer.json["error"]["why"])
        await loading
        for path in ("/readyz", "/ping", "/v2/health/ready", "/v2/models/model/ready", "/v1/models/model"):
            self.assertEqual((await client.ask("GET", path)).status, 200, path)
        self.assertGreater((await client.ask("GET", "/readyz")).json["loadSeconds"], 0.2)
        client.serving.lane.close()

    @run
    async def test_progress_is_told(self) -> None:
        client = Client(Settings(handler="x"))
        client.serving.progress.tell("reading weights", 0.4)
        self.assertEqual((await client.ask("GET", "/readyz")).json["progress"], 0.4)
        with self.assertRaises(NotReady):
            client.serving.require()


class Limits(unittest.TestCase):
    @run
    async def test_a_full_queue_says_when_to_come_again(self) -> None:
        async with with_handler(SLOW, queue=2, threads=1) as client:
            answers = await asyncio.gather(*(client.predict(0.1) for _ in range(6)))
            statuses = sorted(answer.status for answer in answers)
            self.assertEqual(statuses.count(503) + statuses.count(200), 6)
            self.assertGreaterEqual(statuses.count(503), 3)
            busy = next(answer for answer in answers if answer.status == 503)
            self.assertGreaterEqual(int(busy.headers["retry-after"]), 1)

    @run
    async def test_what_takes_too_long_is_given_up_and_the_loop_lives(self) -> None:
        async with with_handler(SLOW, timeout=0.2, threads=1) as client:
            first = asyncio.ensure_future(client.predict(1.0))
            await asyncio.sleep(0.05)
            self.assertEqual((await client.ask("GET", "/livez")).status, 200)
            answer = await first
            self.assertEqual(answer.status, 504)
            self.assertIn("--timeout", answer.json["error"]["fix"])

    @run
    async def test_large_bodies_are_refused_also_when_they_are_packed(self) -> None:
        async with with_handler("def predict(x):\n    return 1", max_body=1000) as client:
            self.assertEqual((await client.predict("1" * 2000)).status, 413)
            self.assertEqual((await client.predict(b"1", content_length="5000")).status, 413)
            packed = gzip.compress(b"[" + b"1," * 100_000 + b"1]")
            self.assertEqual((await client.predict(packed, content_encoding="gzip")).status, 413)
            self.assertEqual((await client.predict(gzip.compress(b"[1]"), content_encoding="gzip")).status, 200)
            self.assertEqual((await client.predict(gzip.compress(b"[1]")[:-4], content_encoding="gzip")).status, 400)
            self.assertEqual((await client.predict(b"x", content_encoding="br")).status, 415)

    @run
    async def test_other_paths_and_methods_are_told_what_there_is(self) -> None:
        async with with_handler(ADD) as client:
            answer = await client.ask("GET", "/nothing")
            self.assertEqual(answer.status, 404)
            self.assertIn("/predictions", answer.json["error"]["fix"])
            answer = await client.ask("GET", "/predictions")
            self.assertEqual((answer.status, answer.headers["allow"]), (405, "POST"))
            answer = await client.ask("HEAD", "/livez")
            self.assertEqual((answer.status, answer.body), (200, b""))


class Inference(unittest.TestCase):
    @run
    async def test_tensors_become_instances_and_answers_tensors(self) -> None:
        async with with_handler(ADD) as client:
            body = {
                "id": "7",
                "inputs": [
                    {"name": "a", "shape": [2, 1], "datatype": "FP64", "data": [1, 2]},
                    {"name": "b", "shape": [2], "datatype": "FP64", "data": [10, 20]},
                ],
            }
            answer = await client.predict(body, "/v2/models/model/infer")
            expected = [{"name": "output", "datatype": "FP64", "shape": [2], "data": [11.0, 22.0]}]
            self.assertEqual(answer.json, {"model_name": "model", "model_version": "1", "id": "7", "outputs": expected})

    @run
    async def test_inputs_and_outputs_are_told_as_far_as_types_tell_them(self) -> None:
        source = "def predict(a: float, names: list[str], b: int = 1) -> bool:\n    return True"
        async with with_handler(source) as client:
            told = (await client.ask("GET", "/v2/models/model")).json
            self.assertEqual(
                [(each["datatype"], each["shape"]) for each in told["inputs"]],
                [("FP64", [-1]), ("BYTES", [-1, -1]), ("INT64", [-1])],
            )
            self.assertEqual(told["outputs"], [{"name": "output", "datatype": "BOOL", "shape": [-1]}])
        async with with_handler("def predict(x):\n    return x") as client:
            self.assertEqual((await client.ask("GET", "/v2/models/model")).json["inputs"], [])

    @run
    async def test_errors_have_the_protocols_form(self) -> None:
        async with with_handler(ADD) as client:
            path = "/v2/models/model/infer"
            for tensor, words in (
                ({"name": "a", "shape": [3], "datatype": "FP64", "data": [1]}, "3 values"),
                ({"name": "a", "shape": [1], "datatype": "FP8", "data": [1]}, "datatype"),
                ({"name": "a", "shape": [-1], "datatype": "FP64", "data": [1]}, "shape"),
                ({"name": "a", "shape": [1], "datatype": "FP64"}, "no data"),
            ):
                answer = await client.predict({"inputs": [tensor]}, path)
                self.assertEqual(answer.status, 400)
                self.assertIn(words, answer.json["error"])
            self.assertEqual((await client.predict({}, path)).status, 400)
            self.assertEqual((await client.predict({"inputs": []}, "/v2/models/other/infer")).status, 404)
            self.assertEqual((await client.ask("GET", "/v2/models/model/versions/2")).status, 404)
            answer = await client.predict(
                {"inputs": [{"name": "a", "shape": [1], "datatype": "FP64", "data": [1]}], "outputs": [{"name": "zz"}]},
                path,
            )
            self.assertEqual(answer.status, 400)

    @run
    async def test_the_older_protocol_is_spoken(self) -> None:
        async with with_handler(ADD, name="sum") as client:
            answer = await client.predict({"instances": [{"a": 1}, {"a": 2, "b": 2}]}, "/v1/models/sum:predict")
            self.assertEqual(answer.json, {"predictions": [1.0, 4.0]})
            self.assertEqual((await client.ask("GET", "/v1/models")).json, {"models": ["sum"]})


class Told(unittest.TestCase):
    @run
    async def test_openapi_describes_inputs_with_an_example_that_works(self) -> None:
        async with with_handler(ADD) as client:
            document = (await client.ask("GET", "/openapi.json")).json
            content = document["paths"]["/predictions"]["post"]["requestBody"]["content"]["application/json"]
            self.assertEqual((await client.predict(content["example"])).status, 200)
            self.assertEqual(document["components"]["schemas"]["Input"]["required"], ["a"])
            self.assertEqual(document["components"]["schemas"]["Output"]["type"], "number")

    @run
    async def test_the_page_holds_nothing_that_runs_but_its_own(self) -> None:
        source = "def predict(x: str = '</script><script>alert(1)</script>'):\n    '''<b>bold</b>'''\n    return x"
        async with with_handler(source) as client:
            answer = await client.ask("GET", "/", accept="text/html,*/*")
            self.assertEqual(answer.body.count(b"<script>"), 1)
            self.assertNotIn(b"<b>", answer.body)
            self.assertIn("default-src 'none'", answer.headers["content-security-policy"])
            self.assertEqual((await client.ask("GET", "/")).json["paths"]["predict"], "/predictions")

    @run
    async def test_metrics_count_by_route_and_never_by_path(self) -> None:
        async with with_handler(ADD) as client:
            await client.predict({"a": 1})
            await client.ask("GET", "/secret-of-somebody")
            text = (await client.ask("GET", "/metrics")).body.decode()
            self.assertIn('berth_requests_total{route="/predictions",status="200"} 1', text)
            self.assertIn('berth_requests_total{route="other",status="404"} 1', text)
            self.assertIn("berth_ready 1", text)
            self.assertIn('berth_batch_rows_bucket{le="+Inf"} 1', text)
            self.assertNotIn("secret", text)

    @run
    async def test_numbers_that_json_lacks_become_null(self) -> None:
        async with with_handler("def predict(x):\n    return [float('nan'), 1.0, {'a': float('inf')}]") as client:
            self.assertEqual((await client.predict(1)).json, {"prediction": [None, 1.0, {"a": None}]})

    @run
    async def test_types_that_cannot_be_sent_are_accepted_by_nobody(self) -> None:
        async with with_handler(ADD) as client:
            answer = await client.predict({"a": 1}, "/invocations", accept="image/png")
            self.assertEqual(answer.status, 406)


class Arguments(unittest.TestCase):
    def test_arguments_come_before_variables(self) -> None:
        environment = {
            "BERTH_SERVING_PORT": "9000",
            "BERTH_SERVING_MAX_BATCH": "4",
            "PORT": "7000",
            "BERTH_SERVING_DEBUG": "1",
        }
        _, settings = parse(["--port", "8000", "--handler", "a:b"], environment)
        self.assertEqual((settings.port, settings.max_batch, settings.debug), (8000, 4, True))
        _, settings = parse(["--handler", "a"], {"PORT": "7000"})
        self.assertEqual(settings.port, 7000)
        verb, settings = parse(["serve"], {"PORT": "7000", "SAGEMAKER_BIND_TO_PORT": "8123"})
        self.assertEqual((verb, settings.port), ("serve", 8123))
        _, settings = parse(["--model", "m", "--format", "sklearn"], {})
        self.assertEqual(settings.format, "pickle")


if __name__ == "__main__":
    unittest.main()
