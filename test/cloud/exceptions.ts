/**
 * Where the API is known to differ from its description of 2023. `schema` is a name under components/schemas, or the path of
 * an operation. `absent`: described, and not in answers. `extra`: in requests or answers, and not described.
 */
export interface Exception {
  readonly schema: string;
  readonly absent?: readonly string[];
  readonly extra?: Readonly<Record<string, { readonly type: string }>>;
  readonly why: string;
}

const text = { type: 'string' };
const whole = { type: 'integer' };

export const EXCEPTIONS: readonly Exception[] = [
  {
    schema: 'instance',
    absent: ['v6_networks'],
    extra: { v6_network: text, v6_main_ip: text, v6_network_size: whole },
    why: 'the real API has these flat, as the examples of the description itself show',
  },
  { schema: 'instance', absent: ['tag'], why: 'deprecated in favour of tags, and in no example' },
  { schema: 'instance', absent: ['default_password'], why: 'told once, in the answer to the create' },
  { schema: 'instance', extra: { snapshot_id: text }, why: 'added by 2026' },
  { schema: 'snapshot', extra: { compressed_size: whole }, why: 'in the examples, missing in the schema' },
  { schema: 'plans', absent: ['name'], why: 'in no example' },
  { schema: 'plans', extra: { hourly_cost: { type: 'number' } }, why: 'newer than the description' },
  { schema: 'startup', absent: ['script'], why: 'in no example of the list' },
  { schema: 'firewall-rule', absent: ['type'], why: 'deprecated in favour of ip_type' },
  { schema: 'baremetal-ipv4', absent: ['mac_address'], why: 'of bare metal; the example for instances has none' },
  { schema: '/instances', extra: { hostname: text }, why: 'a filter that was added by 2026' },
];
