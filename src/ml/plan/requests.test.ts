import { expect, test } from 'vitest';
import { findApps } from '../detect/app.ts';
import { readProject } from '../detect/project.ts';
import { treeOf } from '../files.ts';
import { exampleRequests } from './requests.ts';

const HEAD = 'from fastapi import FastAPI\nfrom pydantic import BaseModel\napp = FastAPI()\n';

async function first(source: string): Promise<unknown> {
  const facts = await readProject(treeOf({ 'main.py': HEAD + source }));
  const [app] = findApps(facts);
  const [request] = app === undefined ? [] : await exampleRequests(facts, app);
  return request === undefined ? undefined : [request.path, request.body === undefined ? undefined : JSON.parse(request.body)];
} // prettier-ignore

const ask = async (source: string): Promise<unknown> => {
  const facts = await readProject(treeOf({ 'predict.py': source }));
  const [app] = findApps(facts);
  return app === undefined ? undefined : (await exampleRequests(facts, app)).map(({ path, body }) => [path, body]);
};

test('a function that the serving runtime calls is asked with its arguments', async () => {
  expect(await ask('def predict(a: float, text: str, n: int = 3): return a')).toEqual([['/predictions', '{"a":1,"text":"hello"}']]);
  expect(await ask('def predict(x): return x')).toEqual([]);
}); // prettier-ignore

test.each([
  ['class Item(BaseModel):\n  a: float\n  b: str = "x"\n  c: list[int]\n  d: bool\n@app.post("/predict")\ndef p(item: Item): pass', ['/predict', { a: 1, b: 'x', c: [1, 2, 3, 4], d: true }]],
  ['@app.post("/generate")\ndef g(prompt: str, tokens: int = 3): pass', ['/generate?prompt=hello', undefined]],
  ['class A(BaseModel):\n  text: str\nclass B(A):\n  kind: Literal["x", "y"]\n@app.post("/rain")\ndef r(b: B): return model.predict(b)', ['/rain', { text: 'hello', kind: 'x' }]],
  ['@app.post("/predict")\ndef p(rows: List[List[float]]): pass', ['/predict', [[1, 2, 3, 4]]]],
  ['class In(BaseModel):\n  values: dict[str, float]\n@app.post("/predict")\ndef p(a: In, request: Request): pass', ['/predict', { values: {} }]],
  ['@app.post("/users")\ndef u(name: str): db.commit()', undefined],
  ['@app.post("/train")\ndef t(x: int): pass', undefined],
])('%j', async (source, expected) => {
  expect(await first(source)).toEqual(expected);
}); // prettier-ignore
