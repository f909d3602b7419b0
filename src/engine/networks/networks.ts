/** What a container asks of the network; camel-case form of HostConfig and NetworkingConfig. */
export interface NetworkRequest {
  containerId: string;
  containerName: string;
  hostname: string;
  /** `none`, `host`, `bridge` or the name or id of a network. `container:X` never comes here: the task joins X's namespace. */
  mode: string;
  /** Further endpoints and settings by network name. */
  endpoints: Readonly<Record<string, EndpointRequest>>;
  ports: readonly PortRequest[];
  dns: readonly string[];
  dnsSearch: readonly string[];
  dnsOptions: readonly string[];
  /** `host:address`, address may be `host-gateway`. */
  extraHosts: readonly string[];
}

export interface EndpointRequest {
  aliases?: readonly string[];
  address?: string;
  mac?: string;
}

/** One published port. `hostPort` 0 = any free one. */
export interface PortRequest {
  protocol: 'tcp' | 'udp';
  containerPort: number;
  /** Empty = all of the host's addresses. */
  hostAddress: string;
  hostPort: number;
}

export interface Endpoint {
  network: string;
  networkId: string;
  endpointId: string;
  address: string;
  prefixLength: number;
  gateway: string;
  mac: string;
  aliases: readonly string[];
}

/** The network side of a running container. */
export interface Sandbox {
  /** Path of the network namespace for runc; undefined for the host's. */
  namespacePath: string | undefined;
  endpoints: readonly Endpoint[];
  /** What is really published, with the ports chosen. */
  ports: readonly PortRequest[];
  /** Contents of the container's files. */
  hosts: string;
  resolvConf: string;
}

export interface NetworkRecord {
  id: string;
  name: string;
  driver: 'bridge' | 'host' | 'null';
  /** Milliseconds since epoch. */
  created: number;
  internal: boolean;
  labels: Readonly<Record<string, string>>;
  options: Readonly<Record<string, string>>;
  subnet: string | undefined;
  gateway: string | undefined;
  /** Nobody asked for these addresses: the engine may take others where they are in use. */
  isChosen?: boolean;
  /** Part of the subnet that containers' addresses are chosen from; all of it if absent. */
  addressRange?: string;
  /** Name of the host's interface. */
  bridge: string | undefined;
}

/** Networks of the engine and the sandboxes of its running containers. */
export interface Networks {
  list(): Promise<NetworkRecord[]>;
  /** By id, name or unique id prefix. @throws {NotFoundError} `network x not found` */
  get(name: string): Promise<NetworkRecord>;
  create(request: {
    name: string;
    driver?: string;
    internal?: boolean;
    labels?: Record<string, string>;
    options?: Record<string, string>;
    subnet?: string;
    gateway?: string;
    addressRange?: string;
  }): Promise<NetworkRecord>;
  /** @throws {PermissionDeniedError} if it is predefined or has endpoints */
  remove(name: string): Promise<void>;
  /** Endpoints of a network by container id. */
  endpointsOf(networkId: string): Promise<ReadonlyMap<string, Endpoint & { containerName: string }>>;

  /**
   * Makes the namespace, its endpoints and published ports. All or nothing.
   * @throws {ConflictError} if a port is in use (names the owner where it is ours); {NotFoundError} for an unknown network
   */
  attach(request: NetworkRequest): Promise<Sandbox>;
  /** The sandbox of a container that was attached before, also by a former engine process. */
  sandbox(containerId: string): Promise<Sandbox | undefined>;
  /** Undoes `attach`; not attached is fine. */
  detach(containerId: string): Promise<void>;
  /**
   * Puts a running container into a further network.
   * @throws {PermissionDeniedError} if it is in it already; {NotFoundError} if the container does not run
   */
  connect(network: string, containerId: string, endpoint: EndpointRequest): Promise<Endpoint>;
  /** Takes a running container out of one network. @throws {NotFoundError} if it is not in it */
  disconnect(network: string, containerId: string): Promise<void>;
  /** Neighbours of a running container know it by another name from now on; one that does not run has none to tell. */
  rename(containerId: string, name: string): Promise<void>;
  /**
   * Tells when the hosts file of a running container should read otherwise, because a neighbour on a user network came or went. The file
   * is to be rewritten in place: it is mounted.
   */
  onHosts(listener: (containerId: string, hosts: string) => void): void;

  /** After a restart: takes away every sandbox whose container is not in `alive`, renews rules of the others. */
  reconcile(alive: ReadonlySet<string>): Promise<void>;
  /** Takes away everything of this engine that is in the kernel: namespaces, interfaces, rules. No container may run. */
  teardown(): Promise<void>;
  /** Lets go of what this process holds; containers keep their networks. */
  close(): Promise<void>;
}
