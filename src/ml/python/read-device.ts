import type { SyntaxNode } from '@lezer/common';
import { argumentsOf, evaluate, lineOf, textOf } from './evaluate.ts';
import type { Scene } from './found.ts';
import type { DeviceUse } from './module.ts';

/** Last names of calls that choose a device or ask for one. */
export const DEVICE_CALLS: ReadonlySet<string> = new Set(['cuda', 'to', 'device', 'is_available', 'device_count', 'set_device', 'list_physical_devices', 'get_device_name', 'InferenceSession', 'set_default_device', 'set_default_tensor_type']); // prettier-ignore

const CUDA = /^(?:cuda|gpu)(?::\d+)?$|^\/?(?:device:)?GPU:\d+$/i;
const NAMED = /^(?:device|device_map|map_location|device_type|accelerator|tree_method|task_type|torch_device)$/;
const MAX_USES = 100;

function push({ scope, found }: Scene, node: SyntaxNode, kind: DeviceUse['kind']): void {
  if (found.devices.length >= MAX_USES) return;
  const text = textOf(scope, node).replace(/\s+/g, ' ').slice(0, 80);
  found.devices.push({ kind, line: lineOf(scope, node), text });
}

/** `.cuda()`, `.to("cuda")`, `torch.device("cuda")`, `torch.cuda.is_available()`. */
export function noteDevice(scene: Scene, node: SyntaxNode, callee: string): void {
  const { scope, around } = scene;
  const name = callee.slice(callee.lastIndexOf('.') + 1);
  const first = argumentsOf(scope, node).positional[0];
  const value = first === undefined ? undefined : evaluate(scope, first);
  if (/^(?:is_available|device_count|list_physical_devices|get_device_name)$/.test(name)) {
    if (/cuda|config|mps|hip|xpu/.test(callee)) push(scene, node, 'optional');
  } else if (name === 'cuda') {
    push(scene, node, around.guarded || around.inTry ? 'optional' : 'demanded');
  } else if (name === 'InferenceSession') noteProviders(scene, node);
  else if (typeof value === 'string' && /^(?:to|device|set_device|set_default_device)$/.test(name)) {
    if (CUDA.test(value)) push(scene, node, around.guarded || around.inTry || isHint(value) ? 'optional' : 'demanded');
    else if (value === 'cpu') push(scene, node, 'cpu');
  } else if (name === 'set_default_tensor_type' && first !== undefined && textOf(scope, first).includes('cuda'))
    push(scene, node, around.guarded ? 'optional' : 'demanded');
}

/** TensorFlow's `/GPU:0` is taken as a wish: soft placement is its usual setting. */
function isHint(value: string): boolean {
  return value.startsWith('/');
}

/** Providers of ONNX Runtime: those that are not there are passed over. */
function noteProviders(scene: Scene, node: SyntaxNode): void {
  const given = argumentsOf(scene.scope, node).keyword.get('providers');
  const text = given === undefined ? '' : textOf(scene.scope, given);
  if (/CUDA|Tensorrt|ROCM/i.test(text)) push(scene, node, 'optional');
  else if (text.includes('CPUExecutionProvider')) push(scene, node, 'cpu');
}

/** `device="cuda"`, `device=0` of a pipeline, `map_location="cpu"`, `tree_method="gpu_hist"` in any call. */
export function noteDeviceArguments(scene: Scene, node: SyntaxNode, callee: string): void {
  const { scope, around } = scene;
  const list = node.getChild('ArgList');
  if (list === null || list.to - list.from < 10 || /add_argument|Option|Argument|option$/.test(callee)) return;
  const text = scope.source.slice(list.from, Math.min(list.to, list.from + 4000));
  if (!/device|map_location|accelerator|tree_method|task_type/.test(text)) return;
  for (const [keyword, part] of argumentsOf(scope, node).keyword) {
    if (!NAMED.test(keyword)) continue;
    const value = evaluate(scope, part);
    if (value === 'cpu' || (callee.endsWith('pipeline') && value === -1)) push(scene, node, 'cpu');
    else if (callee.endsWith('pipeline') && typeof value === 'number') push(scene, node, 'demanded');
    else if (typeof value === 'string' && (CUDA.test(value) || value === 'gpu_hist'))
      push(scene, node, around.guarded || around.inTry || keyword === 'map_location' ? 'optional' : 'demanded');
    else if (value === 'auto') push(scene, node, 'optional');
  }
}
