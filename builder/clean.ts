import { quote } from '../machine/ssh-shell.ts';
import type { Definition } from './definition.ts';
import { TREE_PATH } from './papers/contents.ts';
import { dropStaleList } from './papers/tree.ts';

/** Everything that belongs to this one machine goes: a machine from the image makes its own. Ends with no login left. */
export function cleanScript(chain: readonly Definition[]): string {
  const own = chain.flatMap(({ clean }) => clean).map(quote);
  return `
export DEBIAN_FRONTEND=noninteractive
apt-get -qq clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old
# A machine with manual_cache_clean would give its clones no user data (canonical/cloud-init#5092).
if grep -rqs '^ *manual_cache_clean: *true' /etc/cloud; then echo 'cloud-init has manual_cache_clean: true' >&2; exit 1; fi
cloud-init clean --logs --seed >/dev/null 2>&1 || true
rm -rf /var/lib/cloud/instances /var/lib/cloud/instance /var/lib/cloud/seed/nocloud
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_* /var/lib/systemd/random-seed
rm -f /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys /etc/anny/pull_keys
rm -f /root/.bash_history /home/*/.bash_history /root/.lesshst /root/.wget-hsts
${own.length === 0 ? '' : `rm -rf ${own.join(' ')}`}
rm -rf /tmp/* /var/tmp/*
journalctl --rotate --quiet 2>/dev/null || true
rm -rf /var/log/journal/*
find /var/log -type f \\( -name '*.gz' -o -name '*.[0-9]' -o -name '*.old' \\) -delete
find /var/log -type f -exec truncate -s 0 {} +
rm -f /etc/sudoers.d/90-cloud-init-users
# A cloud gives root a password. Keys alone let somebody in, so nobody keeps one, nor does the copy of the file.
awk -F: '$2 ~ /\\$/ {print $1}' /etc/shadow | while IFS= read -r name; do usermod --password '*' "$name"; done
pkill -u anny-bake -x bash || true
userdel --force --remove anny-bake >/dev/null 2>&1 || true
rm -f /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow-
${dropStaleList('/usr', TREE_PATH)}
`;
}
