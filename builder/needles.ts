import { Readable } from 'node:stream';
import { keysIn } from '../config/mask.ts';
import type { Settings } from '../config/settings.ts';

const SHORTEST_CHARS = 8;
const SHORTEST_LINE_CHARS = 16;
/** First and last lines of PEM files, alike in all of them. */
const ARMOUR = /^-----(BEGIN|END) /;
const SECRET_NAME = /key|secret|token|password/i;
const PUBLIC_VALUE = /^https?:\/\/|^.{0,15}$/;

/** A piece of a secret, and whose piece it is. */
export interface Needle {
  readonly name: string;
  readonly text: string;
}

/** What to look for: each configured secret, whole and in the parts and forms in which it leaks. */
export function needlesOf(settings: Pick<Settings, 'secretValues'>): readonly Needle[] {
  return [...settings.secretValues()].flatMap(([name, value]) =>
    [...new Set(piecesOf(value.trim()).flatMap(formsOf))].map((text) => ({ name, text })),
  );
}

/** Of a key file in JSON its secret parts alone: its other lines are in every library that reads such files. */
function piecesOf(value: string): readonly string[] {
  const parts = secretPartsOfJson(value);
  if (parts.length > 0) return parts.flatMap(linesOf);
  if (value.includes('\n')) return linesOf(value);
  return [value, ...keysIn(value)].filter((text) => text.length >= SHORTEST_CHARS);
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line.length >= SHORTEST_LINE_CHARS && !ARMOUR.test(line));
}

function secretPartsOfJson(value: string): readonly string[] {
  const found: string[] = [];
  try {
    JSON.parse(value, (name, part: unknown) => {
      if (typeof part === 'string' && SECRET_NAME.test(name) && !PUBLIC_VALUE.test(part)) found.push(part);
      return part;
    });
  } catch {
    return [];
  }
  return found;
}

/** The usual encodings, also as a part of a longer text that was encoded as a whole. */
function formsOf(text: string): readonly string[] {
  const hex = Buffer.from(text).toString('hex');
  const inUrl = encodeURIComponent(text);
  return [
    ...[text, JSON.stringify(text).slice(1, -1), hex, hex.toUpperCase()],
    ...[inUrl, inUrl.replaceAll(/%../g, (code) => code.toLowerCase()), inUrl.replaceAll('%20', '+')],
    ...[text.replaceAll("'", "'\\''"), inXml(text)],
    ...[0, 1, 2].flatMap((before) => base64Inside(text, before)),
  ].filter((form) => form.length >= SHORTEST_CHARS);
}

function inXml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' };
  return text.replaceAll(/[&<>"']/g, (sign) => `&${names[sign]};`);
}

/** Of base64 the signs that are this text's alone, when so many bytes stand before it: "user:SECRET" shifts them. */
function base64Inside(text: string, before: number): readonly string[] {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
  const whole = bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
  return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
}

export function needleStream(needles: readonly Needle[]): Readable {
  return Readable.from([Buffer.from(needles.map(({ text }) => text).join('\n'))]);
}
