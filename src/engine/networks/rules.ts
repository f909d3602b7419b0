import type { PortRequest } from './networks.ts';

/** One network as the packet filter sees it. */
export interface BridgeRules {
  /** Name of the interface. */
  bridge: string;
  subnet: string;
  /** No way out of the host, and none in. */
  internal: boolean;
  /** Packets that leave the host carry its address. */
  masquerade: boolean;
  /** Its containers may talk to each other. */
  betweenContainers: boolean;
}

/** A published port and where it leads. */
export interface PublishedPort extends PortRequest {
  /** Address of the container. */
  address: string;
}

export interface TableState {
  bridges: readonly BridgeRules[];
  ports: readonly PublishedPort[];
}

/**
 * The engine's whole table as an nft script that replaces the former one at one moment.
 *
 * A published port is a destination translation of exactly the address asked for. What is forwarded into a bridge was translated so,
 * belongs to a connection that is known, or comes from the same bridge: a container's own address cannot be reached from outside.
 */
export function tableScript(table: string, { bridges, ports }: TableState): string {
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
${PROTOCOLS.map((protocol) => portMaps(protocol, ports)).join('\n')}
  chain loopback_guard {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop
    iifname != "lo" ip saddr 127.0.0.0/8 drop
  }
  chain publish {
${indent(PROTOCOLS.flatMap(publishRules))}
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr 127.0.0.0/8 return
    fib daddr type local jump publish
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump publish
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
${indent(bridges.flatMap(masqueradeRules))}
  }
${bridges.map(bridgeChain).join('\n')}
  chain forward {
    type filter hook forward priority filter; policy accept;
${indent(bridges.flatMap(forwardRules))}
  }
}
`;
}

/**
 * What leads from one state to another that differs in its ports alone: elements of the table's maps, which the kernel adds in a
 * fraction of the time that it takes for a table.
 */
export function portsScript(
  table: string,
  { from, to }: { from: readonly PublishedPort[]; to: readonly PublishedPort[] },
): string {
  const [before, after] = [new Set(from.map(elementOf)), new Set(to.map(elementOf))];
  const lines = (verb: string, elements: ReadonlySet<string>): string[] =>
    [...elements].map((element) => {
      const [map = '', value = ''] = element.split(' = ');
      return `${verb} element inet ${table} ${map} { ${value} }\n`;
    });
  return [...lines('delete', before.difference(after)), ...lines('add', after.difference(before))].join('');
}

const PROTOCOLS = ['tcp', 'udp'] as const;

type Protocol = (typeof PROTOCOLS)[number];

/** Ports on one address of the host, and ports on all. */
function portMaps(protocol: Protocol, ports: readonly PublishedPort[]): string {
  const at = `${protocol}_at`;
  const any = `${protocol}_any`;
  return `  map ${at} {
    type ipv4_addr . inet_service : ipv4_addr . inet_service
${elementsOf(at, ports)}  }
  map ${any} {
    type inet_service : ipv4_addr . inet_service
${elementsOf(any, ports)}  }`;
}

function elementsOf(map: string, ports: readonly PublishedPort[]): string {
  const own = ports.map(elementOf).filter((element) => element.startsWith(`${map} = `));
  if (own.length === 0) return '';
  return `    elements = { ${own.map((element) => element.slice(map.length + 3)).join(', ')} }\n`;
}

/** `map = key : value` */
function elementOf({ protocol, hostAddress, hostPort, address, containerPort }: PublishedPort): string {
  const target = `${address} . ${containerPort}`;
  return isAny(hostAddress)
    ? `${protocol}_any = ${hostPort} : ${target}`
    : `${protocol}_at = ${hostAddress} . ${hostPort} : ${target}`;
}

function publishRules(protocol: Protocol): string[] {
  return [
    `dnat ip to ip daddr . ${protocol} dport map @${protocol}_at`,
    `meta nfproto ipv4 dnat ip to ${protocol} dport map @${protocol}_any`,
  ];
}

/** Whether a port is published on every address of the host. */
export function isAny(hostAddress: string): boolean {
  return hostAddress === '' || hostAddress === '0.0.0.0';
}

function masqueradeRules({ bridge, subnet, internal, masquerade }: BridgeRules): string[] {
  const rules = [
    // From the host's own loop-back address to a container: it could not answer there.
    `oifname "${bridge}" ip saddr 127.0.0.0/8 masquerade`,
    // From a container to a port that a neighbour (or itself) publishes: the answer has to come back through the host.
    `ip saddr ${subnet} ip daddr ${subnet} ct status dnat masquerade`,
  ];
  if (masquerade && !internal) rules.push(`ip saddr ${subnet} oifname != "${bridge}" masquerade`);
  return rules;
}

function bridgeChain({ bridge, betweenContainers, internal }: BridgeRules): string {
  const rules = ['ct state established,related accept'];
  if (!internal) rules.push('ct status dnat accept');
  if (betweenContainers) rules.push(`iifname "${bridge}" accept`);
  rules.push('drop');
  return `  chain ${chainOf(bridge)} {\n${indent(rules)}\n  }`;
}

function forwardRules({ bridge, internal }: BridgeRules): string[] {
  const rules = internal ? [`iifname "${bridge}" oifname != "${bridge}" drop`] : [];
  return [...rules, `oifname "${bridge}" jump ${chainOf(bridge)}`];
}

function chainOf(bridge: string): string {
  return `to_${bridge.replaceAll(/[^A-Za-z0-9_]/g, '_')}`;
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `    ${line}`).join('\n');
}
