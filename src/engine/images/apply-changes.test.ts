import { expect, test } from 'vitest';
import { applyChanges } from './apply-changes.ts';

test('each instruction changes its part, and lists grow', () => {
  const config = applyChanges({ Env: ['A=1', 'B=2'], Labels: { a: '1' } }, [
    'ENV A="x y" C=$HOME',
    'LABEL b="2" "c d"=3',
    'CMD ["python3", "app.py"]',
    'ENTRYPOINT exec top',
    'EXPOSE 80 53/udp',
    'VOLUME ["/data"]',
    'WORKDIR /app',
    'USER app:app',
    'STOPSIGNAL SIGINT',
    'ONBUILD RUN true',
    'HEALTHCHECK --interval=5s CMD curl x',
  ]);
  expect(config).toMatchObject({
    Env: ['A=x y', 'B=2', 'C=$HOME'],
    Labels: { a: '1', b: '2', 'c d': '3' },
    Cmd: ['python3', 'app.py'],
    Entrypoint: ['/bin/sh', '-c', 'exec top'],
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Volumes: { '/data': {} },
    WorkingDir: '/app',
    User: 'app:app',
    StopSignal: 'SIGINT',
    OnBuild: ['RUN true'],
    Healthcheck: { Test: ['CMD-SHELL', 'curl x'], Interval: 5_000_000_000 },
  });
});

test('what changes files is refused', () => {
  expect(() => applyChanges({}, ['RUN true'])).toThrow('run is not a valid change command');
  expect(() => applyChanges({}, ['COPY a b'])).toThrow('copy is not a valid change command');
  expect(() => applyChanges({}, ['EXPOSE x'])).toThrow('invalid containerPort');
});
