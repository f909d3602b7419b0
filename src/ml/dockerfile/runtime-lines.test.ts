import { expect, test } from 'vitest';
import { programLines } from './runtime-lines.ts';

const start = { kind: 'handler', module: 'app.py', environment: {}, directory: '' };

test('the serving runtime is an entry point that knows what it serves without CMD', () => {
  const command = [
    'python',
    '-m',
    'berth_serving',
    '--model',
    'my model.onnx',
    '--format',
    'onnx',
    '--port',
    '8080',
    '--debug',
  ];
  const lines = programLines({ ...start, command });
  expect(lines).toContain('ENTRYPOINT ["python","-m","berth_serving"]');
  expect(lines).toContain('ENV BERTH_SERVING_MODEL="my model.onnx" BERTH_SERVING_FORMAT=onnx PORT=8080');
  expect(lines.at(-1)).toBe('CMD ["--debug"]');
});

test('any other program is CMD alone', () => {
  expect(programLines({ ...start, command: ['python', 'app.py'] })).toEqual(['CMD ["python","app.py"]']);
});
