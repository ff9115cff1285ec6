import { quote } from '../../machine/ssh-shell.ts';
import { type Kit, type Part, scriptsOf } from './kit.ts';

export interface PackerTarget {
  readonly address: string;
  readonly user: string;
  readonly privateKey: string;
}

const AS_ROOT = "chmod +x {{.Path}}; {{.Vars}} sudo -n bash -euo pipefail '{{.Path}}'";

/** The kit as a template: the null builder, and the shell and file provisioners. */
export function packerTemplate(kit: Kit, { address, user, privateKey }: PackerTarget): object {
  return {
    builders: [
      { type: 'null', ssh_host: address, ssh_username: user, ssh_private_key_file: privateKey, ssh_timeout: '1m' },
    ],
    provisioners: kit.parts.flatMap((part) => provisionersOf(kit, part)),
  };
}

function provisionersOf({ settings, directory, appArchive }: Kit, part: Part): object[] {
  const { definition, files } = part;
  const { before, owners, after } = scriptsOf(part, settings.config.image);
  const shell = (...lines: readonly string[]): object => ({
    type: 'shell',
    execute_command: AS_ROOT,
    inline_shebang: '/bin/bash -e',
    inline: lines.filter((line) => line.trim() !== ''),
  });
  const staged = `/tmp/${definition.name}`;
  return [
    ...(before.every((text) => text.trim() === '') ? [] : [shell(...before)]),
    { type: 'file', source: `${directory}/${definition.name}`, destination: '/tmp' },
    shell(
      `find ${staged} -type d -exec chmod 0755 {} +`,
      ...files.map(({ path, mode }) => `chmod ${mode} ${quote(staged + path)}`),
      `cp -r --preserve=mode ${staged}/. /`,
      owners,
    ),
    ...(definition.app
      ? [
          { type: 'file', source: appArchive, destination: '/tmp/app.tar' },
          shell('docker load --quiet --input /tmp/app.tar', 'rm /tmp/app.tar'),
        ]
      : []),
    shell(...after),
  ];
}
