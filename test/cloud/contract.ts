import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { Description, Schema } from './description.ts';
import { EXCEPTIONS } from './exceptions.ts';

/** One request and its answer, as they went over the wire. */
export interface Exchange {
  readonly method: string;
  /** Without "/v2": "/instances?per_page=500". */
  readonly target: string;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

export interface Contract {
  /** What is wrong with the request, in sentences. */
  request(exchange: Exchange): readonly string[];
  answer(exchange: Exchange): readonly string[];
}

const ERROR_SCHEMA = {
  type: 'object',
  properties: { error: { type: 'string', minLength: 1 }, status: { type: 'integer' } },
  required: ['error', 'status'],
  additionalProperties: false,
};

/**
 * The description's schemas, made strict: as they stand they require nothing and allow everything, so that no answer could
 * fail. An answer must hold every described member and no other; a request no member that is not described.
 */
export function openContract(description: Description): Contract {
  const ajv = addFormats.default(new Ajv({ strict: false, allErrors: true, coerceTypes: false }));
  const compiled = new Map<string, ValidateFunction>();
  const { schemas } = description;
  const check = (key: string, schema: Schema, kind: Kind, value: unknown, what: string): readonly string[] => {
    const validate = compiled.get(`${kind} ${key}`) ?? ajv.compile(strict(schemas, schema, kind));
    compiled.set(`${kind} ${key}`, validate);
    return validate(value) ? [] : [`${what}: ${ajv.errorsText(validate.errors, { dataVar: '' })}`];
  };

  return {
    request: ({ method, target, body }) => {
      const { pathname, searchParams } = new URL(target, 'http://api');
      const what = `request ${method} ${pathname}`;
      const found = description.find(method, pathname);
      if (found === undefined) return [`${what}: not described`];
      const schema = found.operation.requestBody?.content['application/json'].schema;
      const problems = queryProblems(found, searchParams, what);
      if (schema === undefined) return body === undefined ? problems : [...problems, `${what}: a body not described`];
      return [...problems, ...check(`${method} ${found.path}`, schema, 'request', body ?? {}, what)];
    },
    answer: ({ method, target, status, answer }) => {
      const { pathname } = new URL(target, 'http://api');
      const what = `answer ${status} to ${method} ${pathname}`;
      if (status >= 400) return check('error', ERROR_SCHEMA, 'request', answer, what);
      const found = description.find(method, pathname);
      if (found === undefined) return [`${what}: not described`];
      const response = found.operation.responses[String(status)];
      if (response === undefined)
        return [`${what}: described are ${Object.keys(found.operation.responses).join(', ')}`];
      const schema = response.content?.['application/json'].schema;
      if (schema === undefined) return answer === undefined ? [] : [`${what}: a body that is not described`];
      return check(`${method} ${found.path} ${status}`, schema, 'answer', answer, what);
    },
  };
}

type Kind = 'request' | 'answer';

function queryProblems(
  { path, operation }: NonNullable<ReturnType<Description['find']>>,
  query: URLSearchParams,
  what: string,
): readonly string[] {
  const extra = EXCEPTIONS.filter(({ schema }) => schema === path).flatMap((one) => Object.keys(one.extra ?? {}));
  return [...query].flatMap(([name, value]) => {
    const type = operation.parameters.find((one) => one.in === 'query' && one.name === name)?.schema.type;
    if (type === undefined) return extra.includes(name) ? [] : [`${what}: query ${name} is not described`];
    if (type === 'integer' && !/^\d+$/.test(value)) return [`${what}: query ${name} must be a number`];
    return [];
  });
}

/** References resolved, and every object with described members closed. */
function strict(schemas: Readonly<Record<string, Schema>>, schema: Schema, kind: Kind): Schema {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return closed(schemas, schemas[name] ?? {}, kind, name);
  return closed(schemas, schema, kind, '');
}

function closed(schemas: Readonly<Record<string, Schema>>, schema: Schema, kind: Kind, name: string): Schema {
  const { items, properties, example, ...rest } = schema;
  const inner = (one: Schema): Schema => strict(schemas, one, kind);
  if (items !== undefined) return { ...rest, items: inner(items) };
  if (properties === undefined) return rest;
  const known = EXCEPTIONS.filter((one) => one.schema === name);
  const extra = known.flatMap((one) => Object.entries(one.extra ?? {}));
  const absent = new Set(known.flatMap((one) => one.absent ?? []));
  const described = Object.entries(properties).map(([key, one]): [string, Schema] => [key, inner(one)]);
  const members = Object.fromEntries<Schema>([...described, ...extra]);
  return {
    ...rest,
    properties: members,
    additionalProperties: false,
    ...(kind === 'answer' ? { required: Object.keys(members).filter((key) => !absent.has(key)) } : {}),
  };
}
