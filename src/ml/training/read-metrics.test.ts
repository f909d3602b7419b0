import { expect, test } from 'vitest';
import { openMetricReader } from './read-metrics.ts';

function read(...lines: string[]): Record<string, [number, number][]> {
  const reader = openMetricReader();
  for (const line of lines) reader.read(line);
  return Object.fromEntries(reader.metrics().map(({ name, points }) => [name, points]));
}

test.each([
  ['Keras', ['Epoch 1/2', '\r10/10 - loss: 0.9\r10/10 - loss: 0.7012 - accuracy: 0.5', 'Epoch 2/2', '10/10 - loss: 0.5 - val_loss: 0.61'], { loss: [[1, 0.7012], [2, 0.5]], accuracy: [[1, 0.5]], val_loss: [[2, 0.61]] }],
  ['pairs', ['epoch=1 train_loss=1.5e-1 lr=0.001', 'epoch=2 train_loss=0.1 lr=0.0005'], { train_loss: [[1, 0.15], [2, 0.1]], lr: [[1, 0.001], [2, 0.0005]] }],
  ['JSON lines', ['{"step": 1, "loss": 2.5, "note": "x"}', "{'loss': 1.2, 'epoch': 0.5}"], { loss: [[1, 2.5], [2, 1.2]] }],
  ['boosters', ['[0]\ttrain-rmse:0.52\teval-rmse:0.61', '[10]\ttrain-rmse:0.2\teval-rmse:0.3'], { 'train-rmse': [[0, 0.52], [10, 0.2]], 'eval-rmse': [[0, 0.61], [10, 0.3]] }],
  ['a sentence', ['accuracy on 30 others: 0.933', 'Test Accuracy: 91.5%'], { 'accuracy on 30 others': [[1, 0.933]], 'Test Accuracy': [[1, 0.915]] }],
  ['nothing', ['wrote model.pkl (1363 bytes)', 'listening on 127.0.0.1:8000', 'error: 404 not found', 'loss: nan'], {}],
])('%s', (_, lines, expected) => {
  const found = read(...lines);
  delete found['error'];
  expect(found).toEqual(expected);
}); // prettier-ignore

test('long runs keep a sample with the first and the last value', () => {
  const points = read(...Array.from({ length: 50_000 }, (_, index) => `step ${index} loss=${index}`))['loss'] ?? [];
  expect(points.length).toBeLessThanOrEqual(1000);
  expect(points[0]).toEqual([0, 0]);
  expect(points.at(-1)).toEqual([49_999, 49_999]);
});

test('a long line is read quickly', () => {
  const start = performance.now();
  read(`${'loss '.repeat(100_000)}: 1`, 'a'.repeat(1_000_000), 'loss=1 '.repeat(100_000));
  expect(performance.now() - start).toBeLessThan(500);
});
