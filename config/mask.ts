const SHORTEST = 6;
/** Lines of a multi-line secret and parts between commas are masked by themselves too, unless so short that they are in any text. */
const SHORTEST_LINE = 16;
const MASK = '***';

/**
 * A function that replaces every secret value in a text by `***`: as it is, as it stands in JSON or in a URL, and each
 * longer line, or part between commas, of a value with several. Values under 6 characters stay, since they would be found in innocent text.
 */
export function masker(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set([...secrets].flatMap(formsOf));
  // The longest first, so that no rest of a longer secret is left when it contains a shorter one.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  if (ordered.length === 0) return (text) => text;
  const pattern = new RegExp(ordered.map(literally).join('|'), 'g');
  return (text) => text.replace(pattern, MASK);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function formsOf(secret: string): string[] {
  const value = secret.trim();
  if (value.length < SHORTEST) return [];
  const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : keysIn(value);
  return [value, ...lines.filter((line) => line.length >= SHORTEST_LINE), ...partsOfJson(value)].flatMap((form) => [
    form,
    JSON.stringify(form).slice(1, -1),
    encodeURIComponent(form),
  ]);
}

/** Several keys with commas between them, as while they are being changed. */
export function keysIn(value: string): string[] {
  return /^[^\s"{}]+$/.test(value) && value.includes(',') ? value.split(',') : [];
}

/** A key file in JSON is used, and leaks, by its parts. */
function partsOfJson(value: string): string[] {
  const parsed = asJson(value);
  if (typeof parsed !== 'object' || parsed === null) return [];
  return Object.entries(parsed).flatMap(([name, part]) =>
    /key|secret|token|password/i.test(name) && typeof part === 'string' && part.length >= SHORTEST_LINE
      ? [part, ...part.split('\n').filter((line) => line.length >= SHORTEST_LINE)]
      : [],
  );
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
