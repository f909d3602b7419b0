import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';

let rig: BuildRig;

beforeAll(async () => {
  rig = await openBuildRig();
});

afterAll(() => rig[Symbol.asyncDispose]());

function files(check: string): Record<string, string> {
  return { Dockerfile: `# check=${check}\nFROM busybox\nENV A b\nRUN echo ran\n` };
}

describe('findings that end the build', () => {
  test('by the directive: only those that other builders know', async () => {
    const { code, stdout, stderr } = await rig.build(files('error=true'));
    expect(code).not.toBe(0);
    expect(stdout).not.toContain('Step 1');
    expect(stderr).toContain('lint violation found for rules: LegacyKeyValueFormat\n');
    expect(stderr).toContain('LegacyKeyValueFormat: ENV A has no = before its value (line 3)');
  });

  test('unless the rule is skipped, or who builds says otherwise', async () => {
    expect(await rig.build(files('error=true;skip=LegacyKeyValueFormat'))).toMatchObject({ code: 0 });
    const passed = await rig.build(files('error=true'), '--build-arg', 'BUILDKIT_DOCKERFILE_CHECK=skip=all');
    expect(passed).toMatchObject({ code: 0 });
    expect(passed.stdout).not.toContain('Warning');
  });

  test('a directive that says nothing known is shown', async () => {
    const { code, stderr } = await rig.build(files('skip'));
    expect(code).not.toBe(0);
    expect(stderr).toContain('invalid check option "skip"');
    expect(stderr).toContain('> 1 | # check=skip');
  });
});

test('what the image brings along is known: anything else is not set', async () => {
  const { stdout } = await rig.build({
    Dockerfile: 'FROM busybox\nENV A=$PATH\nENV B=$SOME_DAY\n',
  });
  expect(stdout).toMatch(/UndefinedVar: \$SOME_DAY is not set here.*\(line 3\)/);
  expect(stdout).not.toContain('$PATH is');
});

test('what the steps have read and left is looked at when they are done', async () => {
  const { code, stdout } = await rig.build({
    Dockerfile: [
      'FROM busybox',
      'WORKDIR /app',
      'COPY . .',
      'RUN chmod -R 750 /app/large',
      'RUN chmod -R 750 /app/small',
      'RUN pip install --no-cache-dir -r requirements.txt || true',
      '',
    ].join('\n'),
    'large/weights': 'x'.repeat(12_000_000),
    'small/code': 'x',
    'requirements.txt': 'torch\nnumpy==1.26.4\n',
    '.env': 'TOKEN=1\n',
  });
  expect(code).toBe(0);
  expect(stdout).toMatch(/ChownDuplicatesLayer: chmod -R \/app\/large puts 12 MB .*\(line 4\)/);
  expect(stdout).not.toContain('/app/small puts');
  expect(stdout).toMatch(/UnpinnedRequirement: .*: torch \(line 6\)/);
  expect(stdout).toMatch(/SecretInLayer: \.env .*\(line 3\)/);
});

test('a broken mount is told before anything runs, also in a later stage', async () => {
  const { code, stdout, stderr } = await rig.build({
    Dockerfile: 'FROM busybox AS a\nRUN true\nFROM a\nRUN --mount=type=cahce,target=/x true\n',
  });
  expect(code).not.toBe(0);
  expect(stdout).not.toContain('Step 1');
  expect(stderr).toContain('unsupported mount type "cahce" (did you mean cache?)');
  expect(stderr).toContain('Dockerfile:4:13');
});

test('who only checks learns what the context lists, in all stages, and nothing runs', async () => {
  const context = await rig.contextOf({
    Dockerfile: [
      'FROM busybox AS first',
      'ENV A b',
      'FROM busybox',
      'COPY requirements.txt /tmp/',
      'RUN pip install -r /tmp/requirements.txt',
      '',
    ].join('\n'),
    'requirements.txt': 'torch\n',
  });
  const { code, stdout, stderr } = await rig.engine.berth('build', '--check', '--format', 'json', context);
  expect(stderr).not.toContain('RUN');
  expect(code).toBe(0);
  const { findings } = JSON.parse(stdout) as {
    findings: { code: string; message: string; lines: { start: number } }[];
  };
  expect(findings.map((finding) => [finding.code, finding.lines.start])).toEqual([
    ['LatestTag', 1],
    ['LegacyKeyValueFormat', 2],
    ['LatestTag', 3],
    ['UnpinnedRequirement', 5],
  ]);
  expect(findings.at(-1)?.message).toContain('torch');
});
