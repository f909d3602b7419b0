import { expect, test } from 'vitest';
import type { ArgInstruction } from '#dockerfile/instruction.ts';
import { readDockerfile } from '#dockerfile/program.ts';
import { globalScope, type Scope, stageScope } from './scope.ts';

interface Given {
  env?: string[];
  args?: Readonly<Record<string, string>>;
  target?: string;
  before?: Scope;
}

/** The scope of the last stage, after its ARG lines and ENV pairs. */
function scopeOf(text: string, { env = [], args = {}, target = '', before }: Given = {}): Scope {
  const program = readDockerfile(text);
  const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };
  const { build, values } = globalScope(program, { target, buildArgs: new Map(Object.entries(args)) }, platform);
  const scope = stageScope({ build, values, escape: '\\' }, { env, before });
  for (const instruction of program.stages.at(-1)?.instructions ?? []) {
    if (instruction.kind === 'arg') scope.declare(instruction);
    if (instruction.kind === 'env')
      for (const { name, value } of instruction.pairs) scope.setEnv(name, scope.expand(value));
  }
  return scope;
}

const declared = (text: string): ArgInstruction => readDockerfile(`FROM a\n${text}\n`).stages[0]?.instructions[0] as ArgInstruction; // prettier-ignore

test('of ARG and ENV, what stands later holds', () => {
  expect(scopeOf('FROM a\nENV X=env\nARG X=arg\n').expand('$X')).toBe('arg');
  expect(scopeOf('FROM a\nARG X=arg\nENV X=env\n').expand('$X')).toBe('env');
});

test('an argument that is passed goes before its default, and one without a value is empty', () => {
  const scope = scopeOf('FROM a\nARG A=1 B=2 C\n', { args: { B: 'passed' } });
  expect(scope.args()).toEqual([
    ['A', '1'],
    ['B', 'passed'],
    ['C', ''],
  ]);
  expect(scope.variables().has('C')).toBe(false);
});

test('what an ARG line comes to is told with the values that hold', () => {
  const scope = scopeOf('ARG G=global\nFROM a\n', { args: { P: 'passed' } });
  expect(scope.declare(declared('ARG A=1 B=${A}2 G P=default N'))).toEqual([
    { name: 'A', value: '1' },
    { name: 'B', value: '12' },
    { name: 'G', value: 'global' },
    { name: 'P', value: 'passed' },
    { name: 'N', value: undefined },
  ]);
});

test('arguments before FROM are known to a stage that names them', () => {
  expect(scopeOf('ARG V=1\nFROM a\n').expand('[$V]')).toBe('[]');
  expect(scopeOf('ARG V=1\nFROM a\nARG V\n').expand('[$V]')).toBe('[1]');
});

test('a stage that begins with another has its arguments, and ENV goes before them', () => {
  const before = scopeOf('FROM a\nENV B=env\nARG A=1 B=arg\n');
  expect(before.expand('$A $B')).toBe('1 arg');
  const after = scopeOf('FROM a\n', { before, env: ['B=env'] });
  expect(after.expand('$A $B')).toBe('1 env');
  expect(after.args()).toEqual([
    ['A', '1'],
    ['B', 'env'],
  ]);
});

test('platform arguments are of the target and of this machine, and can be passed', () => {
  const text = 'FROM a AS last\nARG TARGETPLATFORM TARGETARCH TARGETVARIANT TARGETSTAGE\n';
  expect(scopeOf(text).expand('$TARGETPLATFORM $TARGETARCH $TARGETVARIANT $TARGETSTAGE')).toBe(
    'linux/arm64/v8 arm64 v8 last',
  );
  expect(scopeOf(text, { target: 'other', args: { TARGETARCH: 'x' } }).expand('$TARGETARCH $TARGETSTAGE')).toBe(
    'x other',
  );
});

test('proxies are given to programs in both cases, and are not seen by the file', () => {
  const scope = scopeOf('FROM a\n', { args: { HTTP_PROXY: 'p', no_proxy: 'n' } });
  expect(scope.hidden()).toEqual([
    ['HTTP_PROXY', 'p'],
    ['http_proxy', 'p'],
    ['NO_PROXY', 'n'],
    ['no_proxy', 'n'],
  ]);
  expect(scope.expand('[$HTTP_PROXY]')).toBe('[]');
  const named = scopeOf('FROM a\nARG HTTP_PROXY\n', { args: { HTTP_PROXY: 'p' } });
  expect(named.expand('$HTTP_PROXY')).toBe('p');
  expect(named.hidden()).toEqual([['http_proxy', 'p']]);
});

test('arguments about the build itself are told and reach no process', () => {
  const scope = scopeOf('FROM a\nARG BUILDKIT_SBOM_SCAN_STAGE=true\n');
  expect(scope.args()).toEqual([['BUILDKIT_SBOM_SCAN_STAGE', 'true']]);
  expect(scope.variables().has('BUILDKIT_SBOM_SCAN_STAGE')).toBe(false);
});
