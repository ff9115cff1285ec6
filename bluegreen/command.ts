import { z } from 'zod';

const image = {
  /** First characters of its digest; undefined takes the newest tested. */
  image: z.string().optional(),
};

/** A command that changes who serves, or what is kept, as data: typed, planned, written down, and gone on with elsewhere. */
export const releaseCommandSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('promote'),
    ...image,
    /** Bring up a new machine although the live one has this image already. */
    again: z.boolean(),
    /** No backup is made and proved on the new machine: it gets the state from the live one alone. */
    withoutBackup: z.boolean().optional(),
  }),
  z.object({ kind: z.literal('prepare'), ...image, again: z.boolean(), withoutBackup: z.boolean().optional() }),
  z.object({
    kind: z.literal('rollback'),
    /** Release name of a standby; undefined takes the newest. */
    to: z.string().optional(),
    loseWrites: z.boolean(),
  }),
  z.object({
    kind: z.literal('restore'),
    ...image,
    /** Name of a backup; undefined takes the newest. */
    backup: z.string().optional(),
    loseWrites: z.boolean(),
  }),
  /** Puts in order what is around the live release, and brings up nothing. */
  z.object({ kind: z.literal('settle') }),
  z.object({
    kind: z.literal('retire'),
    /** Release name; undefined means every standby that is due. */
    release: z.string().optional(),
    force: z.boolean(),
  }),
]);

export type ReleaseCommand = z.infer<typeof releaseCommandSchema>;
export type OperatorCommand = ReleaseCommand | { readonly kind: 'resume' } | { readonly kind: 'abort' };
export type PlannedCommand = Exclude<ReleaseCommand, { kind: 'retire' }>;

/** As it is typed: "anny-bluegreen promote --again". */
export function commandText(command: OperatorCommand): string {
  return ['anny-bluegreen', command.kind, ...wordsOf(command)].join(' ');
}

function wordsOf(command: OperatorCommand): readonly string[] {
  const option = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [name, value]);
  const flag = (name: string, set: boolean): string[] => (set ? [name] : []);
  switch (command.kind) {
    case 'promote':
    case 'prepare':
      return [
        ...option('--image', command.image),
        ...flag('--again', command.again),
        ...flag('--without-backup', command.withoutBackup === true),
      ];
    case 'rollback':
      return [...option('--to', command.to), ...flag('--lose-writes', command.loseWrites)];
    case 'restore':
      return [
        ...option('--image', command.image),
        ...option('--backup', command.backup),
        ...flag('--lose-writes', command.loseWrites),
      ];
    case 'settle':
      return [];
    case 'retire':
      return [...(command.release === undefined ? [] : [command.release]), ...flag('--force', command.force)];
    case 'resume':
    case 'abort':
      return [];
  }
}
