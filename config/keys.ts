import { z } from 'zod';
import { configSchema } from './schema.ts';

/** From the top of config.yaml to a key: ["infra", "vultr_plan"]. */
export type Path = readonly string[];

export interface Key {
  /** "infra.vultr_plan" */
  readonly name: string;
  readonly path: Path;
  readonly kind: 'text' | 'number' | 'boolean' | 'list' | 'map';
  /** As it would stand in config.yaml. */
  readonly default: unknown;
  /** "ANNY_INFRA_VULTR_PLAN" */
  readonly variable: string;
}

/** What a JSON Schema says of one place in config.yaml; only what is read here. */
interface Node {
  readonly type?: string;
  readonly anyOf?: readonly Node[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | false;
  readonly propertyNames?: Node;
  readonly items?: Node;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly errorMessage?: string;
}

const nodeSchema: z.ZodType<Node> = z.lazy(() =>
  z.object({
    type: z.string().exactOptional(),
    anyOf: z.array(nodeSchema).exactOptional(),
    default: z.unknown().exactOptional(),
    properties: z.record(z.string(), nodeSchema).exactOptional(),
    additionalProperties: z.union([nodeSchema, z.literal(false)]).exactOptional(),
    propertyNames: nodeSchema.exactOptional(),
    items: nodeSchema.exactOptional(),
    enum: z.array(z.string()).exactOptional(),
    format: z.string().exactOptional(),
    minimum: z.number().exactOptional(),
    maximum: z.number().exactOptional(),
    errorMessage: z.string().exactOptional(),
  }),
);

const root = nodeSchema.parse(z.toJSONSchema(configSchema, { io: 'input' }));

/** Every key of config.yaml, in the order of the schema. */
export const KEYS: readonly Key[] = leaves(root, []);

function leaves(node: Node, path: Path): Key[] {
  if (node.properties !== undefined) {
    return Object.entries(node.properties).flatMap(([name, child]) => leaves(child, [...path, name]));
  }
  const name = path.join('.');
  const variable = `ANNY_${path.join('_').toUpperCase()}`;
  return [{ name, path, kind: kindOf(node), default: node.default, variable }];
}

function kindOf(node: Node): Key['kind'] {
  const type = node.type ?? node.anyOf?.[0]?.type;
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type === 'array') return 'list';
  return type === 'object' ? 'map' : 'text';
}

/** Names allowed in the section (or the map of known names) at `path`; undefined when there is none there. */
export function namesIn(path: Path): readonly string[] | undefined {
  const { properties, propertyNames } = nodeAt(path) ?? {};
  return properties === undefined ? propertyNames?.enum : Object.keys(properties);
}

/** What may stand at `path`, in words. */
export function allowedAt(path: Path): string {
  const node = nodeAt(path);
  return node === undefined ? 'nothing' : words(node);
}

/** What a name in the map at `path` may look like, in words. */
export function allowedNameAt(path: Path): string {
  const names = nodeAt(path)?.propertyNames;
  return names === undefined ? 'a name' : words(names);
}

function nodeAt(path: Path): Node | undefined {
  return path.reduce<Node | undefined>(
    (node, name) => node?.properties?.[name] ?? (node?.additionalProperties || node?.items || undefined),
    root,
  );
}

function words(node: Node): string {
  if (node.errorMessage !== undefined) return node.errorMessage;
  if (node.enum !== undefined) return node.enum.join(' or ');
  if (node.properties !== undefined) return `a section with the keys ${Object.keys(node.properties).join(', ')}`;
  if (node.items !== undefined) return `a list; each in it: ${words(node.items)}`;
  if (node.type === 'object') return 'a map of names to texts';
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'integer') return `a whole number${range(node)}`;
  if (node.type === 'number') return `a number${range(node)}`;
  return node.format === 'uri' ? 'a URL: https://…' : 'a text';
}

function range({ minimum, maximum }: Node): string {
  const hasMaximum = maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER;
  if (minimum === undefined || minimum === Number.MIN_SAFE_INTEGER) return hasMaximum ? `, at most ${maximum}` : '';
  return hasMaximum ? ` from ${minimum} to ${maximum}` : `, at least ${minimum}`;
}
