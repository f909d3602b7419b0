import { expect, test } from 'vitest';
import { startCommand } from './start-command.ts';

test.each([
  ['gunicorn app:app', { program: 'gunicorn', target: { module: 'app', variable: 'app' } }],
  ['gunicorn -w 4 -k uvicorn.workers.UvicornWorker -b 0.0.0.0:9000 api.main:app', { program: 'gunicorn', target: { module: 'api.main', variable: 'app' }, port: 9000 }],
  ['gunicorn --bind 0.0.0.0:$PORT shop.wsgi --log-file -', { target: { module: 'shop.wsgi', variable: '' }, port: undefined }],
  ['uvicorn src.api:app --host 0.0.0.0 --port ${PORT:-8080} --reload', { target: { module: 'src.api', variable: 'app' }, port: 8080, host: '0.0.0.0' }],
  ['cd backend && poetry run uvicorn main:app', { program: 'uvicorn', folder: 'backend' }],
  ['sh setup.sh && streamlit run app.py --server.port=8600', { program: 'streamlit', script: 'app.py', port: 8600 }],
  ['FOO=1 python3 -u src/serve.py --port 7000', { program: 'python', script: 'src/serve.py', port: 7000 }],
  ['python -m uvicorn main:app', { program: 'uvicorn', target: { module: 'main', variable: 'app' } }],
  ['python -m package.server', { target: { module: 'package.server', variable: '' } }],
  ['python application', { program: 'python', script: 'application/__main__.py' }],
  ['bash -c "gunicorn web:create_app()"', { program: 'gunicorn', target: { module: 'web', variable: 'create_app' } }],
  ['flask --app shop/app.py run -p 5001', { program: 'flask', target: { module: 'shop.app', variable: '' }, port: 5001 }],
  ['python manage.py runserver 0.0.0.0:8001', { program: 'python', script: 'manage.py', port: 8001 }],
  ['exec waitress-serve --listen=*:8041 app:app', { program: 'waitress-serve', port: 8041 }],
  ['bentoml serve service:Iris --port 3001', { target: { module: 'service', variable: 'Iris' }, port: 3001 }],
])('%s', (line, expected) => {
  expect(startCommand(line)).toMatchObject(expected);
}); // prettier-ignore

test.each(['npm start', 'celery -A shop worker', 'echo hello', '', 'pip install -r requirements.txt', '"'])(
  '%j starts no program',
  (line) => {
    expect(startCommand(line)).toBeUndefined();
  },
);
