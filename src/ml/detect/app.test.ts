import { expect, test } from 'vitest';
import { treeOf } from '../files.ts';
import { findApps } from './app.ts';
import { readProject } from './project.ts';

type Texts = Record<string, string>;

const apps = async (texts: Texts): Promise<string[]> => {
  const found = findApps(await readProject(treeOf(texts)));
  return found.map(({ kind, module, variable }) => `${kind} ${module.path}${variable === undefined ? '' : `:${variable}`}`);
}; // prettier-ignore

const FLASK = 'from flask import Flask\napp = Flask(__name__)\n';
const FASTAPI = 'from fastapi import FastAPI\napp = FastAPI()\n';

const CASES: readonly (readonly [string, Texts, string])[] = [
  ['FastAPI', { 'main.py': FASTAPI }, 'fastapi main.py:app'],
  ['a factory that another file calls', { 'shop/__init__.py': 'from flask import Flask\ndef create_app(config):\n  a = Flask(__name__)\n  return a', 'wsgi.py': 'from shop import create_app\napplication = create_app("prod")' }, 'flask wsgi.py:application'],
  ['a factory of a submodule', { 'shop/factory.py': 'from flask import Flask\ndef make():\n  return Flask(__name__)', 'serve.py': 'from shop import factory\napp = factory.make()' }, 'flask serve.py:app'],
  ['an app started by another file', { 'project/core.py': FLASK, 'run.py': 'from project.core import app\napp.run()' }, 'flask run.py:app'],
  ['Streamlit among helpers', { 'pages/1_more.py': 'import streamlit as st\nst.title("b")', 'Home.py': 'import streamlit as st\nst.title("a")', 'utils.py': 'import streamlit as st\n@st.cache_data\ndef f(): pass' }, 'streamlit Home.py'],
  ['Gradio with Blocks', { 'ui.py': 'import gradio as gr\nwith gr.Blocks() as demo:\n  pass\ndemo.launch()' }, 'gradio ui.py:demo'],
  ['Gradio inside of FastAPI', { 'app.py': `import gradio as gr\n${FASTAPI}io = gr.Interface(f, "text", "text")\napp = gr.mount_gradio_app(app, io, path="/")` }, 'fastapi app.py:app'],
  ['Dash with its own Flask', { 'app.py': 'from flask import Flask\nfrom dash import Dash\nserver = Flask(__name__)\napp = Dash(server=server)' }, 'dash app.py:app'],
  ['Django', { 'manage.py': 'import django\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(a)' }, 'django manage.py'],
  ['Chainlit', { 'chat.py': 'import chainlit as cl\n@cl.on_message\nasync def main(m): pass' }, 'chainlit chat.py'],
  ['BentoML by a class', { 'service.py': 'import bentoml\n@bentoml.service(workers=2)\nclass Iris:\n  pass' }, 'bentoml service.py:Iris'],
  ['BentoML as it was', { 'service.py': 'import bentoml\nsvc = bentoml.Service("iris")' }, 'bentoml service.py:svc'],
  ['Ray Serve', { 'serve_it.py': 'from ray import serve\n@serve.deployment\nclass D: pass\nhandle = D.bind()' }, 'ray-serve serve_it.py:handle'],
  ['LitServe', { 'server.py': 'import litserve as ls\nserver = ls.LitServer(api)\nserver.run(port=8001)' }, 'litserve server.py:server'],
  ['Panel', { 'dash.py': 'import panel as pn\npn.Column(1).servable()' }, 'panel dash.py'],
  ['aiohttp in a function', { 'srv.py': 'from aiohttp import web\ndef main():\n  app = web.Application()\n  web.run_app(app)\nmain()' }, 'aiohttp srv.py:app'],
  ['Tornado', { 'srv.py': 'import tornado.web\ndef make_app():\n  return tornado.web.Application([])\nmake_app().listen(8888)' }, 'tornado srv.py:make_app'],
  ['the standard library', { 'x.py': 'from http.server import HTTPServer\nHTTPServer(("", 80), H).serve_forever()' }, 'http x.py'],
  ['gRPC', { 'x.py': 'import grpc\nserver = grpc.server(p)\nserver.add_insecure_port("[::]:50051")' }, 'grpc x.py'],
  ['a predictor of cog', { 'predict.py': 'from cog import BasePredictor\nclass Predictor(BasePredictor):\n  def predict(self, x: str): pass' }, 'handler predict.py:Predictor'],
  ['functions as SageMaker calls them', { 'code/inference.py': 'def model_fn(d): pass\ndef predict_fn(x, model): pass' }, 'handler code/inference.py:predict_fn'],
  ['a handler class', { 'handler.py': 'class EndpointHandler:\n  def __init__(self, path=""): pass\n  def __call__(self, data): pass' }, 'handler handler.py:EndpointHandler'],
  ['a function that predicts', { 'predict.py': 'def predict(text: str) -> str:\n  return text' }, 'handler predict.py:predict'],
  ['a lambda', { 'app.py': 'def lambda_handler(event, context): return 1' }, 'handler app.py:lambda_handler'],
  ['a script', { 'main.py': 'print(1)' }, 'script main.py'],
  ['a notebook', { 'a.ipynb': '{"cells": [{"cell_type": "code", "source": "import numpy"}], "metadata": {}}' }, 'notebook a.ipynb'],
  ['what the Procfile starts', { 'app.py': FLASK, 'other/site.py': FLASK.replace('app =', 'site ='), Procfile: 'web: gunicorn other.site:site' }, 'flask other/site.py:site'],
  ['what a space names', { 'app.py': FLASK, 'demo/ui.py': 'import streamlit as st\nst.write(1)', 'README.md': '---\nsdk: streamlit\napp_file: demo/ui.py\n---\n' }, 'streamlit demo/ui.py'],
  ['what the README starts', { 'a.py': FLASK, 'b.py': FLASK, 'README.md': 'Run it:\n\n    $ python b.py\n' }, 'flask b.py:app'],
  ['what the Dockerfile starts', { 'a.py': FASTAPI, 'b.py': FASTAPI, Dockerfile: 'FROM python:3.11\nCOPY . .\nCMD uvicorn b:app --host 0.0.0.0 --port 80' }, 'fastapi b.py:app'],
]; // prettier-ignore

test.each(CASES)('%s', async (...[, texts, first]) => {
  expect((await apps(texts))[0]).toBe(first);
});

test('programs beside the project come last, and research code is no handler', async () => {
  expect(await apps({ 'examples/app.py': FLASK, 'main.py': 'print(1)' })).toEqual(['script main.py', 'flask examples/app.py:app']);
  expect(await apps({ 'model.py': 'class Model(nn.Module):\n  def predict(self, x): pass' })).toEqual([]);
  expect(await apps({ 'predict.py': 'import argparse\np = argparse.ArgumentParser()\np.add_argument("x")\ndef predict(args): pass\nif __name__ == "__main__":\n  predict(p.parse_args())' })).toEqual([]);
}); // prettier-ignore

test('a server that another file starts gives its port', async () => {
  const facts = await readProject(treeOf({ 'src/api.py': FASTAPI, 'main.py': 'import uvicorn\nuvicorn.run("src.api:app", port=9000)' }));
  const app = findApps(facts).find(({ module }) => module.path === 'src/api.py');
  expect(app?.bind?.port).toBe(9000);
}); // prettier-ignore

test('a port of the settings of another file is found', async () => {
  const texts = { 'app/main.py': `from app.config import Settings\n${FASTAPI}import uvicorn\nuvicorn.run(app, port=Settings().port)`, 'app/config.py': 'class Settings:\n  port: int = 8081' };
  expect(findApps(await readProject(treeOf(texts)))[0]?.bind?.port).toBe(8081);
}); // prettier-ignore
