const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WORDS: Readonly<Record<string, number>> = {
  minutely: MINUTE,
  hourly: HOUR,
  daily: DAY,
  weekly: 7 * DAY,
  monthly: 31 * DAY,
  quarterly: 92 * DAY,
  semiannually: 184 * DAY,
  yearly: 366 * DAY,
  annually: 366 * DAY,
};
/** A backup takes its time, and so does fetching it. */
const GRACE_SECONDS = 2 * HOUR;

/** How old a backup may be at most if the schedule (a systemd calendar expression) is kept; never less than the truth. */
export function promisedSeconds(schedule: string): number {
  return gapSeconds(schedule.trim().toLowerCase()) + GRACE_SECONDS;
}

/** The longest time between two elapses. */
function gapSeconds(schedule: string): number {
  const word = WORDS[schedule];
  if (word !== undefined) return word;
  const parts = schedule.split(/\s+/);
  const date = parts.find((part) => part.includes('-') && !/[a-z]/.test(part)) ?? '*-*-*';
  const time = parts.find((part) => part.includes(':')) ?? '00:00:00';
  const [day = '*', month = '*', year = '*'] = date.split('-').reverse();
  if (year !== '*' || month !== '*') return 366 * DAY;
  if (day !== '*') return 31 * DAY;
  if (/^(mon|tue|wed|thu|fri|sat|sun)/.test(schedule)) return 7 * DAY;
  const [hour = '*', minute = '*'] = time.split(':');
  const everyMinutes = step(minute);
  if (hour === '*') return everyMinutes === undefined ? HOUR : everyMinutes * MINUTE;
  const everyHours = step(hour);
  return everyHours === undefined ? DAY : everyHours * HOUR;
}

/** 1 for "*", 15 for "0/15"; undefined for a list or a single value. */
function step(field: string): number | undefined {
  if (field === '*') return 1;
  const every = /^(?:\*|0+)\/(\d+)$/.exec(field)?.[1];
  return every === undefined ? undefined : Number(every);
}
