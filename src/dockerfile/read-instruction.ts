import { InvalidArgumentError } from '#lib/errors.ts';
import { InstructionError } from './dockerfile-error.ts';
import { type FlagKinds, type Flags, readFlags } from './flags.ts';
import { parseGoDuration } from './go-duration.ts';
import type { Command, Instruction, ListInstruction, PairsInstruction, TextInstruction } from './instruction.ts';
import { guess, nearest } from './nearest.ts';
import { INSTRUCTIONS, type Node } from './parse.ts';

const COPY_FLAGS: FlagKinds = {
  from: 'text',
  chown: 'text',
  chmod: 'text',
  link: 'switch',
  parents: 'switch',
  exclude: 'many',
};
const ADD_FLAGS: FlagKinds = {
  chown: 'text',
  chmod: 'text',
  link: 'switch',
  exclude: 'many',
  'keep-git-dir': 'switch',
  checksum: 'text',
  unpack: 'switch',
};
const RUN_FLAGS: FlagKinds = { mount: 'many', network: 'text', security: 'text', device: 'many' };
const HEALTHCHECK_FLAGS: FlagKinds = {
  interval: 'text',
  timeout: 'text',
  'start-period': 'text',
  'start-interval': 'text',
  retries: 'text',
};
const NETWORKS = ['default', 'none', 'host'];
const SECURITIES = ['sandbox', 'insecure'];
const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

type Reader = (node: Node) => Instruction;

const READERS: Readonly<Record<string, Reader>> = {
  ADD: (node) => readCopy(node, 'add', ADD_FLAGS),
  ARG: readArg,
  CMD: (node) => ({ kind: 'cmd', node, command: commandOf(noFlags(node)) }),
  COPY: (node) => readCopy(node, 'copy', COPY_FLAGS),
  ENTRYPOINT: (node) => ({ kind: 'entrypoint', node, command: commandOf(noFlags(node)) }),
  ENV: (node) => readPairs(node, 'env'),
  EXPOSE: (node) => readList(node, 'expose'),
  FROM: readFrom,
  HEALTHCHECK: readHealthcheck,
  LABEL: (node) => readPairs(node, 'label'),
  MAINTAINER: (node) => readText(node, 'maintainer'),
  ONBUILD: readOnbuild,
  RUN: readRun,
  SHELL: readShell,
  STOPSIGNAL: (node) => readText(node, 'stopsignal'),
  USER: (node) => readText(node, 'user'),
  VOLUME: readVolume,
  WORKDIR: (node) => readText(node, 'workdir'),
};

/** One node as a typed instruction; variables are not replaced yet. @throws {InvalidArgumentError} */
export function readInstruction(node: Node): Instruction {
  const reader = READERS[node.instruction];
  if (reader !== undefined) return reader(node);
  const close = nearest(node.instruction, INSTRUCTIONS);
  throw new InvalidArgumentError(
    `unknown instruction: ${node.instruction}${close === undefined ? '' : ` (did you mean ${close}?)`}`,
    { hint: close === undefined ? `the instructions are ${INSTRUCTIONS.join(', ')}` : `write ${close}` },
  );
}

function noFlags(node: Node): Node {
  readFlags(node.flags, {});
  return node;
}

function commandOf({ args, isJson }: Node): Command {
  return { form: isJson ? 'exec' : 'shell', args };
}

function atLeastOne(node: Node): Node {
  if (node.args.length === 0) throw new InvalidArgumentError(`${node.instruction} requires at least one argument`);
  return node;
}

function exactlyOne(node: Node): string {
  const [value, ...more] = node.args;
  if (value === undefined || more.length > 0)
    throw new InvalidArgumentError(`${node.instruction} requires exactly one argument`);
  return value;
}

function readFrom(node: Node): Instruction {
  const flags = readFlags(node.flags, { platform: 'text' });
  const [base, as, name, ...more] = node.args;
  const named = as?.toLowerCase() === 'as' && name !== undefined && more.length === 0;
  if (base === undefined || (as !== undefined && !named))
    throw new InvalidArgumentError('FROM requires either one or three arguments', {
      hint: 'write FROM <image> [AS <name>]',
    });
  const stage = name?.toLowerCase();
  if (stage !== undefined && !STAGE_NAME.test(stage))
    throw new InvalidArgumentError(
      `invalid name for build stage: ${JSON.stringify(name)}, name can't start with a number or contain symbols`,
    );
  return { kind: 'from', node, base, platform: flags.text('platform'), name: stage };
}

function readArg(node: Node): Instruction {
  atLeastOne(noFlags(node));
  const args = node.args.map((word) => {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    if (name === '') throw new InvalidArgumentError('ARG names can not be blank');
    return { name, value: equals < 0 ? undefined : word.slice(equals + 1) };
  });
  return { kind: 'arg', node, args };
}

function readPairs(node: Node, kind: PairsInstruction['kind']): Instruction {
  atLeastOne(noFlags(node));
  const pairs: PairsInstruction['pairs'] = [];
  for (let at = 0; at + 2 < node.args.length; at += 3) {
    const name = node.args[at] ?? '';
    if (name === '') throw new InvalidArgumentError(`${node.instruction} names can not be blank`);
    pairs.push({ name, value: node.args[at + 1] ?? '' });
  }
  return { kind, node, pairs };
}

function readRun(node: Node): Instruction {
  const flags = readFlags(node.flags, RUN_FLAGS);
  const network = flags.text('network') ?? 'default';
  const security = flags.text('security') ?? 'sandbox';
  if (network !== 'default' && network !== 'none' && network !== 'host')
    throw new InstructionError(`unsupported network mode ${JSON.stringify(network)}${guess(network, NETWORKS)}`, {
      piece: `--network=${network}`,
      hint: 'it is default, none or host',
    });
  if (security !== 'sandbox' && security !== 'insecure')
    throw new InstructionError(`unsupported security mode ${JSON.stringify(security)}${guess(security, SECURITIES)}`, {
      piece: `--security=${security}`,
      hint: 'it is sandbox or insecure',
    });
  const mounts = flags.many('mount');
  if (mounts.includes('')) throw new InvalidArgumentError('--mount requires a value');
  const devices = flags.many('device');
  return { kind: 'run', node, command: commandOf(node), mounts, network, security, devices, heredocs: node.heredocs };
}

function readCopy(node: Node, kind: 'copy' | 'add', kinds: FlagKinds): Instruction {
  const flags = readFlags(node.flags, kinds);
  if (node.args.length < 2)
    throw new InvalidArgumentError(`${node.instruction} requires at least two arguments`, {
      hint: `write ${node.instruction} <source>... <destination>`,
    });
  return {
    kind,
    node,
    sources: node.args.slice(0, -1),
    target: node.args.at(-1) ?? '',
    from: flags.text('from'),
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    link: flags.isOn('link'),
    parents: flags.isOn('parents'),
    exclude: flags.many('exclude'),
    checksum: flags.text('checksum'),
    keepGitDir: flags.isOn('keep-git-dir'),
    unpack: flags.text('unpack') === undefined ? undefined : flags.isOn('unpack'),
    heredocs: node.heredocs,
  };
}

function readHealthcheck(node: Node): Instruction {
  const flags = readFlags(node.flags, HEALTHCHECK_FLAGS);
  const [kind = '', ...args] = atLeastOne(node).args;
  const type = kind.toUpperCase();
  if (type !== 'NONE' && type !== 'CMD')
    throw new InvalidArgumentError(`unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`);
  if (type === 'NONE' && args.length > 0) throw new InvalidArgumentError('HEALTHCHECK NONE takes no arguments');
  if (type === 'CMD' && args.length === 0) throw new InvalidArgumentError('missing command after HEALTHCHECK CMD');
  return {
    kind: 'healthcheck',
    node,
    command: type === 'NONE' ? 'none' : { form: node.isJson ? 'exec' : 'shell', args },
    interval: healthDuration(flags, 'interval'),
    timeout: healthDuration(flags, 'timeout'),
    startPeriod: healthDuration(flags, 'start-period'),
    startInterval: healthDuration(flags, 'start-interval'),
    retries: healthRetries(flags.text('retries')),
  };
}

function healthDuration(flags: Flags, name: string): number | undefined {
  const text = flags.text(name);
  if (text === undefined || text === '') return undefined;
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds === undefined)
    throw new InvalidArgumentError(`invalid duration ${JSON.stringify(text)} for --${name}`, {
      hint: 'write it like 30s or 1m30s',
    });
  if (nanoseconds < 0) throw new InvalidArgumentError(`interval ${JSON.stringify(name)} cannot be negative`);
  if (nanoseconds > 0 && nanoseconds < 1e6)
    throw new InvalidArgumentError(`interval ${JSON.stringify(name)} cannot be less than 1ms`);
  return nanoseconds;
}

function healthRetries(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (!/^\+?\d{1,9}$/.test(text))
    throw new InvalidArgumentError(`--retries must be a number that is not negative, not ${text}`);
  return Number(text);
}

function readOnbuild(node: Node): Instruction {
  readFlags(node.flags, {});
  const { child } = node;
  if (child === undefined) throw new InvalidArgumentError('ONBUILD requires at least one argument');
  if (child.instruction === 'ONBUILD')
    throw new InvalidArgumentError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (child.instruction === 'FROM' || child.instruction === 'MAINTAINER')
    throw new InvalidArgumentError(`${child.instruction} isn't allowed as an ONBUILD trigger`);
  const bodies = child.heredocs.map(({ content, name }) => `\n${content}${name}`).join('');
  return { kind: 'onbuild', node, value: `${child.original}${bodies}` };
}

function readShell(node: Node): Instruction {
  noFlags(node);
  if (node.args.length === 0 || !node.isJson)
    throw new InvalidArgumentError('SHELL requires the arguments to be in JSON form', {
      hint: 'write SHELL ["/bin/bash", "-c"]',
    });
  return { kind: 'shell', node, values: node.args };
}

function readVolume(node: Node): Instruction {
  atLeastOne(noFlags(node));
  if (node.args.some((path) => path.trim() === ''))
    throw new InvalidArgumentError('VOLUME specified can not be an empty string');
  return { kind: 'volume', node, values: node.args };
}

function readList(node: Node, kind: ListInstruction['kind']): Instruction {
  return { kind, node, values: atLeastOne(noFlags(node)).args };
}

function readText(node: Node, kind: TextInstruction['kind']): Instruction {
  return { kind, node, value: exactlyOne(noFlags(node)) };
}
