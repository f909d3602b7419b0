import { expect, test } from 'vitest';
import { readDockerfile } from './program.ts';
import { readTrigger } from './read-trigger.ts';

test('what ONBUILD keeps is read again as it was written, with its heredocs', () => {
  const text = 'FROM a\nONBUILD COPY <<-"E" \\\n  --from=x /y\n\tone\n\tE\n';
  const [instruction] = readDockerfile(text).stages[0]?.instructions ?? [];
  const kept = instruction?.kind === 'onbuild' ? instruction.value : '';
  expect(readTrigger(kept)).toMatchObject({
    kind: 'copy',
    heredocs: [{ name: 'E', content: '\tone\n', stripTabs: true, expand: false }],
  });
});

test.each(['FROM a', 'MAINTAINER me', 'ONBUILD RUN x', 'RUN a\nRUN b', '', 'RUM x', 'RUN <<E\nx'])(
  '%j is refused',
  (text) => {
    expect(() => readTrigger(text)).toThrow();
  },
);
