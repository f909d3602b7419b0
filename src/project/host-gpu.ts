import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPUTE_CAPABILITIES } from '#ml/data/cuda.ts';
import type { HostGpu } from '#ml/plan/cuda.ts';

/** NVIDIA's driver of this host and the GPU that it names first; empty where there is none. */
export async function hostGpu(proc = '/proc/driver/nvidia'): Promise<HostGpu> {
  const text = await readFile(join(proc, 'version'), 'utf8').catch(() => '');
  const driver = /Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/.exec(text)?.[1];
  if (driver === undefined) return {};
  const [first] = (await readdir(join(proc, 'gpus')).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1));
  const facts = first === undefined ? '' : await readFile(join(proc, 'gpus', first, 'information'), 'utf8').catch(() => '');
  const name = /^Model:\s*(.+)$/m.exec(facts)?.[1]?.trim();
  return { driver, name, computeCapability: name === undefined ? undefined : capabilityOf(name) };
} // prettier-ignore

/** By the longest name of the table that the model's name holds: `NVIDIA A100-SXM4-80GB` is an A100. */
function capabilityOf(model: string): string | undefined {
  const words = ` ${model.replace(/[-_]/g, ' ')} `;
  const names = Object.keys(COMPUTE_CAPABILITIES).filter((name) => words.includes(` ${name} `));
  return COMPUTE_CAPABILITIES[names.toSorted((a, b) => b.length - a.length)[0] ?? ''];
}
