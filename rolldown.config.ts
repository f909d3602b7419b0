import { defineConfig } from 'rolldown';

/** Two bundles: the CLI, which starts at every command and must load quickly, and the engine with its threads, which alone loads koffi. */
const shared = {
  platform: 'node' as const,
  external: ['koffi', /^node:/],
};

/** Another folder while the launcher builds, so that programs that run meanwhile find whole bundles. */
const dir = process.env['BERTH_DIST'] ?? 'dist';

export default defineConfig([
  {
    ...shared,
    input: { berth: 'src/cli/main.ts' },
    output: { dir, entryFileNames: '[name].mjs', chunkFileNames: 'cli-[name]-[hash].mjs', minify: true },
  },
  {
    ...shared,
    input: {
      berthd: 'src/daemon/main.ts',
      // Threads of the engine, started by file name.
      'hash-worker': 'src/engine/layers/hash-worker.ts',
      'write-worker': 'src/engine/layers/write-worker.ts',
      'tree-worker': 'src/engine/snapshots/tree/tree-worker.ts',
    },
    output: { dir, entryFileNames: '[name].mjs', chunkFileNames: 'engine-[name]-[hash].mjs' },
  },
]);
