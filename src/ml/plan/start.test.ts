import { expect, test } from 'vitest';
import { findApps } from '../detect/app.ts';
import { readProject } from '../detect/project.ts';
import { treeOf } from '../files.ts';
import { planStart, type StartChoice } from './start.ts';

type Texts = Record<string, string>;

async function start(texts: Texts): Promise<StartChoice> {
  const facts = await readProject(treeOf(texts));
  const [app] = findApps(facts);
  if (app === undefined) throw new Error('no app was found');
  return planStart(facts, app);
}

const FLASK = 'from flask import Flask\napp = Flask(__name__)\n';
const FASTAPI = 'from fastapi import FastAPI\napp = FastAPI()\n';
const GUNICORN = { 'requirements.txt': 'flask\ngunicorn' };
const UVICORN = { 'requirements.txt': 'fastapi\nuvicorn' };

const CASES: readonly (readonly [string, Texts, string, string, number | null])[] = [
  ['a package with relative imports', { 'shop/main.py': `from .x import y\n${FASTAPI}`, 'shop/x.py': '', ...UVICORN }, 'uvicorn shop.main:app --host 0.0.0.0 --port 8000', '', 8000],
  ['files that import each other', { 'src/main.py': `import model\n${FASTAPI}`, 'src/model.py': '', ...UVICORN }, 'uvicorn main:app --host 0.0.0.0 --port 8000', 'src', 8000],
  ['imports from the top', { 'src/main.py': `from src.model import x\n${FASTAPI}`, 'src/model.py': '', ...UVICORN }, 'uvicorn src.main:app --host 0.0.0.0 --port 8000', '', 8000],
  ['a folder with its own manifest', { 'backend/app/main.py': FASTAPI, 'backend/requirements.txt': 'fastapi\nuvicorn', 'README.md': '' }, 'uvicorn app.main:app --host 0.0.0.0 --port 8000', 'backend', 8000],
  ['the src layout', { 'src/feel/api.py': `from feel.model import x\n${FASTAPI}`, 'src/feel/model.py': '', 'src/feel/__init__.py': '', ...UVICORN }, 'uvicorn feel.api:app --host 0.0.0.0 --port 8000', 'src', 8000],
  ['options of the Procfile', { 'app.py': FLASK, Procfile: 'web: gunicorn --workers 3 --timeout 120 app:app --bind 0.0.0.0:$PORT --preload', ...GUNICORN }, 'gunicorn --bind 0.0.0.0:5000 --workers 3 --timeout 120 --preload app:app', '', 5000],
  ["gunicorn with uvicorn's workers", { 'main.py': FASTAPI, Procfile: 'web: gunicorn -w 2 -k uvicorn.workers.UvicornWorker main:app', 'requirements.txt': 'fastapi\nuvicorn\ngunicorn' }, 'gunicorn --bind 0.0.0.0:8000 -w 2 -k uvicorn.workers.UvicornWorker main:app', '', 8000],
  ['a main block that prepares', { 'app.py': `${FLASK}def load(): pass\nif __name__ == "__main__":\n  load()\n  app.run(host="0.0.0.0")`, 'requirements.txt': 'flask' }, 'python app.py', '', 5000],
  ['a host that an option sets', { 'run.py': 'from aiohttp import web\nimport argparse\ndef main():\n  p = argparse.ArgumentParser()\n  p.add_argument("--host", default="localhost")\n  p.add_argument("--port", default=9090)\n  a = p.parse_args()\n  app = web.Application()\n  web.run_app(app, host=a.host, port=a.port)\nmain()' }, 'python run.py --host 0.0.0.0', '', 9090],
  ['Quart', { 'app.py': 'from quart import Quart\napp = Quart(__name__)', 'requirements.txt': 'quart' }, 'hypercorn --bind 0.0.0.0:5000 app:app', '', 5000],
  ['Sanic', { 'app.py': 'from sanic import Sanic\napp = Sanic("a")', 'requirements.txt': 'sanic' }, 'sanic app:app --host=0.0.0.0 --port=8000', '', 8000],
  ['Django with gunicorn', { 'web/manage.py': 'from django.core.management import execute_from_command_line\nexecute_from_command_line(a)', 'web/shop/wsgi.py': '', 'requirements.txt': 'django\ngunicorn' }, 'gunicorn --bind 0.0.0.0:8000 --access-logfile - shop.wsgi:application', 'web', 8000],
  ['Django alone', { 'manage.py': 'from django.core.management import execute_from_command_line\nexecute_from_command_line(a)', 'requirements.txt': 'django' }, 'python manage.py runserver --noreload 0.0.0.0:8000', '', 8000],
  ['Streamlit in a folder, with its settings', { 'ui/page.py': 'import streamlit as st\nst.title("a")', '.streamlit/config.toml': '[theme]\nbase = "dark"\n[server]\nport = 8600\n' }, 'streamlit run ui/page.py --server.address=0.0.0.0 --server.port=8600 --server.headless=true --browser.gatherUsageStats=false', '', 8600],
  ['a module of a package that is a program', { 'tool/__main__.py': 'from .x import y\nfrom aiohttp import web\ndef go():\n  app = web.Application()\n  web.run_app(app, host="0.0.0.0", port=8085)\ngo()', 'tool/x.py': '', 'tool/__init__.py': '' }, 'python -m tool', '', 8085],
  ['a handler', { 'fraud/predict.py': 'def predict(x: float): return x' }, 'python -m berth_serving --handler fraud.predict:predict --port 8080', '', 8080],
  ['FastAPI without a server', { 'api.py': FASTAPI, 'requirements.txt': 'fastapi' }, 'uvicorn api:app --host 0.0.0.0 --port 8000', '', 8000],
  ['Flask with sockets', { 'app.py': `${FLASK}from flask_socketio import SocketIO\nsocketio = SocketIO(app)\nif __name__ == "__main__":\n  socketio.run(app, host="0.0.0.0", port=5003)`, 'requirements.txt': 'flask\nflask-socketio' }, 'python app.py', '', 5003],
  ['settings of gunicorn', { 'app.py': FLASK, 'gunicorn.conf.py': 'workers = 2\nbind = "0.0.0.0:8081"\n', ...GUNICORN }, 'gunicorn --bind 0.0.0.0:8081 --access-logfile - app:app', '', 8081],
  ['Gradio inside of FastAPI', { 'app.py': 'import gradio as gr\nfrom fastapi import FastAPI\napp = gr.mount_gradio_app(FastAPI(), demo, path="/")', ...UVICORN }, 'uvicorn app:app --host 0.0.0.0 --port 8000', '', 8000],
  ['a function that an installed command calls', { 'src/box/server.py': 'import uvicorn\nfrom fastapi import FastAPI\ndef main():\n  app = FastAPI()\n  uvicorn.run(app, host="0.0.0.0", port=8010)', 'src/box/__init__.py': '', 'pyproject.toml': '[project]\nname = "box"\ndependencies = ["fastapi", "uvicorn"]\n[project.scripts]\nbox-serve = "box.server:main"\n' }, 'python -c from box.server import main; main()', 'src', 8010],
  ['a worker', { 'worker.py': 'while True: pass' }, 'python worker.py', '', null],
  ['the port of an own Dockerfile', { 'app.py': FLASK, Dockerfile: 'FROM python:3.11\nEXPOSE 8090\nCMD ["gunicorn", "-b", "0.0.0.0:8090", "app:app"]', ...GUNICORN }, 'gunicorn --bind 0.0.0.0:8090 --access-logfile - app:app', '', 8090],
]; // prettier-ignore

test.each(CASES)('%s', async (...[, texts, command, directory, port]) => {
  const choice = await start(texts);
  expect([choice.start.command.join(' '), choice.start.directory, choice.port]).toEqual([command, directory, port]);
  expect(choice.decisions.every(({ why }) => why !== '')).toBe(true);
});

test('an app that only its main block makes ready listens on all addresses although it names none', async () => {
  const { start: made } = await start({ 'app.py': `${FLASK}def load(): pass\nif __name__ == "__main__":\n  load()\n  app.run(debug=True)`, 'requirements.txt': 'flask' });
  expect(made.command.slice(0, 2)).toEqual(['python', '-c']);
  expect(made.command[2]).toContain("'0.0.0.0', 5000");
  expect(made.command[2]).toContain("run_path('app.py', run_name='__main__')");
}); // prettier-ignore

test('a port that only the environment names is set there', async () => {
  const { start: made, port } = await start({ 'app.py': `${FLASK}import os\nif __name__ == "__main__":\n  app.run(host="0.0.0.0", port=int(os.environ["PORT"]))`, 'requirements.txt': 'flask' });
  expect([made.environment['PORT'], port]).toEqual(['5000', 5000]);
}); // prettier-ignore

test('an address of this machine alone is an error where nothing changes it', async () => {
  const { findings } = await start({ 'a.py': 'import gradio as gr\ngr.Interface(f, "text", "text").launch(server_name="127.0.0.1", server_port=7777)' });
  expect(findings).toMatchObject([{ code: 'bound-to-localhost', file: 'a.py', line: 2, severity: 'error' }]);
}); // prettier-ignore

test.each([
  [{ 'app.py': `${FASTAPI}@app.get("/items/{id}")\ndef i(): pass\n@app.get("/healthz")\ndef h(): pass` }, '/healthz'],
  [{ 'main.py': `from routes import router\n${FASTAPI}app.include_router(router, prefix="/api")`, 'routes.py': 'from fastapi import APIRouter\nrouter = APIRouter(prefix="/v1")\n@router.get("/ping")\ndef p(): pass' }, '/api/v1/ping'],
  [{ 'app.py': `${FLASK}from views import bp\napp.register_blueprint(bp, url_prefix="/x")`, 'views.py': 'from flask import Blueprint\nbp = Blueprint("b", __name__)\n@bp.route("/status")\ndef s(): pass' }, '/x/status'],
  [{ 'app.py': `from a import r\n${FASTAPI}app.include_router(r, prefix=settings.API)`, 'a.py': 'from fastapi import APIRouter\nfrom b import q\nr = APIRouter()\nr.include_router(q)', 'b.py': 'from fastapi import APIRouter\nq = APIRouter(prefix="/u")\n@q.get("/health")\ndef h(): pass' }, '/docs'],
  [{ 'app.py': `from a import r\nfrom config import settings\n${FASTAPI}app.include_router(r, prefix=settings.API)`, 'config.py': 'class S:\n  API: str = "/v2"', 'a.py': 'from fastapi import APIRouter\nfrom b import q\nr = APIRouter()\nr.include_router(q)', 'b.py': 'from fastapi import APIRouter\nq = APIRouter(prefix="/u")\n@q.get("/health")\ndef h(): pass' }, '/v2/u/health'],
  [{ 'app.py': FLASK }, '/'],
  [{ 'app.py': 'import streamlit as st\nst.write(1)' }, '/_stcore/health'],
])('health of %j', async (texts, path) => {
  expect((await start(texts as Texts)).health).toBe(path);
}); // prettier-ignore
