import { defineConfig } from 'vitest/config';

/** `unit`: beside the code, no root needed. `system`: root, runc and a private engine each. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts'], exclude: ['**/*.system.test.ts'], testTimeout: 20_000 } },
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
