import { describe, expect, test } from 'vitest';
import { configSchema } from '../../config/schema.ts';
import { placeOf, pulumiLine } from './place.ts';

const SECRETS: Readonly<Record<string, string>> = {
  VULTR_API_KEY: 'key-of-vultr',
  PULUMI_CONFIG_PASSPHRASE: 'correct horse',
};

function place(infra: object, secrets: Readonly<Record<string, string>> = SECRETS) {
  return placeOf({
    environment: 'production',
    config: configSchema.parse({ infra }),
    directory: '/srv/my project',
    publicName: 'anny.membies.com',
    secret: (name) => secrets[name],
    secretValues: () => new Map(Object.entries(secrets)),
  });
}

describe('where the state lies', () => {
  test('is beside config.yaml, one stack an environment', () => {
    expect(place({})).toMatchObject({
      project: 'anny-foundation',
      stack: 'production',
      backend: 'file:///srv/my%20project/.anny/foundation',
      directory: '/srv/my project/.anny/foundation',
      variables: { PULUMI_BACKEND_URL: 'file:///srv/my%20project/.anny/foundation', ...SECRETS },
    });
  });

  test('is any backend that the team shares', () => {
    const { backend, directory, variables } = place({ foundation: { backend: 's3://state?region=ewr' } });
    expect([backend, directory]).toEqual(['s3://state?region=ewr', undefined]);
    expect(variables.PULUMI_BACKEND_URL).toBe(backend);
  });

  test('needs a passphrase wherever Pulumi Cloud does not keep the keys', () => {
    const withKey = { VULTR_API_KEY: 'key-of-vultr' };
    const missing = expect.objectContaining({ code: 'SECRET_MISSING', next: expect.stringContaining('openssl rand') });
    expect(() => place({}, withKey)).toThrow(missing);
    expect(() => place({ foundation: { backend: 's3://state' } }, withKey)).toThrow(missing);
    const token = { ...withKey, PULUMI_ACCESS_TOKEN: 'pul-token' };
    const cloud = place({ foundation: { backend: 'https://api.pulumi.com' } }, token);
    expect(cloud.variables).toMatchObject(token);
  });

  test('needs the key of the account', () => {
    expect(() => place({}, {})).toThrow(
      expect.objectContaining({ code: 'SECRET_MISSING', found: 'VULTR_API_KEY is not set' }),
    );
  });

  test('is at Vultr alone: with another API the provider would work on the wrong account', () => {
    const wrong = expect.objectContaining({ code: 'CONFIG_INVALID', found: expect.stringContaining('127.0.0.1:8484') });
    expect(() => place({ api_url: 'http://127.0.0.1:8484/v2' })).toThrow(wrong);
  });

  test('is told to a person who needs pulumi itself, without a secret', () => {
    const line = pulumiLine(place({}), 'cancel');
    expect(line).toMatch(
      /^PULUMI_BACKEND_URL=file:\S+ pulumi cancel --stack organization\/anny-foundation\/production$/,
    );
    for (const secret of Object.values(SECRETS)) expect(line).not.toContain(secret);
  });
});
