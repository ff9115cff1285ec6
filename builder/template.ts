import Handlebars from 'handlebars';
import { nearest } from '../config/nearest.ts';
import { quote } from '../machine/ssh-shell.ts';

/** Handlebars, where nothing that is unknown becomes an empty text: its strict mode lets arguments of helpers and blocks pass. */

const engine = Handlebars.create();
/** A word for the shell, quoted. */
engine.registerHelper('sh', (value: unknown) => quote(plain('sh', value)));
engine.registerHelper('json', (value: unknown) => JSON.stringify(value));
/** A text that must not begin a second line. */
engine.registerHelper('line', (value: unknown) => oneLine(plain('line', value)));
/** Durations are milliseconds in the program. */
engine.registerHelper('seconds', (ms: unknown) => Math.max(1, Math.round(number('seconds', ms) / 1000)));
engine.registerHelper('join', (list: unknown, by: unknown) => listOf('join', list).join(plain('join', by)));
engine.registerHelper('keys', (map: unknown) => Object.keys(object('keys', map)));
for (const [name, helper] of Object.entries(engine.helpers)) engine.registerHelper(name, refusingNothing(name, helper));

/** What Handlebars itself gives inside a block. */
const DATA_NAMES = ['root', 'key', 'index', 'first', 'last'];

/** @throws {Error} that says what is wrong and, where it is known, on which line. */
export function renderTemplate(source: string, context: object): string {
  const program = Handlebars.parse(source);
  const paths = pathsIn(program);
  const strange = paths.find(
    ({ data, parts }) =>
      (data && !DATA_NAMES.includes(parts[0] ?? '')) || parts.some((part) => part in Object.prototype),
  );
  if (strange !== undefined) throw new Error(`there is no ${strange.original}${at(strange)}`);
  const missing = (name: string, among: readonly string[]): never => {
    const where = paths.find(({ parts }) => name === parts.join('.') || name.startsWith(`${parts.join('.')}.`));
    const last = name.split('.').at(-1) ?? name;
    const meant = nearest(last, among);
    throw new Error(`there is no ${name}${at(where)}${meant === undefined ? '' : `; did you mean ${meant}?`}`);
  };
  const template = engine.compile(program, { strict: true, noEscape: true });
  const text = saidPlainly(paths, () => template(guarded(context, [], missing)));
  if (text.includes('[object Object]')) throw new Error('it prints a whole section, where one value was meant');
  return text;
}

/** Of what is no map, such as a list, Handlebars itself says: "nope" not defined in a,b - 3:7. */
const NOT_DEFINED = /^"(?<name>[^"]+)" not defined in .* - (?<line>\d+):\d+$/s;

function saidPlainly(paths: readonly hbs.AST.PathExpression[], render: () => string): string {
  try {
    return render();
  } catch (cause) {
    const { name = '', line } = (cause instanceof Error ? NOT_DEFINED.exec(cause.message) : null)?.groups ?? {};
    if (line === undefined) throw cause;
    const path = paths.find(({ loc, parts }) => loc.start.line === Number(line) && parts.includes(name));
    throw new Error(`there is no ${path?.original ?? name} (line ${line})`, { cause });
  }
}

/** {{#if this.nope}} is a slip too, and not the same as false. */
function refusingNothing(name: string, helper: Handlebars.HelperDelegate): Handlebars.HelperDelegate {
  return function (this: unknown, ...values: unknown[]) {
    if (values.includes(undefined)) throw new Error(`{{${name}}} is given something that is not there`);
    return Reflect.apply(helper, this, values);
  };
}

function at(path: hbs.AST.PathExpression | undefined): string {
  return path === undefined ? '' : ` (line ${path.loc.start.line})`;
}

function pathsIn(program: hbs.AST.Program): readonly hbs.AST.PathExpression[] {
  const paths: hbs.AST.PathExpression[] = [];
  const visitor = new Handlebars.Visitor();
  visitor.PathExpression = (path) => void paths.push(path);
  visitor.accept(program);
  return paths;
}

/** The same values, but asking for one that is not there fails; names in a fixed order, however the files had them. */
function guarded(
  value: object,
  path: readonly string[],
  missing: (name: string, among: readonly string[]) => never,
): object {
  if (Array.isArray(value)) return value;
  const own = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return new Proxy(own, {
    // So that Handlebars asks `get` also where its own message would say less.
    has: () => true,
    get: (target, key) => {
      if (typeof key === 'symbol' || key === 'toJSON' || key in Object.prototype) return Reflect.get(target, key);
      const here = [...path, key];
      if (!Object.hasOwn(target, key)) return missing(here.join('.'), Object.keys(target));
      const found = target[key];
      return typeof found === 'object' && found !== null ? guarded(found, here, missing) : found;
    },
  });
}

function plain(helper: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`{{${helper}}} needs one value, found ${kindOf(value)}`);
}

function number(helper: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw new Error(`{{${helper}}} needs a number, found ${kindOf(value)}`);
}

function listOf(helper: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`{{${helper}}} needs a list, found ${kindOf(value)}`);
}

function object(helper: string, value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.hasOwn(value, 'hash'))
    return value;
  throw new Error(`{{${helper}}} needs a map, found ${kindOf(value)}`);
}

function oneLine(text: string): string {
  if (/[\r\n]/.test(text)) throw new Error('a value has a line break, where only one line can stand');
  return text;
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  // Handlebars hands its options over where an argument is missing.
  return typeof value === 'object' ? 'no value or a whole section' : `a ${typeof value}`;
}
