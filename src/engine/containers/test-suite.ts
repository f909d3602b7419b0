import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { importBusybox } from '../../../test/support/base-image.ts';
import { startEngine, type TestEngine } from '../../../test/support/engine.ts';

/** An engine for the tests of one file, with `busybox` in it. */
export interface Suite {
  /** Good inside tests. */
  readonly engine: TestEngine;
  /** Output of a docker command that must succeed. */
  docker(...args: string[]): Promise<string>;
  inspect(name: string, format: string): Promise<string>;
  /** Removes containers with their anonymous volumes, whatever they do. */
  remove(...names: string[]): Promise<void>;
}

export function containerSuite(): Suite {
  let engine: TestEngine | undefined;
  const current = (): TestEngine => engine as TestEngine;
  const remove = async (...names: string[]): Promise<void> => {
    await current().docker('rm', '--force', '--volumes', ...names);
  };
  const docker = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await current().docker(...args);
    expect(`${code} ${stderr}`).toBe('0 ');
    return stdout.trimEnd();
  };
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  // A test that failed leaves nothing to the next one.
  afterEach(async () => {
    const ids = (await current().docker('ps', '--all', '--quiet')).stdout.trim().split('\n').filter(Boolean);
    if (ids.length > 0) await remove(...ids);
  });
  afterAll(async () => engine?.[Symbol.asyncDispose]());
  return {
    get engine() {
      return current();
    },
    docker,
    remove,
    inspect: async (name, format) => docker('inspect', '--format', format, name),
  };
}
