/**
 * Order of two package versions, as dpkg has it (deb-version(7)): epoch, then upstream version, then revision.
 * @returns below 0 when `a` is older, 0 when they are equal, above 0 when it is newer
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  return (
    left.epoch - right.epoch ||
    compareTexts(left.upstream, right.upstream) ||
    compareTexts(left.revision, right.revision)
  );
}

interface Parts {
  readonly epoch: number;
  readonly upstream: string;
  /** "" where there is none, which is the same as "0". */
  readonly revision: string;
}

function partsOf(version: string): Parts {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon === -1 ? 0 : Number(version.slice(0, colon)),
    upstream: dash === -1 ? rest : rest.slice(0, dash),
    revision: dash === -1 ? '' : rest.slice(dash + 1),
  };
}

/** By turns what is no number, sign by sign, and what is one, by its value. */
function compareTexts(a: string, b: string): number {
  const [left, right] = [piecesOf(a), piecesOf(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one, other] = [left[index] ?? '', right[index] ?? ''];
    const order = index % 2 === 0 ? compareSigns(one, other) : compareNumbers(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

/** "1.2~rc3" is ["", "1", ".", "2", "~rc", "3"]: at even places what is no number. */
function piecesOf(text: string): readonly string[] {
  return [...text.matchAll(/(\D*)(\d*)/g)].flatMap(([whole, signs = '', digits = '']) =>
    whole === '' ? [] : [signs, digits],
  );
}

function compareSigns(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const order = weightOf(a[index]) - weightOf(b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** A tilde is before the end of the text, letters come before all other signs. */
function weightOf(sign: string | undefined): number {
  if (sign === undefined) return 0;
  if (sign === '~') return -1;
  const code = sign.charCodeAt(0);
  return /[A-Za-z]/.test(sign) ? code : code + 256;
}

/** As texts: a version may have more digits than a number holds. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return left.length - right.length || (left < right ? -1 : left > right ? 1 : 0);
}
