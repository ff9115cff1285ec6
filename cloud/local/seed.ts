import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { stringify } from 'yaml';
import type { MachineSpec } from './hypervisor.ts';

/** Vultr lets root in with the keys of the account; Debian's own default does not. User data has the last word. */
const VENDOR_DATA = '#cloud-config\ndisable_root: false\n';

const DIRECTORY = 'var/lib/cloud/seed/nocloud';

/** What a cloud gives a fresh machine: cloud-init's NoCloud seed, as a tar to unpack on its disk before the first boot. */
export function seedArchive(spec: MachineSpec): Readable {
  const archive = pack();
  const meta = {
    'instance-id': spec.id,
    'local-hostname': spec.hostname,
    ...(spec.sshPublicKeys.length === 0 ? {} : { 'public-keys': spec.sshPublicKeys }),
  };
  archive.entry({ name: `${DIRECTORY}/`, type: 'directory', mode: 0o700 });
  archive.entry({ name: `${DIRECTORY}/meta-data`, mode: 0o600 }, stringify(meta, { lineWidth: 0 }));
  archive.entry({ name: `${DIRECTORY}/user-data`, mode: 0o600 }, spec.userData ?? '#cloud-config\n{}\n');
  archive.entry({ name: `${DIRECTORY}/vendor-data`, mode: 0o600 }, VENDOR_DATA);
  archive.finalize();
  return Readable.from(archive);
}
