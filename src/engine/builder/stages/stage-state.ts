import type { ContainerDefaults, HistoryEntry } from '#oci/image-config.ts';
import type { Platform } from '#oci/platform.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Layer } from '../layers.ts';
import type { StepInput } from '../steps/step.ts';
import type { Scope } from './scope.ts';

/** Where a stage has come to: what the image would be if it ended here. */
export interface StageState {
  /** Name of everything up to here by content; hexadecimal. */
  key: string;
  layers: Layer[];
  config: ContainerDefaults;
  history: HistoryEntry[];
  author: string | undefined;
  platform: Platform;
  /** ISO 8601 time of the last step. */
  created: string | undefined;
  scope: Scope;
  /** CMD stands in this stage: ENTRYPOINT does not take it away. */
  hasOwnCmd: boolean;
}

export const DEFAULT_SHELL: readonly string[] = ['/bin/sh', '-c'];
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Key of a step: everything before it, and all that its result depends on. */
export function stepKey(before: string, inputs: readonly StepInput[]): string {
  const parts = inputs.map(({ name, value }) => [name, value]);
  return sha256(JSON.stringify([before, ...parts])).slice('sha256:'.length);
}

/** A stage that begins with another continues its own copy. */
export function cloneConfig(config: ContainerDefaults | undefined): ContainerDefaults {
  return structuredClone(config ?? {});
}

/** Sets `name=value` in place of the former value, or behind the others. */
export function setVariable(env: readonly string[], ...[name, value]: [name: string, value: string]): string[] {
  const entry = `${name}=${value}`;
  const at = env.findIndex((former) => former.split('=', 1)[0] === name);
  return at < 0 ? [...env, entry] : env.with(at, entry);
}

export function shellOf({ config }: Pick<StageState, 'config'>): string[] {
  return config.Shell !== undefined && config.Shell.length > 0 ? config.Shell : [...DEFAULT_SHELL];
}
