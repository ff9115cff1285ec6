import { describe, expect, test } from 'vitest';
import { refusal } from './refusal.ts';

const CALL = { method: 'POST', path: '/instances', doing: 'creating machine blue' };
const said = (status: number, error: string) => refusal(CALL, status, JSON.stringify({ error, status }));

describe('what the API refuses', () => {
  test("the error holds what was done, the API's own words and the call", () => {
    const { message } = said(400, 'Invalid label');
    expect(message).toBe('creating machine blue: Invalid label (POST /instances, HTTP 400)');
  });

  test.for([
    [401, 'Invalid API token.', /VULTR_API_KEY in \.env/],
    [401, 'Unauthorized IP address: 2001:db8::1', /this computer's address \(IPv4 and IPv6\)/],
    [403, 'Forbidden', /VULTR_API_KEY/],
    [400, 'Invalid plan chosen.', /infra\.vultr_plan/],
    [400, 'Invalid region chosen.', /infra\.vultr_region/],
    [404, 'Invalid domain', /infra\.parent_domain/],
    [400, 'You have reached the maximum number of snapshots', /limit: delete what is not needed/],
    [429, 'Rate limit exceeded', /wait a minute/],
    [503, 'Region under maintenance', /problem of its own/],
    [400, 'Something else', /anny-bluegreen status/],
  ] as const)('%i "%s" tells what to do', ([status, words, next]) => {
    expect(said(status, words).next).toMatch(next);
  });

  test('only a refused key is a matter of authorisation', () => {
    expect([said(401, 'x').code, said(403, 'x').code, said(400, 'x').code]).toEqual([
      'API_UNAUTHORIZED',
      'API_UNAUTHORIZED',
      'API_REFUSED',
    ]);
  });

  test('other shapes of an error are understood, and none is no reason to fail', () => {
    expect(refusal(CALL, 400, '{"message":"in other words"}').found).toMatch(/^in other words \(/);
    expect(refusal(CALL, 400, '<html>Bad gateway</html>').found).toMatch(/^<html>Bad gateway/);
    expect(refusal(CALL, 400, '').found).toMatch(/^no reason given \(/);
    expect(refusal(CALL, 400, 'x'.repeat(9_999)).found.length).toBeLessThan(400);
  });
});
