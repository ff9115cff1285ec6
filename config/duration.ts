import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const WORDS = 'a number and a unit: 500ms, 20s, 5m, 24h or 30d';

/** "20s", "5m", "24h", "30d" or "500ms" in config.yaml; milliseconds in the program. */
export const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)$/, WORDS)
  .transform((text): number => {
    const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
    const unit = match?.[2] as keyof typeof UNIT_MS;
    return Number(match?.[1]) * UNIT_MS[unit];
  })
  .meta({ errorMessage: WORDS });
