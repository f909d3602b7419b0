import { expect, test } from 'vitest';
import type { Entitlement } from '../request.ts';
import { checkEntitlements } from './check-entitlements.ts';

const USUAL = { network: 'default', security: 'sandbox', devices: [] as string[] } as const;

function check(
  asked: Partial<Parameters<typeof checkEntitlements>[1]>,
  { allowed = [], networkMode = 'bridge' }: { allowed?: Entitlement[]; networkMode?: string } = {},
): void {
  const request = { entitlements: new Set(allowed), limits: { networkMode, extraHosts: [] } };
  checkEntitlements(request, { ...USUAL, ...asked, devices: asked.devices ?? [] });
}

test('a usual step needs none', () => {
  check({});
  check({ network: 'none' });
});

test.each([
  [{ network: 'host' }, 'network.host'],
  [{ security: 'insecure' }, 'security.insecure'],
  [{ devices: ['a.b/c=d'] }, 'device'],
] as const)('%j needs %s', (asked, entitlement) => {
  const given = { ...asked, devices: 'devices' in asked ? [...asked.devices] : [] };
  check(given, { allowed: [entitlement] });
  expect(() => check(given)).toThrow(
    expect.objectContaining({
      message: `${entitlement} is not allowed`,
      why: expect.stringContaining('the step asks for') as string,
      hint: `build with --allow ${entitlement}`,
    }),
  );
});

test("who builds in the host's network has allowed it", () => {
  check({ network: 'host' }, { networkMode: 'host' });
});
