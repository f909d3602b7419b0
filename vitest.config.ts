import { defineConfig } from 'vitest/config';

/**
 * `unit`: beside the code, no root needed, quick; files share a process, so that modules are loaded once. `system`: what needs root, runc and a
 * private engine, and what takes its time: stores on disk, other programs, megabytes that are compressed.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          exclude: ['**/*.system.test.ts'],
          testTimeout: 20_000,
          isolate: false,
        },
      },
      {
        test: {
          name: 'system',
          include: ['src/**/*.system.test.ts', 'test/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
