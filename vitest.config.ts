import { defineConfig } from 'vitest/config';

// `quick` needs nothing but Node. `machine` needs Docker and comes after it; each of its files has a cloud of its own, and two
// of them keep two cores busy.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'quick',
          include: ['**/*.test.ts'],
          exclude: ['**/*.machine.test.ts', 'node_modules', 'dist'],
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'machine',
          include: ['**/*.machine.test.ts'],
          exclude: ['node_modules', 'dist'],
          globalSetup: ['test/machines.setup.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
