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
  chain loopback_guard {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop
    iifname != "lo" ip saddr 127.0.0.0/8 drop
  }
  chain publish {
${indent([...publishRules(ports, 'tcp'), ...publishRules(ports, 'udp')])}
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

function publishRules(ports: readonly PublishedPort[], protocol: 'tcp' | 'udp'): string[] {
  const own = ports.filter((port) => port.protocol === protocol);
  const exact = own.filter(({ hostAddress }) => !isAny(hostAddress));
  const any = own.filter(({ hostAddress }) => isAny(hostAddress));
  const rules: string[] = [];
  if (exact.length > 0) {
    const elements = exact.map((port) => `${port.hostAddress} . ${port.hostPort} : ${target(port)}`);
    rules.push(`dnat ip to ip daddr . ${protocol} dport map { ${elements.join(', ')} }`);
  }
  if (any.length > 0) {
    const elements = any.map((port) => `${port.hostPort} : ${target(port)}`);
    rules.push(`meta nfproto ipv4 dnat ip to ${protocol} dport map { ${elements.join(', ')} }`);
  }
  return rules;
}

function target({ address, containerPort }: PublishedPort): string {
  return `${address} . ${containerPort}`;
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
