import { type Parsed, parseFields } from './fields.ts';

const ENDPOINT = {
  ipam: ['IPAMConfig', { 'one?': { address: ['IPv4Address', 'string'], address6: ['IPv6Address', 'string'] } }],
  links: ['Links', 'strings'],
  mac: ['MacAddress', 'string'],
  aliases: ['Aliases', 'strings'],
  driverOpts: ['DriverOpts', 'map'],
} as const;

/** Settings of a container in one network (Engine API, EndpointSettings). */
export type EndpointConfig = Parsed<typeof ENDPOINT>;

/** By network name. @throws {InvalidArgumentError} */
export function parseEndpoints(body: unknown): Record<string, EndpointConfig> {
  const { EndpointsConfig } = (body ?? {}) as { EndpointsConfig?: unknown };
  const entries = Object.entries((EndpointsConfig ?? {}) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, value]) => [name, parseFields(ENDPOINT, value, name)]));
}
