import type { Backup } from './backups.ts';
import type { Bringing } from './bringing.ts';
import type { GivenUp } from './given-up.ts';
import type { LostWrites } from './lost-writes.ts';
import type { Answering, Release, Silent } from './release.ts';

/** What a command will do: plain data, made from observations. `plan` prints the same that `promote` carries out. */
export type Plan =
  | { readonly action: 'none'; readonly writer: Answering }
  | ({
      readonly action: 'first';
      /** The generation that it comes after: a machine that was cut off may have been made the writer. */
      readonly after: number;
    } & Bringing)
  | ({
      readonly action: 'promote';
      readonly from: Answering;
      readonly standbys: readonly Answering[];
      /** The state comes from the live machine alone, although there are backups. */
      readonly withoutBackup: boolean;
    } & Bringing)
  | {
      readonly action: 'rollback';
      readonly from: Answering;
      readonly to: Answering;
      readonly standbys: readonly Answering[];
    }
  /** The newer machine is dead: its writes since the handover are lost. */
  | ({
      readonly action: 'fall-back';
      readonly after: number;
      readonly to: Answering;
      readonly fence: readonly Silent[];
      readonly standbys: readonly Answering[];
      readonly lostWrites: LostWrites;
    } & GivenUp)
  /** A machine that was fenced serves again, with the data that it had then: what others wrote since is given up. */
  | ({
      readonly action: 'take-back';
      readonly after: number;
      readonly to: Answering | Silent;
      readonly fence: readonly (Answering | Silent)[];
      readonly standbys: readonly Answering[];
    } & GivenUp)
  | ({
      readonly action: 'restore';
      /** The generation that the new writer comes after: its state may be from before other machines served. */
      readonly after: number;
      readonly backup: Backup;
      readonly fence: readonly Release[];
      readonly standbys: readonly Answering[];
    } & Bringing &
      GivenUp)
  /** A machine had taken everything over when the old one went away. If that had not committed yet, it wrote on alone. */
  | ({
      readonly action: 'take-over';
      readonly to: Answering;
      readonly fence: readonly Silent[];
      readonly standbys: readonly Answering[];
    } & GivenUp);
