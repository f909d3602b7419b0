import { expect, test } from 'vitest';
import { baseImages, commandPort, copiedFiles } from './own-dockerfile.ts';
import { pythonOfDockerfile } from './python-version.ts';

const DOCKERFILE = `# syntax=docker/dockerfile:1
ARG PYTHON=3.12
FROM --platform=linux/amd64 python:\${PYTHON}-slim AS builder
COPY requirements.txt ./
RUN pip install \\
    # a comment between
    -r requirements.txt
FROM python:\${PYTHON}-slim
COPY --from=builder /usr/local /usr/local
COPY --from=nginx:1.27 /etc/nginx /etc/nginx
COPY ["app.py", "model.pkl", "./"]
COPY src/*.py ./
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "9000"]
`;

test('base images, copied files, Python and port of a Dockerfile', () => {
  expect(baseImages(DOCKERFILE)).toEqual(['python:3.12-slim', 'nginx:1.27']);
  expect(copiedFiles(DOCKERFILE)).toEqual(['requirements.txt', 'app.py', 'model.pkl']);
  expect(pythonOfDockerfile(DOCKERFILE)).toBe('3.12');
  expect(commandPort(DOCKERFILE)).toBe(9000);
});

test('ports in other spellings', () => {
  expect(commandPort('CMD gunicorn -b 0.0.0.0:8080 app:app')).toBe(8080);
  expect(commandPort('CMD ["gunicorn", "--bind", ":5001", "app:app"]')).toBe(5001);
  expect(commandPort('CMD ["streamlit","run","a.py","--server.port=8600"]')).toBe(8600);
  expect(commandPort('CMD ["python", "app.py"]')).toBeUndefined();
});

test('scratch and the names of stages are no images to fetch', () => {
  expect(baseImages('FROM scratch\nFROM debian AS base\nFROM base\nCOPY --from=0 /a /a')).toEqual(['debian']);
});
