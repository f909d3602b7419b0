import { describe, expect, test } from 'vitest';
import validity from './cases/instruction-validity.json' with { type: 'json' };
import mounts from './cases/run-mount-values.json' with { type: 'json' };
import { checkSteps } from './check-steps.ts';
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

describe('a broken mount is shown with a caret and a suggestion', () => {
  test.each([
    ['--mount=type=cahce,target=/a', 'unsupported mount type "cahce" (did you mean cache?)', 13],
    ['--mount=type=cache,taget=/a', "unexpected key 'taget' in 'taget=/a' (did you mean target?)", 24],
    ['--mount=type=cache,target=/a,sharing=lokced', 'unsupported sharing value "lokced" (did you mean locked?)', 34],
    ['--mount=type=tmpfs,target=/a,size=x', 'invalid size: x', 34],
    ['--mount=type=cache,target', "invalid field 'target' must be a key=value pair", 24],
  ])('%s', (flag, message, column) => {
    const program = readDockerfile(`FROM a\nRUN ${flag} x\n`);
    const caught = catchError(() => checkSteps(program, program.stages));
    expect(caught).toMatchObject({ summary: message, location: { line: 2, column } });
  });

  test('also below the first line; what has variables is left for later', () => {
    const program = readDockerfile('FROM a\nRUN \\\n  --mount=type=$X \\\n  --mount=tpye=cache x\n');
    const caught = catchError(() => checkSteps(program, program.stages));
    expect(caught).toMatchObject({ location: { line: 4, column: 11, width: 10 } });
  });
});

describe('what cannot work is told before anything runs', () => {
  test.each([
    ['EXPOSE 80 99999', 'Invalid containerPort: 99999', 11],
    ['STOPSIGNAL SIGTREM', 'Invalid signal: SIGTREM (did you mean TERM?)', 12],
    ['ENV A=1 B=${A', 'failed to process "${A": ', 11],
    ['LABEL x="y', 'failed to process "\\"y": unexpected end of statement while looking for matching double-quote', 9],
    ['RUN --mount=type=cache x', 'a mount of type cache needs a target', 13],
    ['WORKDIR /${A:=x}', 'failed to process "/${A:=x}": unsupported modifier (:=) in substitution', 9],
  ])('%s', (text, message, column) => {
    const program = readDockerfile(`FROM a\n${text}\n`);
    const caught = catchError(() => checkSteps(program, program.stages)) as DockerfileError;
    expect(caught.summary).toContain(message);
    expect(caught.location).toMatchObject({ line: 2, column });
  });

  test.each([
    'EXPOSE $P ${Q}/udp "80"',
    'STOPSIGNAL ${S}9',
    'ENV A="${B:?must be set}"',
    'COPY <<"E" /x\n${\nE',
    'COPY <<E /x\nit\'s "\nE',
    'RUN --mount=type=secret,id=a --mount=type=ssh x',
    'RUN --mount=type=$T,target=/x x',
    'RUN echo ${A',
    'CMD echo "',
    'ARG X=${A:?no}',
  ])('%s is left for later', (text) => {
    const program = readDockerfile(`FROM a\n${text}\n`);
    expect(() => checkSteps(program, program.stages)).not.toThrow();
  });
});

test.each([
  ['--network=hots', 'unsupported network mode "hots" (did you mean host?)'],
  ['--security=insecrue', 'unsupported security mode "insecrue" (did you mean insecure?)'],
])('%s is shown with what was meant', (flag, message) => {
  expect(catchError(() => readDockerfile(`FROM a\nRUN ${flag} x\n`))).toMatchObject({
    summary: message,
    location: { line: 2, column: 5, width: flag.length },
  });
});

test('a heredoc that does not end is shown where it begins', () => {
  const caught = catchError(() => readDockerfile('FROM a\nRUN cat <<ONE \\\n  <<-"TWO"\nx\nONE\ny\n'));
  expect(caught).toMatchObject({
    location: { line: 3, column: 3, width: 8 },
    hint: 'end it with a line that is just TWO',
  });
});

test('comments right above an instruction belong to it', () => {
  const { stages } = readDockerfile(
    '# far\n\n# b is near\n  #  two\nFROM a AS b\n# c\nRUN x \\\n# inside\n y\nRUN z\n',
  );
  expect(stages[0]?.from.node.comments).toEqual(['b is near', 'two']);
  expect(stages[0]?.instructions.map(({ node }) => node.comments)).toEqual([['c'], []]);
});

function catchError(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
