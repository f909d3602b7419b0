"""The program itself: starting, ending, and the verbs of SageMaker."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from typing import Any, Optional

from .client import optional

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SLOW = "import time\ndef predict(x: float):\n    time.sleep(x)\n    return x\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A process in a folder of its own."""

    def __init__(self, folder: str, *arguments: str, **variables: str) -> None:
        self.port = free_port()
        words = [sys.executable, "-m", "berth_serving", *arguments, "--port", str(self.port), "--host", "127.0.0.1"]
        environment = {**os.environ, "PYTHONPATH": HERE, "PYTHONDONTWRITEBYTECODE": "1", **variables}
        self.process = subprocess.Popen(
            words, cwd=folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def wait(self, path: str = "/readyz") -> None:
        end = time.monotonic() + 15
        while time.monotonic() < end:
            try:
                if self.ask("GET", path)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.03)
        raise AssertionError(f"it does not answer: {self.end()[1]}")

    def end(self, name: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(name)
        _, errors = self.process.communicate(timeout=15)
        return self.process.returncode, errors.decode()


@unittest.skipIf(optional("uvicorn") is None, "uvicorn is not installed")
class Serving(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name: str, text: str) -> None:
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as target:
            target.write(text)

    def start(self, *arguments: str, **variables: str) -> Server:
        server = Server(self.folder, *arguments, **variables)
        self.addCleanup(lambda: server.process.poll() is None and server.process.kill())
        return server

    def test_running_requests_end_before_the_server_does(self) -> None:
        self.write("app.py", SLOW)
        server = self.start("--handler", "app:predict")
        server.wait()
        found: list[tuple[int, Any]] = []
        asking = threading.Thread(target=lambda: found.append(server.ask("POST", "/predictions", {"x": 0.5})))
        asking.start()
        time.sleep(0.2)
        code, errors = server.end()
        asking.join()
        self.assertEqual((code, found), (0, [(200, {"prediction": 0.5})]), errors)
        self.assertIn("is ready on port", errors)

    def test_a_prediction_that_never_ends_does_not_hold_the_end_up(self) -> None:
        self.write("app.py", SLOW)
        server = self.start("--handler", "app:predict", "--grace", "1", "--timeout", "60")
        server.wait()
        threading.Thread(
            target=lambda: _quietly(lambda: server.ask("POST", "/predictions", {"x": 60})), daemon=True
        ).start()
        time.sleep(0.2)
        start = time.monotonic()
        server.end()
        self.assertLess(time.monotonic() - start, 8)

    def test_a_stream_that_nobody_reads_any_more_ends(self) -> None:
        self.write(
            "app.py",
            "import time\ndef predict(n: int):\n    try:\n        for i in range(n):\n            time.sleep(0.02)\n"
            "            yield i\n    finally:\n        open('ended', 'w').close()\n",
        )
        server = self.start("--handler", "app:predict")
        server.wait()
        body = b'{"n": 100000}'
        head = (
            f"POST /predictions HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as asking:
            asking.sendall(head.encode() + body)
            received = b""
            while b"data: 3" not in received:
                received += asking.recv(1000)
        self.assertIn(b"text/event-stream", received)
        end = time.monotonic() + 10
        while not os.path.exists(os.path.join(self.folder, "ended")) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "ended")))
        self.assertEqual(server.ask("POST", "/predictions", {"n": 2}), (200, {"prediction": [0, 1]}))
        self.assertEqual(server.end()[0], 0)

    def test_what_asks_are_written_if_they_shall_be(self) -> None:
        self.write("app.py", SLOW)
        server = self.start("--handler", "app:predict", "--access-log")
        server.wait("/livez")
        server.ask("GET", "/nothing?token=secret")
        server.process.send_signal(signal.SIGTERM)
        written, _ = server.process.communicate(timeout=15)
        lines = [json.loads(line) for line in written.decode().splitlines()]
        self.assertIn(("/nothing", 404), [(line["path"], line["status"]) for line in lines])
        self.assertNotIn(b"secret", written)

    def test_while_it_drains_it_answers_and_says_that_it_is_not_ready(self) -> None:
        self.write("app.py", SLOW)
        server = self.start("--handler", "app:predict", "--drain", "1")
        server.wait()
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        status, told = server.ask("GET", "/readyz")
        self.assertEqual((status, told["status"]), (503, "stopping"))
        self.assertEqual(server.ask("POST", "/predictions", {"x": 0})[0], 200)
        _, errors = server.process.communicate(timeout=10)
        self.assertEqual(server.process.returncode, 0, errors)

    def test_it_ends_while_it_loads(self) -> None:
        self.write("app.py", f"import time\ntime.sleep(60)\n{SLOW}")
        server = self.start("--handler", "app:predict")
        server.wait("/livez")
        start = time.monotonic()
        server.end()
        self.assertLess(time.monotonic() - start, 5)

    def test_what_cannot_be_loaded_is_told_and_ends_it(self) -> None:
        self.write("app.py", "import no_such_library\n")
        server = self.start("--handler", "app:predict")
        _, errors = server.process.communicate(timeout=15)
        self.assertEqual(server.process.returncode, 1)
        self.assertIn(b"could not be loaded", errors)
        self.assertIn(b"no_such_library", errors)
        server = self.start("--handler", "other:predict")
        _, errors = server.process.communicate(timeout=15)
        self.assertEqual(server.process.returncode, 1)
        self.assertIn(b"other is not there", errors)
        self.assertNotIn(b"Traceback", errors)

    def test_a_port_that_is_taken_is_told(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            words = [
                sys.executable,
                "-m",
                "berth_serving",
                "--handler",
                "x",
                "--host",
                "127.0.0.1",
                "--port",
                str(taken.getsockname()[1]),
            ]
            done = subprocess.run(words, env={**os.environ, "PYTHONPATH": HERE}, capture_output=True, timeout=15)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"choose another with --port", done.stderr)

    def test_serve_takes_the_code_that_came_with_the_model(self) -> None:
        self.write(
            "ml/model/code/inference.py",
            "def model_fn(d):\n    return 2\ndef predict_fn(x, m):\n    return [m * each for each in x]\n",
        )
        server = self.start("serve", "--opt-ml", os.path.join(self.folder, "ml"))
        server.wait("/ping")
        self.assertEqual(server.ask("POST", "/invocations", [1, 2]), (200, [2, 4]))
        self.assertEqual(server.end()[0], 0)

    def train(self, script: Optional[str], **variables: str) -> tuple[int, str, str]:
        root = os.path.join(self.folder, "ml")
        if script is not None:
            self.write("ml/code/train.py", script)
        words = [sys.executable, "-m", "berth_serving", "train", "--opt-ml", root]
        done = subprocess.run(
            words, cwd=self.folder, env={**os.environ, "PYTHONPATH": HERE, **variables}, capture_output=True, timeout=20
        )
        path = os.path.join(root, "output", "failure")
        failure = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as source:
                failure = source.read()
        return done.returncode, done.stdout.decode(), failure

    def test_train_hands_parameters_and_folders_on(self) -> None:
        self.write(
            "ml/input/config/hyperparameters.json",
            json.dumps({"epochs": "3", "name": "a b", "sagemaker_region": '"x"'}),
        )
        self.write("ml/input/data/train/rows.csv", "1\n")
        script = "import os, sys\nprint(sys.argv[1:], os.environ['SM_CHANNEL_TRAIN'], os.environ['SM_HP_EPOCHS'])\n"
        code, words, failure = self.train(script)
        self.assertEqual((code, failure), (0, ""))
        self.assertIn("['--epochs', '3', '--name', 'a b']", words)
        self.assertIn("input/data/train 3", words)
        self.assertTrue(os.path.isdir(os.path.join(self.folder, "ml", "model")))

    def test_the_reason_of_a_failure_is_left_where_it_is_looked_for(self) -> None:
        code, _, failure = self.train("raise SystemExit('no data here')\n")
        self.assertEqual(code, 1)
        self.assertIn("no data here", failure)

    def test_nothing_to_train_is_told(self) -> None:
        code, _, failure = self.train(None)
        self.assertEqual(code, 1)
        self.assertIn("BERTH_TRAIN_COMMAND", failure)


def _quietly(work: Any) -> None:
    with contextlib.suppress(OSError, ValueError):  # it is cut off
        work()


if __name__ == "__main__":
    unittest.main()
