import { expect, test } from 'vitest';
import { readModule } from './read-module.ts';

const files = (source: string): string[] =>
  readModule('app/main.py', source).files.map(
    ({ path, mode }) => `${mode} ${path.replace('/\u0000project', '<root>')}`,
  );

test.each([
  ['open("model.pkl", "rb")', 'read model.pkl'],
  ['with open("out.json", mode="w") as f: pass', 'write out.json'],
  ['from pathlib import Path\nPath("a", "b.bin").write_bytes(x)', 'write a/b.bin'],
  ['P = Path("models") / "m.joblib"\njoblib.dump(model, P)', 'write models/m.joblib'],
  ['DIR = "models"\nmodel = joblib.load(f"{DIR}/m.joblib")', 'read models/m.joblib'],
  ['BASE = Path(__file__).resolve().parent\nmodel = torch.load(BASE / "w.pt")', 'read <root>/app/w.pt'],
  [
    'p = os.path.join(os.path.dirname(os.path.abspath(__file__)), "m.onnx")\nort.InferenceSession(p)',
    'read <root>/app/m.onnx',
  ],
  ['p = os.environ.get("MODEL", "m.pkl")\npickle.load(open(p, "rb"))', 'read m.pkl'],
  ['def save(path="m.pkl"):\n  with open(path, "wb") as f: pass', 'write m.pkl'],
  [
    'parser.add_argument("-o", "--out-file", default="m.npz")\nargs = parser.parse_args()\nnp.savez(args.out_file, x)',
    'write m.npz',
  ],
  ['MODEL_PATH = Path("m.pkl")\nwith MODEL_PATH.open("wb") as f: pass', 'write m.pkl'],
  ['torch.save(net.state_dict(), "net.pt")', 'write net.pt'],
  ['model.save("m.keras")', 'write m.keras'],
  ['booster = lgb.Booster(model_file="m.txt")', 'read m.txt'],
  ['booster = xgb.Booster()\nbooster.load_model("m.json")', 'read m.json'],
  ['pd.read_csv("data/train.csv")', 'read data/train.csv'],
  ['PATHS = {"net": "n.pt"}\ntorch.load(PATHS["net"])', 'read n.pt'],
  ['class C:\n  MODEL = "c.pkl"\nopen(C.MODEL)', 'read c.pkl'],
  ['class C:\n  def __init__(self):\n    self.path = "d.pkl"\n  def load(self): return open(self.path)', 'read d.pkl'],
  ['open("{}/m.bin".format("w"))', 'read w/m.bin'],
  ['WEIGHTS = pathlib.Path(__file__).with_name("w.json")\nWEIGHTS.read_text()', 'read <root>/app/w.json'],
])('%s', (source, expected) => {
  expect(files(source)).toEqual([expected]);
});

test('addresses and names that only exist at run time are no files', () => {
  expect(files('pd.read_csv("https://host.example/x.csv")\nopen(sys.argv[1])\nopen(f"{name}.txt")')).toEqual([]);
});

test('apps, factories, routes and the port they are started on', () => {
  const module = readModule(
    'app.py',
    `import flask, os
PORT = int(os.environ.get("PORT", 9000))
app = flask.Flask(__name__)
@app.route("/predict", methods=["POST"])
def predict():
    data = flask.request.get_json(force=True)
    return str(data["a"] + data.get('b'))
@app.get("/health")
def health(): return "ok"
def create_app():
    return flask.Flask(__name__)
if __name__ == '__main__':
    app.run(host="127.0.0.1", port=PORT)
`,
  );
  expect(module.apps).toMatchObject([
    { variable: 'app', factory: false, importable: true },
    { variable: 'create_app', factory: true, importable: true, line: 10 },
  ]);
  expect(module.routes).toMatchObject([
    { path: '/predict', methods: ['POST'], keys: ['a', 'b'], line: 4, handler: 'predict', owner: 'app' },
    { path: '/health', methods: ['GET'], keys: [] },
  ]);
  expect(module.binds).toMatchObject([{ port: 9000, host: '127.0.0.1', line: 13, portFrom: { variable: 'PORT' } }]);
  expect(module.isScript).toBe(true);
  expect(module.preparesInMain).toBe(false);
});

test.each([
  ['from fastapi import FastAPI\ndef make(config):\n  a = FastAPI()\n  return a', 'make', true, false],
  ['from fastapi import FastAPI\ndef make(config=None):\n  a = FastAPI()\n  return a', 'make', true, true],
  ['from fastapi import FastAPI\ndef main():\n  app = FastAPI()\n  uvicorn.run(app)', 'app', false, false],
  ['from fastapi import FastAPI\nif __name__ == "__main__":\n  app = FastAPI()', 'app', false, false],
  ['import gradio as gr\nwith gr.Blocks() as demo:\n  pass', 'demo', false, true],
  ['from aiohttp import web\napp = web.Application()', 'app', false, true],
  ['from tornado.web import Application\ndef make_app(): return Application([])', 'make_app', true, true],
])('application of %j', (...[source, variable, factory, importable]) => {
  expect(readModule('a.py', source).apps).toMatchObject([{ variable, factory, importable }]);
});

test('a constructor of that name from elsewhere makes no application', () => {
  expect(readModule('a.py', 'from game import Blocks\nb = Blocks()').apps).toEqual([]);
});

test.each([
  ['app.run()', false],
  ['print("x")\n  parser = argparse.ArgumentParser()\n  args = parser.parse_args()\n  app.run(port=args.port)', false],
  ['model = load_model("m.h5")\n  app.run()', true],
  ['load()\n  app.run()', true],
  ['with app.app_context():\n    db.create_all()\n  app.run()', true],
  ['main()', false],
])('the main block %j prepares something: %j', (block, expected) => {
  const source = `from flask import Flask\napp = Flask(__name__)\ndef main():\n  app.run()\nif __name__ == "__main__":\n  ${block}\n`;
  expect(readModule('a.py', source).preparesInMain).toBe(expected);
});

test.each([
  ['uvicorn.run("main:app", host="0.0.0.0", port=8001)', { port: 8001, host: '0.0.0.0', target: 'main:app' }],
  ['from flask import Flask\napp.run("0.0.0.0", 5002)', { port: 5002, host: '0.0.0.0' }],
  ['HTTPServer(("", 8080), H)', { port: 8080, host: '' }],
  ['addr = ("127.0.0.1", 81)\nHTTPServer(addr, H)', { port: 81, host: '127.0.0.1' }],
  ['HTTPServer((os.getenv("HOST", "127.0.0.1"), int(os.environ.get("PORT", 82))), H)', { port: 82, host: '127.0.0.1', hostFrom: { variable: 'HOST' }, portFrom: { variable: 'PORT' } }],
  ['server.add_insecure_port("[::]:50051")', { port: 50051, host: '[::]' }],
  ['app.listen(8888)', { port: 8888 }],
  ['demo.launch(server_name="127.0.0.1", server_port=7777)', { port: 7777, host: '127.0.0.1' }],
  ['parser.add_argument("--host", default="localhost")\nparser.add_argument("--port", type=int, default=9090)\nargs = parser.parse_args()\nweb.run_app(app, host=args.host, port=args.port)', { port: 9090, host: 'localhost', hostFrom: { option: '--host' }, portFrom: { option: '--port' } }],
  ['uvicorn.run(app, port=Settings().port)', { port: undefined, portName: 'port' }],
  ['app.run(host=os.getenv("HOST", "127.0.0.1"), port=int(os.environ["PORT"]))', { host: '127.0.0.1', hostFrom: { variable: 'HOST' }, portFrom: { variable: 'PORT' } }],
])('server of %j', (source, expected) => {
  expect(readModule('a.py', source).binds).toMatchObject([expected]);
}); // prettier-ignore

test('programs, loops and sessions that are run are no servers', () => {
  const source = 'subprocess.run(["ls"])\nasyncio.run(main())\nsess.run(x)\nfrom absl import app\napp.run(main)';
  expect(readModule('a.py', source).binds).toEqual([]);
});

test('imports in all their forms; one inside try is optional', () => {
  const { imports } = readModule(
    'a.py',
    'import a.b as c, d\nfrom ..x import (y,\n  z as w)\ntry:\n  import e\nexcept ImportError: e = None\nif TYPE_CHECKING:\n  import never\ndef f():\n  import late\n',
  );
  expect(imports).toMatchObject([
    { module: 'a.b', as: ['c'], optional: false },
    { module: 'd', line: 1 },
    { module: '..x', names: ['y', 'z'], as: ['y', 'w'], line: 2 },
    { module: 'e', optional: true, late: false },
    { module: 'late', late: true },
  ]);
});

test.each([
  ['match x:\n  case 1: pass\n', '3.10'],
  ['match = re.match("a", b)\nmatch(1)\n', undefined],
  ['type X = int\n', '3.12'],
  ['def f[T](x: T): pass\n', '3.12'],
  ['if (n := 1): pass\n', '3.8'],
  ['def f(x: int | None = None): pass\n', '3.10'],
  ['def f(x: "int | None"): pass\n', undefined],
  ['from __future__ import annotations\ndef f(x: int | None): pass\n', undefined],
  ['def f(x: list[int]) -> dict[str, int]: pass\n', '3.9'],
  ['def f():\n  x: list[int] = []\n', undefined],
  ['try: pass\nexcept* ValueError: pass\n', '3.11'],
  ['import tomllib\n', '3.11'],
  ['try:\n  import tomllib\nexcept ImportError:\n  import tomli\n', undefined],
  ['from typing import Self\n', '3.11'],
  ['from functools import cache\n', '3.9'],
  ['"a".removeprefix("b")\n', '3.9'],
  ['x = 1\n', undefined],
])('syntax of %j', (source, version) => {
  expect(readModule('a.py', source).syntax?.version).toBe(version);
});

test.each([
  ['import imp', '3.12', 1],
  ['from distutils.version import LooseVersion', '3.12', 1],
  ['\nfrom collections import Mapping', '3.10', 2],
  ['import collections\nx = collections.Mapping()', '3.10', 2],
  ['import cgi', '3.13', 1],
  ['try:\n  import imp\nexcept ImportError: pass', undefined, undefined],
  ['from collections import OrderedDict', undefined, undefined],
])('what newer Pythons no longer have in %j', (source, version, line) => {
  const { removed } = readModule('a.py', source);
  expect([removed?.version, removed?.line]).toEqual([version, line]);
});

test.each([
  ['x = 1\nprint "hello"\n', 2],
  ['try:\n  pass\nexcept ValueError, e:\n  pass\n', 3],
  ['import urllib2\n', 1],
  ['print("hello")\n', undefined],
])('Python 2 in %j', (source, line) => {
  expect(readModule('a.py', source).python2?.line).toBe(line);
});

test.each([
  ['os.environ["KEY"]', 'KEY', true],
  ['os.getenv("KEY")', 'KEY', false],
  ['os.environ.get("KEY", "x")', 'KEY', false],
  ['from os import environ\nenviron["KEY"]', 'KEY', true],
  ['try:\n  k = os.environ["KEY"]\nexcept KeyError: pass', 'KEY', false],
  ['from decouple import config\nconfig("KEY")', 'KEY', true],
  ['from decouple import config\nconfig("KEY", default=1)', 'KEY', false],
])('the environment of %j', (source, name, required) => {
  expect(readModule('a.py', source).environment).toMatchObject([{ name, required }]);
});

test('setting a variable of the environment is no reading', () => {
  expect(readModule('a.py', 'os.environ["A"] = "1"\ndel os.environ["B"]\nconfig("x")').environment).toEqual([]);
});

test.each([
  ['AutoModel.from_pretrained("org/model")', 'huggingface', 'org/model'],
  ['NAME = "org/model"\nAutoTokenizer.from_pretrained(NAME, revision="abc")', 'huggingface', 'org/model'],
  ['SentenceTransformer("all-MiniLM-L6-v2")', 'huggingface', 'sentence-transformers/all-MiniLM-L6-v2'],
  ['pipeline("sentiment-analysis")', 'huggingface', 'distilbert/distilbert-base-uncased-finetuned-sst-2-english'],
  ['pipeline("ner", model="a/b")', 'huggingface', 'a/b'],
  ['torch.hub.load("ultralytics/yolov5", "yolov5s")', 'torch', 'ultralytics/yolov5:yolov5s'],
  ['YOLO("yolov8n.pt")', 'ultralytics', 'yolov8n.pt'],
  ['from torchvision import models\nmodels.resnet50(pretrained=True)', 'torchvision', 'resnet50'],
  ['import tensorflow as tf\ntf.keras.applications.MobileNetV2()', 'keras', 'MobileNetV2'],
  ['nltk.download("punkt")', 'nltk', 'punkt'],
  ['spacy.load("en_core_web_sm")', 'spacy', 'en_core_web_sm'],
  ['whisper.load_model("base")', 'whisper', 'base'],
  ['timm.create_model("vit", pretrained=True)', 'huggingface', 'timm/vit'],
  ['hf_hub_download(repo_id="a/b", filename="x")', 'huggingface', 'a/b'],
])('what %j fetches', (source, hub, name) => {
  expect(readModule('a.py', source).downloads).toMatchObject([{ hub, name }]);
});

test('paths are not fetched, and neither are models without weights', () => {
  const source = 'A.from_pretrained("./here")\nB.from_pretrained("/there")\ntimm.create_model("x")\nfrom torchvision import models\nmodels.resnet50()\nfrom pathlib import Path\nC.from_pretrained(Path(__file__).parent / "m")';
  expect(readModule('a.py', source).downloads).toEqual([]);
}); // prettier-ignore

test.each([
  ['model.cuda()', ['demanded']],
  ['model.to("cuda")', ['demanded']],
  ['device = "cuda"\nmodel.to(device)', ['demanded']],
  ['device = torch.device("cuda" if torch.cuda.is_available() else "cpu")\nmodel.to(device)', ['optional']],
  ['if torch.cuda.is_available():\n  model.cuda()', ['optional', 'optional']],
  ['pipeline("ner", device=0)', ['demanded']],
  ['torch.load("m.pt", map_location="cpu")', ['cpu']],
  ['ort.InferenceSession("m.onnx", providers=["CUDAExecutionProvider", "CPUExecutionProvider"])', ['optional']],
  ['A.from_pretrained("a/b", device_map="auto")', ['optional']],
  ['XGBClassifier(tree_method="gpu_hist")', ['demanded']],
  ['model.to("cpu")', ['cpu']],
  ['x.to(y)', []],
])('devices of %j', (source, kinds) => {
  expect(readModule('a.py', source).devices.map(({ kind }) => kind)).toEqual(kinds);
});

test('processes of data loaders, and options of the command line', () => {
  const source = 'p.add_argument("data")\np.add_argument("--workers", type=int, default=4)\na = p.parse_args()\nDataLoader(x, num_workers=a.workers)\nDataLoader(x, num_workers=0)\n';
  const module = readModule('a.py', source);
  expect(module.workers).toEqual([{ count: 4, line: 4 }]);
  expect(module.parsesArguments).toBe(true);
  expect(module.options).toMatchObject([{ name: 'data', required: true }, { name: '--workers', required: false, fallback: 4 }]);
}); // prettier-ignore

test('classes with their fields and methods, functions with their parameters', () => {
  const module = readModule('a.py', 'class Item(BaseModel):\n  a: float\n  b: str = "x"\n  def m(self, *, k=1): pass\nasync def f(x: int, *args, y=2, **kw) -> str: pass\n');
  expect(module.classes).toMatchObject([
    { name: 'Item', bases: ['BaseModel'], fields: [{ name: 'a', annotation: 'float', fallback: undefined }, { name: 'b', fallback: { value: 'x' } }], methods: [{ name: 'm' }] },
  ]);
  expect(module.functions).toMatchObject([{ name: 'f', isAsync: true, line: 5 }]);
  expect(module.functions[0]?.parameters.map(({ name }) => name)).toEqual(['x', '*args', 'y', '**kw']);
}); // prettier-ignore

test('keys that stand in the code are not kept', () => {
  const source = 'API_KEY = "sk-1234"\nclass S:\n  token: str = "hf_1234"\ndef f(password="1234secret", port=8000): pass\np.add_argument("--api-key", default="sk-5678")\np.add_argument("--openai", default="sk-abcdef12345")\nPREFIX = "/api"\n';
  const { names, ...rest } = readModule('a.py', source);
  expect([...names]).toEqual([['port', 8000], ['PREFIX', '/api']]);
  expect(JSON.stringify(rest)).not.toMatch(/sk-|hf_|1234secret/);
}); // prettier-ignore

test('code made to be slow to read is read at once', () => {
  const start = performance.now();
  for (const source of [
    `x${'.a()'.repeat(5000)}`,
    `@app.post('/p')\ndef f():\n  ${'a'.repeat(200_000)}`,
    `x = [${'['.repeat(5000)}`,
    `y = ${'f('.repeat(3000)}`,
    `open(${'('.repeat(2000)}'a'${')'.repeat(2000)})`,
    'if a:\n'.repeat(300),
    `x = [${'1, '.repeat(10_000)}]`,
    'x = 1\n'.repeat(4000),
  ])
    readModule('a.py', source);
  expect(performance.now() - start).toBeLessThan(5000);
});

test('broken and hostile code is read without an end or a crash', () => {
  expect(readModule('a.py', 'def f(:\n  import os\n').path).toBe('a.py');
  expect(readModule('a.py', '('.repeat(3000)).files).toEqual([]);
  expect(readModule('a.py', `x = ${'"a" + '.repeat(2000)}"b"\nopen(x)`).path).toBe('a.py');
  expect(readModule('a.py', 'import __proto__\nx = {"__proto__": 1}\nclass constructor(toString): pass\nhasOwnProperty()').path).toBe('a.py');
}); // prettier-ignore
