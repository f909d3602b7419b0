import { InvalidArgumentError } from '#lib/errors.ts';

/** One file of device descriptions (CDI specification 1.1.0, SPEC.md#cdi-json-specification). Capitalised as the document is. */
export interface CdiSpec {
  cdiVersion: string;
  /** `vendor/class`. */
  kind: string;
  devices: CdiDevice[];
  containerEdits?: CdiEdits;
  annotations?: Record<string, string>;
}

export interface CdiDevice {
  name: string;
  annotations?: Record<string, string>;
  containerEdits: CdiEdits;
}

/** What a device brings into a container. */
export interface CdiEdits {
  env?: string[];
  deviceNodes?: CdiDeviceNode[];
  mounts?: CdiMount[];
  hooks?: CdiHook[];
  additionalGids?: number[];
}

export interface CdiDeviceNode {
  path: string;
  hostPath?: string;
  type?: string;
  major?: number;
  minor?: number;
  fileMode?: number;
  permissions?: string;
  uid?: number;
  gid?: number;
}

export interface CdiMount {
  hostPath: string;
  containerPath: string;
  options?: string[];
  type?: string;
}

export interface CdiHook {
  hookName: string;
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

const KIND = /^[A-Za-z](?:[\w.-]*[A-Za-z0-9])?\/[A-Za-z](?:[\w-]*[A-Za-z0-9])?$/;
const NAME = /^[A-Za-z0-9](?:[\w.:-]*[A-Za-z0-9])?$/;
const HOOKS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'];

type Fields = Readonly<Record<string, Check>>;
type Check = (value: unknown, at: string) => void;

const text: Check = (value, at) => expect(typeof value === 'string', at, 'is no text');
const number: Check = (value, at) => expect(Number.isSafeInteger(value), at, 'is no number');
const path: Check = (value, at) =>
  expect(typeof value === 'string' && value.startsWith('/'), at, 'is no absolute path');
const texts: Check = listOf(text);

const NODE: Fields = {
  path, hostPath: path, type: text, major: number, minor: number, fileMode: number, permissions: text, uid: number, gid: number,
}; // prettier-ignore
const MOUNT: Fields = { hostPath: text, containerPath: path, options: texts, type: text };
const HOOK: Fields = {
  hookName: (value, at) => expect(HOOKS.includes(String(value)), at, `is none of ${HOOKS.join(', ')}`),
  path,
  args: texts,
  env: texts,
  timeout: number,
};
const EDITS: Fields = {
  env: texts,
  deviceNodes: listOf(object(NODE, ['path'])),
  mounts: listOf(object(MOUNT, ['hostPath', 'containerPath'])),
  hooks: listOf(object(HOOK, ['hookName', 'path'])),
  additionalGids: listOf(number),
};
const DEVICE: Fields = {
  name: (value, at) => expect(typeof value === 'string' && NAME.test(value), at, 'is no name of a device'),
  annotations: () => {},
  containerEdits: object(EDITS, []),
};
const SPEC = object(
  {
    cdiVersion: text,
    kind: (value, at) => expect(typeof value === 'string' && KIND.test(value), at, 'is not of the form vendor/class'),
    annotations: () => {},
    devices: listOf(object(DEVICE, ['name', 'containerEdits'])),
    containerEdits: object(EDITS, []),
  },
  ['cdiVersion', 'kind', 'devices'],
);

/** @throws {InvalidArgumentError} for what is no such document, or has a field that is not known here */
export function parseCdiSpec(document: string): CdiSpec {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch (error) {
    throw new InvalidArgumentError('it is no JSON', { cause: error });
  }
  SPEC(value, 'document');
  return value as CdiSpec;
}

function expect(holds: boolean, ...[at, what]: [at: string, what: string]): void {
  if (!holds) throw new InvalidArgumentError(`${at} ${what}`);
}

function listOf(check: Check): Check {
  return (value, at) => {
    expect(Array.isArray(value), at, 'is no list');
    for (const [index, item] of (value as unknown[]).entries()) check(item, `${at}[${index}]`);
  };
}

function object(fields: Fields, required: readonly string[]): Check {
  return (value, at) => {
    expect(typeof value === 'object' && value !== null && !Array.isArray(value), at, 'is no object');
    const given = value as Record<string, unknown>;
    for (const name of required) expect(given[name] !== undefined, `${at}.${name}`, 'is missing');
    for (const [name, item] of Object.entries(given)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (check === undefined) throw new InvalidArgumentError(`${at}.${name} is a field that is not known here`);
      check(item, `${at}.${name}`);
    }
  };
}
