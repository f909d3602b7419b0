import type { Failure } from './failure.ts';

/** Hubs, names, certificates and proxies. Source: messages of huggingface_hub, requests, urllib3, pip and glibc, 2026-11. */
export const NETWORK_FAILURES: readonly Failure[] = [
  {
    code: 'gated-model',
    pattern: /GatedRepoError|Cannot access gated repo for url (\S+)|Access to model (\S+) is restricted|You must (?:be authenticated|have access to it and be authenticated)/, // prettier-ignore
    cause: 'the model is only given to accounts that accepted its terms',
    fix: 'accept the terms on its page, and hand over a token: berth serve --env HF_TOKEN (or a secret of the build)',
    example: 'huggingface_hub.errors.GatedRepoError: 401 Client Error. Cannot access gated repo for url',
  },
  {
    code: 'hub-not-found',
    pattern: /RepositoryNotFoundError|is not a local folder and is not a valid model identifier/,
    cause: 'the hub has no model of that name, or it is private',
    fix: 'check the name, and hand over a token for a private one: berth serve --env HF_TOKEN',
    example:
      "OSError: my/model is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
  },
  {
    code: 'hub-unreachable',
    pattern: /couldn't connect to 'https?:\/\/huggingface\.co'|LocalEntryNotFoundError|OfflineModeIsEnabled|Cannot find the requested files in the disk cache|Max retries exceeded with url:.*huggingface/i, // prettier-ignore
    cause: 'the model is fetched from its hub when the program starts, and the container cannot reach it',
    fix: 'bake the model into the image (berth init --bake-models) or keep its cache in a volume, or let the container reach the hub (proxy, network)',
    example: "OSError: We couldn't connect to 'https://huggingface.co' to load this file",
  },
  {
    code: 'hub-rate-limit',
    pattern: /429 Client Error|HTTP Error 429|rate limit exceeded/i,
    cause: 'the server refuses more requests for now',
    fix: 'wait, sign in (HF_TOKEN), or keep what was fetched in a cache volume',
    example: 'requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url',
  },
  {
    code: 'certificate',
    pattern: /CERTIFICATE_VERIFY_FAILED|certificate verify failed|unable to get local issuer certificate|x509: certificate signed by unknown authority/, // prettier-ignore
    cause: 'the server is signed by an authority that the container does not trust',
    fix: 'let the container trust the authorities of this machine (--host-ca)',
    example:
      'ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate',
  },
  {
    code: 'proxy',
    pattern: /ProxyError|Tunnel connection failed: (\d+)|407 Proxy Authentication Required/,
    cause: 'the proxy refuses the connection, or is not reachable from the container',
    fix: 'check HTTP_PROXY and HTTPS_PROXY; a proxy on 127.0.0.1 of this machine is not the one of the container',
    example: "urllib3.exceptions.ProxyError: ('Unable to connect to proxy', OSError('Tunnel connection failed: 407'))",
  },
  {
    code: 'name-resolution',
    pattern: /Temporary failure in name resolution|Name or service not known|Failed to resolve '([^']+)'|Temporary failure resolving '([^']+)'|getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)/, // prettier-ignore
    cause: 'a name on the network could not be resolved from the container',
    fix: 'check the network and /etc/resolv.conf of this machine; services of other containers are reached by their names on a common network',
    example: 'socket.gaierror: [Errno -3] Temporary failure in name resolution',
  },
  {
    code: 'localhost-database',
    pattern: /(?:connection to server at "(?:localhost|127\.0\.0\.1)"|Error (?:111|99) connecting to localhost:\d+|Can't connect to (?:MySQL )?server on '(?:localhost|127\.0\.0\.1)).*/, // prettier-ignore
    cause: 'the program looks for its database on localhost, which in a container is the container itself',
    fix: "name the database's container (both on one network), or host.docker.internal with --add-host host.docker.internal:host-gateway",
    example:
      'psycopg2.OperationalError: connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused',
  },
  {
    code: 'connection-refused',
    pattern: /(?:\[Errno 111\] Connection refused|ECONNREFUSED)/,
    cause: 'nothing listens where the program wants to connect',
    fix: 'start the other service first, and name its container instead of localhost',
    example: 'ConnectionRefusedError: [Errno 111] Connection refused',
  },
];
