import { afterAll, beforeAll } from 'vitest';
import { backupContract } from './contract/backup.ts';
import { diskContract } from './contract/disk.ts';
import { firstWriterContract } from './contract/first-writer.ts';
import { handoverContract } from './contract/handover.ts';
import { imageContract } from './contract/image.ts';
import { intruderContract } from './contract/intruder.ts';
import { jobsContract } from './contract/jobs.ts';
import { leaseContract } from './contract/lease.ts';
import { nightContract } from './contract/night.ts';
import { rebootContract } from './contract/reboot.ts';
import { requestsContract } from './contract/requests.ts';
import { stateContract } from './contract/state.ts';
import { storageContract } from './contract/storage.ts';
import { trafficContract } from './contract/traffic.ts';
import { upkeepContract } from './contract/upkeep.ts';
import { closePair, openPair } from './trial/pair.ts';

// docs/anny-box.md on two real machines. The first subjects follow each other; from `requests` on each begins anew.
beforeAll(openPair);
afterAll(closePair);

imageContract();
firstWriterContract();
handoverContract();
rebootContract();
requestsContract();
trafficContract();
upkeepContract();
stateContract();
diskContract();
backupContract();
storageContract();
intruderContract();
nightContract();
jobsContract();
leaseContract();
