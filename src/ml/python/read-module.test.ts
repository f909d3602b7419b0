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
  ['pd.read_csv("data/train.csv")', 'read data/train.csv'],
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
  expect(module.apps.map(({ variable, factory }) => [variable, factory])).toEqual([
    ['app', false],
    ['create_app', true],
  ]);
  expect(module.routes).toMatchObject([
    { path: '/predict', methods: ['POST'], keys: ['a', 'b'], line: 4 },
    { path: '/health', methods: ['GET'], keys: [] },
  ]);
  expect(module.binds).toMatchObject([{ port: 9000, host: '127.0.0.1', line: 13 }]);
  expect(module.isScript).toBe(true);
});

test('imports in all their forms; one inside try is optional', () => {
  const { imports } = readModule(
    'a.py',
    'import a.b as c, d\nfrom ..x import (y,\n  z as w)\ntry:\n  import e\nexcept ImportError: e = None\n',
  );
  expect(imports).toMatchObject([
    { module: 'a.b', optional: false },
    { module: 'd', line: 1 },
    { module: '..x', names: ['y', 'z'], line: 2 },
    { module: 'e', optional: true },
  ]);
});

test('newer syntax says which Python it needs', () => {
  expect(readModule('a.py', 'match x:\n  case 1: pass\n').syntax).toMatchObject({ version: '3.10', line: 1 });
  expect(readModule('a.py', 'x = 1\n').syntax).toBeUndefined();
});

test('code made to be slow to read is read at once', () => {
  const start = performance.now();
  for (const source of [
    `x${'.a()'.repeat(50_000)}`,
    `@app.post('/p')\ndef f():\n  ${'a'.repeat(200_000)}`,
    `x = [${'['.repeat(5000)}`,
    `y = ${'f('.repeat(20_000)}`,
    `open(${'('.repeat(2000)}'a'${')'.repeat(2000)})`,
  ])
    readModule('a.py', source);
  expect(performance.now() - start).toBeLessThan(5000);
});

test('broken and hostile code is read without an end or a crash', () => {
  expect(readModule('a.py', 'def f(:\n  import os\n').path).toBe('a.py');
  expect(readModule('a.py', '('.repeat(3000)).files).toEqual([]);
  expect(readModule('a.py', `x = ${'"a" + '.repeat(2000)}"b"\nopen(x)`).path).toBe('a.py');
});
