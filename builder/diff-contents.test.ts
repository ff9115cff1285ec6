import { expect, test } from 'vitest';
import { diffContents, diffText } from './diff-contents.ts';
import { readContents } from './papers/contents.ts';

const contents = (...lines: string[]) =>
  readContents(['system\tdebian\t12\tDebian 12', 'architecture\tamd64', ...lines].join('\n'), {
    ...{ image: 'anny', digest: 'd'.repeat(64), parent: 'os', paths: [], app: undefined, tree: '/usr', keep: '' },
  });

test('two images differ by packages, files and services: what is new, gone and changed', () => {
  const before = contents(
    ...['package\tnginx\t1.22\tamd64\tnginx', 'package\tjq\t1.6\tamd64\tjq', 'service\tcron.service'],
    'file\taaaaaaaaaaaaaaaa\t644\troot:root\t/etc/x',
  );
  const after = contents(
    ...['package\tnginx\t1.24\tamd64\tnginx', 'package\tage\t1.1\tamd64\tage', 'service\tcron.service'],
    'file\taaaaaaaaaaaaaaaa\t600\troot:root\t/etc/x',
  );
  expect(diffText(diffContents(before, after))).toBe(
    [
      ...['packages: 1 changed, 1 new, 1 gone', '  + age  1.1', '  - jq  1.6', '  ~ nginx  1.22 -> 1.24'],
      ...['files: 1 changed', '  ~ /etc/x  aaaaaaaaaaaa 644 root:root -> aaaaaaaaaaaa 600 root:root', ''],
    ].join('\n'),
  );
  expect(diffText(diffContents(before, before))).toBe('packages, files and services are the same\n');
});
