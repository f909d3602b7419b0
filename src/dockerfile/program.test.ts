import { describe, expect, test } from 'vitest';
import validity from './cases/instruction-validity.json' with { type: 'json' };
import mounts from './cases/run-mount-values.json' with { type: 'json' };
import { DockerfileError } from './dockerfile-error.ts';
import { type MountFlag, parseMountFlag } from './mount-flag.ts';
import { parseDockerfile } from './parse.ts';
import { formatDockerfile } from './format-dockerfile.ts';
import { type Program, readDockerfile } from './program.ts';
import { readInstruction } from './read-instruction.ts';

describe('an instruction is accepted or refused as the reference does', () => {
  test.each(validity.cases as { in: string; ok?: boolean; error?: boolean }[])('$in', (given) => {
    const read = () => parseDockerfile(given.in).nodes.map((node) => readInstruction(node));
    if (given.error === true) expect(read).toThrow();
    else expect(read).not.toThrow();
  });
});

/** The mount in the notation of the cases: empty and default fields are left out. */
function notation(mount: MountFlag): object {
  const fields = {
    Type: mount.type,
    Target: mount.target,
    Source: mount.source,
    From: mount.from,
    CacheID: mount.id,
    CacheSharing: mount.sharing,
    Env: mount.env,
    ReadOnly: mount.readOnly,
    Required: mount.required,
    Mode: mount.mode,
    UID: mount.uid,
    GID: mount.gid,
    SizeLimit: mount.sizeBytes,
  };
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && value !== false && value !== undefined),
  );
}

describe('RUN --mount is read as the reference does', () => {
  test.each(mounts.cases as { in: string; mounts?: object[]; error?: boolean }[])('$in', (given) => {
    const read = () => {
      const [node] = parseDockerfile(given.in).nodes;
      const instruction = node === undefined ? undefined : readInstruction(node);
      return instruction?.kind === 'run' ? instruction.mounts.map((mount) => notation(parseMountFlag(mount))) : [];
    };
    if (given.error === true) expect(read).toThrow();
    else expect(read()).toEqual(given.mounts);
  });
});

test('stages, their names and the arguments before them', () => {
  const { globalArgs, stages } = readDockerfile(
    'ARG V=1\nFROM a:$V AS Build\nRUN x\nFROM build\nCOPY --from=build /a /b\n',
  );
  expect(globalArgs.map(({ args }) => args)).toEqual([[{ name: 'V', value: '1' }]]);
  expect(stages.map(({ from }) => [from.base, from.name])).toEqual([
    ['a:$V', 'build'],
    ['build', undefined],
  ]);
  expect(stages.map(({ instructions }) => instructions.map(({ kind }) => kind))).toEqual([['run'], ['copy']]);
});

test('a misspelt instruction is shown with a caret and the right name', () => {
  expect(() => readDockerfile('FROM a\nRUN x\nCOPPY a b\n')).toThrow(
    [
      'unknown instruction: COPPY (did you mean COPY?)',
      'Dockerfile:3:1',
      '  1 | FROM a',
      '  2 | RUN x',
      '> 3 | COPPY a b',
      '    | ^^^^^',
    ].join('\n'),
  );
});

test('a misspelt flag is shown with the right name', () => {
  expect(() => readDockerfile('FROM a\nCOPY --form=b c d\n')).toThrow(
    [
      'unknown flag: --form (did you mean --from?)',
      'Dockerfile:2:6',
      '  1 | FROM a',
      '> 2 | COPY --form=b c d',
      '    |      ^^^^^^',
    ].join('\n'),
  );
});

test('a file that begins with another instruction is refused', () => {
  expect(() => readDockerfile('RUN x\n')).toThrow(DockerfileError);
  expect(() => readDockerfile('ARG a\n')).toThrow('contains no stages');
});

/** What was read, without the places. */
function shape({ stages }: Program): unknown {
  return stages.map(({ instructions }) =>
    instructions.map(({ node: { line: _line, endLine: _end, ...rest } }) => rest),
  );
}

test('what is printed reads as the same program', () => {
  const text =
    '# escape=`\n# c\narg A=1\nfrom x as y\nRUN a `\n # inside\n  b\nCOPY <<E /f\none\nE\nFROM y\nCMD ["a", "b"]\n';
  const printed = formatDockerfile(readDockerfile(text));
  expect(printed).toBe(
    '# escape=`\nARG A=1\n\nFROM x as y\nRUN a   b\nCOPY <<E /f\none\nE\n\nFROM y\nCMD ["a", "b"]\n',
  );
  expect(shape(readDockerfile(printed))).toEqual(shape(readDockerfile(text)));
});

test('a trigger in a trigger in a trigger is refused, however deep', () => {
  expect(() => readDockerfile(`FROM a\n${'ONBUILD '.repeat(100_000)}RUN x\n`)).toThrow(
    "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed",
  );
});
