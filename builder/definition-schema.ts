import { z } from 'zod';
import { NAME_PATTERN } from '../config/schema.ts';
import { SEVERITIES } from './vulnerabilities/finding.ts';

/** What an image definition may say; docs/images.md explains each key. */

const path = z.string().regex(/^\/\S*$/, 'an absolute path');
const mode = z.string().regex(/^0?[0-7]{3,4}$/, 'a mode in octal and quotes: "0644"');
const owner = z.string().regex(/^[a-z0-9_-]+:[a-z0-9_-]+$/, 'user:group');
const rule = z.string().regex(/^\d+\/(tcp|udp)$/, 'a port with its protocol: 443/tcp');
const port = z.int().min(1).max(65535);
const account = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'a name of a user or group');
const unit = z.string().regex(/^[A-Za-z0-9@._:-]+$/, 'a name of a systemd unit');
const protocol = z.enum(['tcp', 'udp']);
const packageName = z.string().regex(/^[a-z0-9][a-z0-9.+-]*$/, "a package's name");
const PORT_TESTS = '{ port, protocol: tcp or udp, and one of from: any, localhost, closed or address: 127.0.0.1 }';
const FIREWALL_RULES = 'one of { allow: 443/tcp }, { limit: 22/tcp }, { default: deny }, { default: reject }';

const testsSchema = z.strictObject({
  services: z.array(z.strictObject({ name: unit, state: z.enum(['running', 'enabled', 'disabled']) })).default([]),
  ports: z
    .array(
      z.union(
        [
          z.strictObject({ port, protocol, from: z.enum(['any', 'localhost', 'closed']) }),
          z.strictObject({ port, protocol, address: z.union([z.ipv4(), z.ipv6(), z.literal('*')]) }),
        ],
        PORT_TESTS,
      ),
    )
    .default([]),
  packages: z
    .array(z.strictObject({ name: packageName, at_least: z.string().optional(), absent: z.boolean().default(false) }))
    .default([]),
  http: z
    .array(
      z.strictObject({
        url: z.string().regex(/^https?:\/\/\S+$/, 'a URL as the machine itself asks for it: http://127.0.0.1/'),
        status: z.int().min(100).max(599).default(200),
        contains: z.string().optional(),
      }),
    )
    .default([]),
  users: z
    .array(
      z.strictObject({
        name: account,
        uid: z.int().min(0).optional(),
        groups: z.array(account).default([]),
        not_groups: z.array(account).default([]),
      }),
    )
    .default([]),
  files: z
    .array(
      z.strictObject({
        path,
        owner: owner.optional(),
        mode: mode.optional(),
        contains: z.string().optional(),
        absent: z.boolean().default(false),
      }),
    )
    .default([]),
  firewall: z
    .array(
      z.union(
        [
          z.strictObject({ allow: rule }),
          z.strictObject({ limit: rule }),
          z.strictObject({ default: z.enum(['deny', 'reject']) }),
        ],
        FIREWALL_RULES,
      ),
    )
    .default([]),
  jails: z
    .array(z.strictObject({ name: unit, maxretry: z.int().min(1), bantime: z.int().min(1), findtime: z.int().min(1) }))
    .default([]),
  hardening: z.strictObject({ lynis: z.int().min(1).max(100) }).optional(),
  vulnerabilities: z.strictObject({ max: z.partialRecord(z.enum(SEVERITIES), z.int().min(0)) }).optional(),
  commands: z
    .array(z.strictObject({ run: z.string(), succeeds: z.boolean().default(true), prints: z.string().optional() }))
    .default([]),
});

export const definitionSchema = z.strictObject({
  name: z.string().regex(NAME_PATTERN, 'lower-case letters, digits and dashes'),
  parent: z.string().optional(),
  os: z.literal(true).optional(),
  docker: z.boolean().default(false),
  packages: z.array(packageName).default([]),
  templates: z.string().optional(),
  users: z
    .array(
      z.strictObject({
        name: account,
        uid: z.int().min(1),
        shell: path.default('/usr/sbin/nologin'),
        groups: z.array(account).default([]),
      }),
    )
    .default([]),
  directories: z.array(z.strictObject({ path, owner: owner.default('root:root'), mode })).default([]),
  files: z.array(z.strictObject({ path, owner: owner.default('root:root'), mode: mode.default('0644') })).default([]),
  services: z.strictObject({ enable: z.array(unit).default([]), disable: z.array(unit).default([]) }).prefault({}),
  run: z.array(z.string()).default([]),
  app: z.boolean().default(false),
  app_run: z.array(z.string()).default([]),
  app_base: z.boolean().default(false),
  clean: z.array(path).default([]),
  tests: testsSchema.prefault({}),
});

export type ImageTests = z.infer<typeof testsSchema>;
export type DefinitionKeys = z.infer<typeof definitionSchema>;
