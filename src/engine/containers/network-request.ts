import type { EndpointRequest, NetworkRequest } from '#engine/networks/networks.ts';
import { portRequests } from './ports.ts';
import type { ContainerRecord } from './record.ts';

/** What a container asks of the network. */
export function networkRequest(record: ContainerRecord): NetworkRequest {
  const { id, name, config, hostConfig, endpoints } = record;
  const mode = config.networkDisabled === true ? 'none' : hostConfig.networkMode;
  const entries = Object.entries(endpoints).map(([network, { aliases, ipam, mac }]): [string, EndpointRequest] => [
    network,
    {
      ...(aliases.length === 0 ? {} : { aliases }),
      ...(ipam?.address ? { address: ipam.address } : {}),
      ...(mac === '' ? {} : { mac }),
    },
  ]);
  const requests = Object.fromEntries(entries);
  if (config.macAddress !== '') requests[mode] = { mac: config.macAddress, ...requests[mode] };
  return {
    containerId: id,
    containerName: name,
    hostname: config.hostname,
    mode,
    endpoints: requests,
    ports: portRequests(record),
    dns: hostConfig.dns,
    dnsSearch: hostConfig.dnsSearch,
    dnsOptions: hostConfig.dnsOptions,
    extraHosts: hostConfig.extraHosts,
  };
}
