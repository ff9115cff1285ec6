import { randomBytes } from 'node:crypto';
import { quote } from '../../machine/ssh-shell.ts';

/** A kind of place where a secret is forgotten, and how it comes there on a real machine. */
export interface Plant {
  readonly name: string;
  /** Shell for root. A secret of the operator is known by its name; other finds are known by their file. */
  readonly script: (secret: string) => string;
  /** The file that is named where what is planted is no secret that was configured. */
  readonly foreign?: string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const write = (path: string, text: string): string =>
  `install -d "$(dirname ${path})"; printf '%s\\n' ${quote(text)} > ${path}`;
/** A layer of the app's own image on this machine. */
const layer = (lines: readonly string[]): string => {
  const dockerfile = ['FROM anny:baked', 'USER root', ...lines].join('\n');
  return `printf '%s\\n' ${quote(dockerfile)} | docker build --quiet --tag planted:$RANDOM - >/dev/null`;
};
const letters = (count: number): string => randomBytes(count).toString('hex').slice(0, count);

/** Files, environment, histories, layers of the app's image, logs, cloud-init; as they are and encoded. */
export const PLANTS: readonly Plant[] = [
  { name: 'a configuration file', script: (secret) => write('/etc/app.conf', `key = "${secret}"`) },
  { name: "the system's environment", script: (secret) => `printf 'KEY=%s\\n' ${quote(secret)} >> /etc/environment` },
  {
    name: "a unit's environment",
    script: (secret) => write('/etc/systemd/system/x.service.d/key.conf', `[Service]\nEnvironment=KEY=${secret}`),
  },
  { name: "root's history", script: (secret) => write('/root/.bash_history', `curl -H "X-Api-Key: ${secret}" x`) },
  { name: "a user's history of another program", script: (secret) => write('/home/deploy/.python_history', secret) },
  { name: 'a log', script: (secret) => write('/var/log/x/access.log', `GET /?key=${secret}&x=1`) },
  {
    name: 'a log that was rotated and packed',
    script: (secret) => `${write('/var/log/y.log', `key=${secret}`)}; gzip -f /var/log/y.log`,
  },
  {
    name: 'the journal',
    script: (secret) =>
      `install -d /var/log/journal; systemctl restart systemd-journald; logger -t planted ${quote(secret)}; journalctl --sync; journalctl --flush`,
  },
  {
    name: "cloud-init's user data",
    script: (secret) => write('/var/lib/cloud/instances/i-1/user-data.txt', `key: ${secret}`),
  },
  {
    name: "cloud-init's log",
    script: (secret) => `printf 'ran with %s\\n' ${quote(secret)} >> /var/log/cloud-init-output.log`,
  },
  { name: "a file in a layer of the app's image", script: (secret) => layer([`RUN echo '${secret}' > /app/.env`]) },
  {
    name: "a file that a later layer of the app's image deletes",
    script: (secret) => layer([`RUN echo '${secret}' > /tmp/key`, 'RUN rm /tmp/key']),
  },
  { name: "the environment of the app's image", script: (secret) => layer([`ENV API_KEY='${secret}'`]) },
  { name: "a build argument in the history of the app's image", script: (secret) => layer([`RUN true '${secret}'`]) },
  {
    name: 'a volume of a container',
    script: (secret) =>
      `docker volume create planted >/dev/null; ${write('/var/lib/docker/volumes/planted/_data/key', secret)}`,
  },
  {
    name: 'base64, as a password of Docker',
    script: (secret) => write('/root/.docker/config.json', `{"auth":"${base64(`robot:${secret}`)}"}`),
  },
  { name: 'hexadecimal', script: (secret) => write('/opt/x.hex', Buffer.from(secret).toString('hex')) },
  {
    name: "a URL in a repository's settings",
    script: (secret) => write('/opt/x/.git/config', `url = https://u:${encodeURIComponent(secret)}@x`),
  },
  { name: 'JSON', script: (secret) => write('/opt/x.json', JSON.stringify({ key: secret })) },
  {
    name: 'a packed archive',
    script: (secret) => `${write('/opt/a/key', secret)}; tar -C /opt/a -czf /opt/a.tgz key; rm -r /opt/a`,
  },
  {
    name: 'the middle of a binary',
    script: (secret) =>
      `head -c 9999 /dev/urandom > /opt/x.bin; printf '%s' ${quote(secret)} >> /opt/x.bin; head -c 9999 /dev/urandom >> /opt/x.bin`,
  },
  {
    name: 'a private key',
    foreign: '/root/.ssh/id_ed25519',
    script: () => `install -d -m 0700 /root/.ssh; ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519`,
  },
  {
    name: 'an access token of AWS',
    foreign: '/root/.aws/credentials',
    script: () => write('/root/.aws/credentials', `aws_access_key_id = AKIA${letters(16).toUpperCase()}`),
  },
  {
    name: 'a login',
    foreign: '/home/deploy/.ssh/authorized_keys',
    script: () => write('/home/deploy/.ssh/authorized_keys', 'ssh-ed25519 AAAA somebody'),
  },
  { name: 'a password', foreign: '/etc/shadow (nobody)', script: () => `usermod --password '$6$salt$hash' nobody` },
];

/** As operators' are: signs that encodings change among them. */
export function secretFor(index: number): string {
  return `s${index}/${randomBytes(12).toString('base64url')}+"x`;
}
