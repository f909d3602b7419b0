import type { SyntaxNode } from '@lezer/common';
import { DOWNLOAD_NAMES } from '../data/download-calls.ts';
import { FILE_CALLS, PATH_METHODS } from '../data/file-calls.ts';
import { argumentsOf, evaluate, lineOf, textOf } from './evaluate.ts';
import { shownValue } from './read-definition.ts';
import { fileUse } from './file-use.ts';
import type { Scene } from './found.ts';
import { isAppConstructor, noteInclusion, noteWithApp } from './read-app.ts';
import { noteBind, STARTERS } from './read-bind.ts';
import { DEVICE_CALLS, noteDevice, noteDeviceArguments } from './read-device.ts';
import { noteDownload } from './read-download.ts';
import { noteEnvironmentCall } from './read-environment.ts';
import { noteRouteCall, ROUTE_CALLS } from './read-route-call.ts';
import { noteCallSyntax } from './read-syntax.ts';

const MAX_CALLS = 1500;
const FILE_NAMES = new Set(['open', ...FILE_CALLS.map(({ name }) => name), ...Object.keys(PATH_METHODS)]);
const ENVIRONMENT_NAMES = new Set(['getenv', 'get', 'config', 'env', 'str', 'int', 'bool', 'float', 'list', 'url', 'path']); // prettier-ignore
const OPTION_NAMES = new Set(['add_argument', 'option', 'argument', 'Option', 'Argument', 'add_option']);

/** What a call says: files, servers, variables of the environment, downloads, devices, options. */
export function noteCall(scene: Scene, node: SyntaxNode, callee: string): void {
  const { found, around } = scene;
  const name = callee.slice(callee.lastIndexOf('.') + 1);
  if (callee.length < 80 && found.calls.size < MAX_CALLS) found.calls.add(callee);
  if (FILE_NAMES.has(name)) {
    const use = fileUse(scene.scope, { callee, node, args: argumentsOf(scene.scope, node) });
    if (use !== undefined) found.files.push(use);
  }
  if (STARTERS.has(name)) noteBind(scene, node, callee);
  if (ENVIRONMENT_NAMES.has(name)) noteEnvironmentCall(scene, node, callee);
  if (DOWNLOAD_NAMES.has(name) || callee.includes('models.')) noteDownload(scene, node, callee);
  if (DEVICE_CALLS.has(name) || callee.includes('cuda')) noteDevice(scene, node, callee);
  noteDeviceArguments(scene, node, callee);
  if (name === 'include_router' || name === 'register_blueprint' || name === 'mount') noteInclusion(scene, node);
  if (ROUTE_CALLS.has(name)) noteRouteCall(scene, node);
  if (OPTION_NAMES.has(name)) noteOption(scene, node, name);
  if (name === 'DataLoader' || name === 'ImageDataBunch' || name === 'DataModule') noteWorkers(scene, node);
  if (isAppConstructor(callee) && node.parent?.name !== 'AssignStatement') noteWithApp(scene, node, callee);
  if (/^parse_(?:known_)?args$/.test(name) && around.inside === undefined && !around.inMain)
    found.parsesArguments = true;
  noteCallSyntax(scene, node, callee);
}

/** Worker processes of `DataLoader(…, num_workers=4)`. */
function noteWorkers({ scope, found }: Scene, node: SyntaxNode): void {
  const given = argumentsOf(scope, node).keyword.get('num_workers');
  if (given === undefined) return;
  const count = evaluate(scope, given);
  if (count === 0) return;
  found.workers.push({ count: typeof count === 'number' ? count : undefined, line: lineOf(scope, node) });
}

/** Options of argparse, click and typer. */
function noteOption({ scope, found }: Scene, node: SyntaxNode, kind: string): void {
  const { positional, keyword } = argumentsOf(scope, node);
  const texts = positional.map((item) => evaluate(scope, item)).filter((value) => typeof value === 'string');
  const name = texts.find((text) => text.startsWith('--')) ?? texts[0];
  if (name === undefined || name.length > 80) return;
  const given = keyword.get('default');
  const many = keyword.get('nargs');
  const isFlag = name.startsWith('-');
  const demanded = keyword.get('required');
  const required =
    demanded === undefined
      ? !isFlag && !/option/i.test(kind) && given === undefined
      : textOf(scope, demanded) === 'True';
  found.options.push({
    name, fallback: given === undefined ? undefined : shownValue(name, evaluate(scope, given)), line: lineOf(scope, node),
    required: required && !(many !== undefined && /^["'][?*]["']$/.test(textOf(scope, many))),
  }); // prettier-ignore
}
