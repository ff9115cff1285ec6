import { defineConfig } from 'vitest/config';

// `quick` needs nothing but Node; `machine` needs Docker and runs one file at a time, since machines are shared.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'quick', include: ['**/*.test.ts'], exclude: ['**/*.machine.test.ts', 'node_modules', 'dist'] } },
      {
        test: {
          name: 'machine',
          include: ['**/*.machine.test.ts'],
          exclude: ['node_modules', 'dist'],
          globalSetup: ['test/machines.setup.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
