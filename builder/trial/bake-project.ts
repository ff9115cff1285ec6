import { projectWith } from './project.ts';

/** Two images on each other, without an app: what an engine does is tried elsewhere. */
export function bakeProject(): Promise<string> {
  return projectWith({
    'images/base.yaml':
      'name: base\nos: true\npackages: [nginx]\ntests:\n  services:\n    - { name: nginx, state: running }\n',
    'images/shop.yaml': 'name: shop\nparent: base\nrun: [nginx -t]\ntests:\n  files:\n    - { path: /etc/shop }\n',
  });
}
