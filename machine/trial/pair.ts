import { type Ground, openGround } from './ground.ts';
import { bake, newMachine, type TrialMachine } from './machines.ts';

/** Two machines from one image that is baked once; every subject of the contract is tried on them, one after the other. */
export let ground: Ground;
export let blue: TrialMachine;
export let green: TrialMachine;

export const STATE = '/var/lib/docker/volumes/ledger-state/_data';

export async function openPair(): Promise<void> {
  ground = await openGround();
  await bake(ground);
  [blue, green] = await Promise.all([newMachine(ground, 'blue'), newMachine(ground, 'green')]);
}

export async function closePair(): Promise<void> {
  // Undefined when it could not be opened.
  await ground?.close();
}

export const secrets = (): Record<string, string> => ({
  // The last line has no end, as a hand-written file may have none.
  '.env': `LEDGER_KEY=a b$c'"d`,
  'ca.crt': ground.trust,
});

/** Blue is the writer of an empty ledger and has the name and a certificate for it; green is a candidate that never served. */
export async function begin(): Promise<void> {
  ground.pointName(blue.address);
  await Promise.all([blue.root(FORGET), green.root(FORGET)]);
  await Promise.all([candidate(blue, 'blue'), candidate(green, 'green')]);
  await blue.box.start(30_000);
  await blue.box.activate();
  // What was issued once stays: only the first subject waits for it.
  if ((await blue.box.status()).certificate.kind !== 'issued') await blue.box.certificate();
}

async function candidate(machine: TrialMachine, slot: 'blue' | 'green'): Promise<void> {
  await machine.box.prepare(`${slot}-20260101-000000`, slot);
  await machine.box.secrets(secrets());
}

const FORGET = `
systemctl stop anny-serve anny-app anny-writer.target 'anny-deadman-*' 2>/dev/null || true
docker rm -f ledger >/dev/null 2>&1 || true
find ${STATE} -mindepth 1 -delete 2>/dev/null || true
rm -rf /var/lib/anny/* /opt/anny/backups/* /run/anny/app
find /run/anny/mode /run/anny/takeover /run/anny/pass -type f -delete
rm -f /run/anny/lease /run/anny/hold /run/anny/quiesced /run/anny/relay-open /run/anny/jobs
anny-box boot >/dev/null
`;
