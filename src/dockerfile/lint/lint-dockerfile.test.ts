import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { readDockerfile } from '../program.ts';
import { NO_SETTINGS, parseCheckSettings } from './check-settings.ts';
import { lintDockerfile, type LintOptions } from './lint-dockerfile.ts';
import { lintResult } from './lint-result.ts';
import { requirementFiles } from './requirement-files.ts';
import { basePlatformFinding } from './rules/invalid-base-image-platform.ts';
import { toSarif } from './sarif.ts';
import { textOfFindings } from './text-of-findings.ts';

const TEXT = 'FROM a:1\nENV A b\nMAINTAINER me\n';

function codes(text: string, options: LintOptions = {}): string[] {
  return lintDockerfile(readDockerfile(text), options).map(({ code }) => code);
}

describe('what is skipped', () => {
  test('nothing by default, in the order of the lines', () => {
    expect(codes(TEXT)).toEqual(['LegacyKeyValueFormat', 'MaintainerDeprecated']);
  });

  test('rules by name, and all', () => {
    expect(codes(TEXT, { settings: parseCheckSettings('skip=MaintainerDeprecated, X') })).toEqual([
      'LegacyKeyValueFormat',
    ]);
    expect(codes(TEXT, { settings: parseCheckSettings('skip=all') })).toEqual([]);
  });

  test('rules by a comment above the instruction, for that alone', () => {
    const text = 'FROM a:1\n# check=skip=LegacyKeyValueFormat\nENV A b\nENV C d\n# check=skip=all\nENV E f\n';
    expect(lintDockerfile(readDockerfile(text)).map(({ lines }) => lines?.start)).toEqual([4]);
  });

  test('stages that the target does not need', () => {
    const text = 'FROM a:1 AS x\nMAINTAINER me\nFROM b:1 AS y\n';
    expect(codes(text)).toEqual([]);
    expect(codes(text, { isForAll: true })).toEqual(['MaintainerDeprecated']);
    expect(codes(text, { reading: { target: 'x' } })).toEqual(['MaintainerDeprecated']);
    expect(() => codes(text, { reading: { target: 'z' } })).toThrow(InvalidArgumentError);
  });

  test('files that programs wrote', () => {
    expect(codes(`FROM a:1\n${'ENV A b\n'.repeat(4000)}`)).toEqual([]);
  });
});

test('settings of the checks', () => {
  expect(parseCheckSettings('skip=A,B;error=true;experimental=all')).toEqual({
    skip: new Set(['A', 'B']),
    experimental: 'all',
    isError: true,
  });
  expect(parseCheckSettings('')).toEqual(NO_SETTINGS);
  for (const text of ['skip', 'other=1', 'error=maybe']) expect(() => parseCheckSettings(text)).toThrow('check option');
});

test('a finding shows its place with a caret, and what to do', () => {
  const program = readDockerfile('FROM a:1\nARG MODEL=x\nENV A=1 \\\n  B=$MODLE\n', 'app/Dockerfile');
  expect(textOfFindings(lintDockerfile(program), program.source)).toBe(
    [
      'warning UndefinedVar: $MODLE is not set here (did you mean $MODEL?)',
      'app/Dockerfile:4:5',
      '  2 | ARG MODEL=x',
      '  3 | ENV A=1 \\',
      '> 4 |   B=$MODLE',
      '    |     ^^^^^^',
      'fix: write $MODEL',
      '',
    ].join('\n'),
  );
});

test("the form of BuildKit's clients has lines and no hints", () => {
  const program = readDockerfile('FROM a:1\nEXPOSE 80\nENV A b\n');
  const { warnings, sources } = lintResult(lintDockerfile(program), program.source);
  expect(warnings).toEqual([
    {
      ruleName: 'LegacyKeyValueFormat',
      description: 'ENV and LABEL are written with =; write ENV A=b',
      detail: 'ENV A has no = before its value',
      location: { ranges: [{ start: { line: 3 }, end: { line: 3 } }] },
    },
  ]);
  expect(Buffer.from(sources[0]?.data ?? '', 'base64').toString()).toBe('FROM a:1\nEXPOSE 80\nENV A b\n');
});

test('SARIF names the rules that were broken, and the places', () => {
  const program = readDockerfile('FROM a:1\nEXPOSE 80\nENV A b\n');
  expect(toSarif(lintDockerfile(program), { file: 'app/Docker file', version: '1.2.3' })).toMatchObject({
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'berth',
            version: '1.2.3',
            rules: [
              { id: 'LegacyKeyValueFormat', defaultConfiguration: { level: 'warning' } },
              { id: 'NoHealthcheck', defaultConfiguration: { level: 'note' } },
            ],
          },
        },
        results: [
          { ruleId: 'NoHealthcheck', ruleIndex: 1, level: 'note' },
          {
            ruleId: 'LegacyKeyValueFormat',
            ruleIndex: 0,
            level: 'warning',
            message: { text: 'ENV A has no = before its value. write ENV A=b.' },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'app/Docker%20file' },
                  region: { startLine: 3, startColumn: 5, endColumn: 6 },
                },
              },
            ],
          },
        ],
      },
    ],
  });
});

test('a base image of another platform', () => {
  const lines = { start: 1, end: 1 };
  expect(basePlatformFinding({ name: 'a', wanted: 'linux/arm64/v8', actual: 'linux/arm64' }, lines)).toBeUndefined();
  expect(basePlatformFinding({ name: 'a', wanted: 'linux/amd64', actual: 'linux/arm64' }, lines)).toMatchObject({
    code: 'InvalidBaseImagePlatform',
    message: 'base image a is for linux/arm64, and linux/amd64 was asked for',
    lines: { start: 1, end: 1 },
  });
});

test('the files of the context that list packages', () => {
  const text = [
    'FROM a:1',
    'WORKDIR /app',
    'COPY requirements.txt dev/*.txt ./',
    'COPY reqs /tmp/reqs/',
    'RUN pip install -r requirements.txt -r /tmp/reqs/base.txt --requirement=/nowhere.txt -r$X',
    'RUN --mount=type=bind,source=gpu.txt,target=/mnt/gpu.txt uv pip install -r /mnt/gpu.txt',
    'COPY . .',
    'RUN pip install -rother.txt',
    '',
  ].join('\n');
  expect(requirementFiles(readDockerfile(text))).toEqual(['requirements.txt', 'reqs/base.txt', 'gpu.txt', 'other.txt']);
});
