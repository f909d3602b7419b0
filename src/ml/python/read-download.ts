import type { SyntaxNode } from '@lezer/common';
import { DOWNLOAD_CALLS, type DownloadCall, KERAS_APPLICATION, PIPELINE_MODELS } from '../data/download-calls.ts';
import { argumentsOf, type CallArguments, evaluate, lineOf, textOf } from './evaluate.ts';
import type { Scene } from './found.ts';
import { PROJECT_ROOT } from './literal.ts';
import type { Download } from './module.ts';

/** A model that a call fetches by name: `from_pretrained("org/model")`, `YOLO("yolov8n.pt")`, `models.resnet18(pretrained=True)`. */
export function noteDownload(scene: Scene, node: SyntaxNode, callee: string): void {
  const { scope, found } = scene;
  const args = argumentsOf(scope, node);
  const name = callee.slice(callee.lastIndexOf('.') + 1);
  const known = DOWNLOAD_CALLS.find((call) => call.name === name && (call.callee === undefined || call.callee.test(callee)));
  const download =
    known === undefined ? (torchvision(scene, args, callee) ?? keras(scene, args, name)) : named(scene, args, known);
  if (download !== undefined && /^(?:[A-Za-z]:[\\/]|\/)/.test(download.name))
    found.files.push({ path: download.name, mode: 'read', line: lineOf(scope, node) });
  if (download === undefined || !isName(download.name)) return;
  const revision = args.keyword.get('revision');
  const commit = revision === undefined ? undefined : evaluate(scope, revision);
  found.downloads.push({
    ...download, callee, line: lineOf(scope, node), revision: typeof commit === 'string' ? commit : undefined,
  });
} // prettier-ignore

type Named = Pick<Download, 'name' | 'hub'>;

/** Not a path: neither absolute, nor relative by dots, nor made from where the code lies. */
function isName(name: string): boolean {
  return name !== '' && name.length < 200 && !/^[./~]|^[A-Za-z]:|\s|\\/.test(name) && !name.includes(PROJECT_ROOT);
}

function named({ scope }: Scene, args: CallArguments, call: DownloadCall): Named | undefined {
  const { hub, owner = '', usual } = call;
  if (call.onlyWith !== undefined && !call.onlyWith.some((keyword) => isSet(scope.source, args.keyword.get(keyword))))
    return undefined;
  const byName = call.keywords?.map((keyword) => args.keyword.get(keyword)).find((item) => item !== undefined);
  const node = byName ?? (call.position < 0 ? undefined : args.positional[call.position]);
  const value = node === undefined ? undefined : evaluate(scope, node);
  if (call.name === 'pipeline' && node === undefined) return usualPipeline({ scope }, args);
  if (node === undefined) return usual === undefined || args.positional.length > 0 ? undefined : { name: usual, hub };
  if (call.name === 'load' && hub === 'torch') return torchHub({ scope }, args, value);
  const texts = Array.isArray(value) ? value[0] : value;
  if (typeof texts !== 'string' || (hub === 'huggingface' && texts.startsWith('http'))) return undefined;
  if (hub === 'ultralytics' && !/^(?:yolo|rtdetr|sam|mobile_sam|FastSAM)[\w.-]*\.(?:pt|yaml)$/i.test(texts))
    return undefined;
  if (owner === '' || texts.includes('/')) return { name: texts, hub };
  return { name: owner.endsWith('-') ? owner + texts : `${owner}/${texts}`, hub };
}

function isSet(source: string, node: SyntaxNode | undefined): boolean {
  return node !== undefined && !/^(?:False|None|0|"None"|'None')$/.test(source.slice(node.from, node.to));
}

function usualPipeline({ scope }: Pick<Scene, 'scope'>, args: CallArguments): Named | undefined {
  const node = args.positional[0] ?? args.keyword.get('task');
  const task = node === undefined ? undefined : evaluate(scope, node);
  const name = typeof task === 'string' && Object.hasOwn(PIPELINE_MODELS, task) ? PIPELINE_MODELS[task] : undefined;
  return name === undefined ? undefined : { name, hub: 'huggingface' };
}

function torchHub({ scope }: Pick<Scene, 'scope'>, args: CallArguments, repository: unknown): Named | undefined {
  const node = args.positional[1] ?? args.keyword.get('model');
  const model = node === undefined ? undefined : evaluate(scope, node);
  if (typeof repository !== 'string' || !repository.includes('/')) return undefined;
  return { name: typeof model === 'string' ? `${repository} ${model}`.replace(' ', ':') : repository, hub: 'torch' };
}

/** `models.resnet50(pretrained=True)`, `torchvision.models.vit_b_16(weights="DEFAULT")`. */
function torchvision({ scope, found }: Scene, args: CallArguments, callee: string): Named | undefined {
  const match = /^(?:torchvision\.)?models\.(?:\w+\.)?([a-z][\w]*)$/.exec(callee);
  if (match === null || !found.imports.some(({ module }) => module.split('.')[0] === 'torchvision')) return undefined;
  const given = [args.keyword.get('weights'), args.keyword.get('pretrained'), args.positional[0]];
  const isPretrained = given.some((node) => node !== undefined && isSet(scope.source, node) && /True|DEFAULT|Weights|IMAGENET|COCO/i.test(textOf(scope, node))); // prettier-ignore
  return isPretrained ? { name: match[1] ?? '', hub: 'torchvision' } : undefined;
}

function keras({ scope, found }: Scene, args: CallArguments, name: string): Named | undefined {
  if (!KERAS_APPLICATION.test(name) || !found.imports.some(({ module }) => /^(?:tensorflow|keras)\b/.test(module)))
    return undefined;
  const weights = args.keyword.get('weights');
  const value = weights === undefined ? 'imagenet' : evaluate(scope, weights);
  return value === 'imagenet' ? { name, hub: 'keras' } : undefined;
}
