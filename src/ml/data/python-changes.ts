/** What was taken out of the standard library, and since which Python it is gone. Source: "What's New In Python" 3.8 to 3.14, 2026-11. */
export const REMOVED_MODULES: Readonly<Record<string, string>> = {
  macpath: '3.8',
  formatter: '3.10', parser: '3.10', symbol: '3.10',
  binhex: '3.11',
  asynchat: '3.12', asyncore: '3.12', distutils: '3.12', imp: '3.12', smtpd: '3.12',
  aifc: '3.13', audioop: '3.13', cgi: '3.13', cgitb: '3.13', chunk: '3.13', crypt: '3.13', imghdr: '3.13', lib2to3: '3.13', mailcap: '3.13', msilib: '3.13',
  nis: '3.13', nntplib: '3.13', ossaudiodev: '3.13', pipes: '3.13', sndhdr: '3.13', spwd: '3.13', sunau: '3.13', telnetlib: '3.13', uu: '3.13', xdrlib: '3.13',
}; // prettier-ignore

/** Names that left a module, by module. Source: as above. */
export const REMOVED_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  collections: Object.fromEntries(['Callable', 'Container', 'Hashable', 'Iterable', 'Iterator', 'Mapping', 'MutableMapping', 'MutableSequence', 'MutableSet', 'Sequence', 'Set', 'Sized'].map((name) => [name, '3.10'])),
  fractions: { gcd: '3.9' },
  time: { clock: '3.8' },
  inspect: { getargspec: '3.11', formatargspec: '3.11' },
  asyncio: { coroutine: '3.11', async: '3.7' },
  configparser: { SafeConfigParser: '3.12' },
  cgi: { escape: '3.8' },
  typing: { io: '3.13', re: '3.13' },
  gettext: { lgettext: '3.11' },
  random: { jumpahead: '3.0' },
  locale: { format: '3.12' },
  ssl: { wrap_socket: '3.12', match_hostname: '3.12' },
  ast: { Num: '3.14', Str: '3.14', Bytes: '3.14', NameConstant: '3.14' },
}; // prettier-ignore

/** Modules by the first Python that has them. Source: as above. */
export const ADDED_MODULES: Readonly<Record<string, string>> = {
  dataclasses: '3.7',
  contextvars: '3.7',
  graphlib: '3.9',
  zoneinfo: '3.9',
  tomllib: '3.11',
  annotationlib: '3.14',
};

/** Names by the first Python whose module has them. Source: as above. */
export const ADDED_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  typing: {
    Literal: '3.8', Final: '3.8', Protocol: '3.8', TypedDict: '3.8', runtime_checkable: '3.8', Annotated: '3.9', TypeAlias: '3.10', ParamSpec: '3.10', Concatenate: '3.10',
    TypeGuard: '3.10', Self: '3.11', Never: '3.11', Required: '3.11', NotRequired: '3.11', LiteralString: '3.11', assert_never: '3.11', assert_type: '3.11',
    Unpack: '3.11', TypeVarTuple: '3.11', dataclass_transform: '3.11', override: '3.12', TypeAliasType: '3.12', TypeIs: '3.13', ReadOnly: '3.13',
  },
  functools: { cached_property: '3.8', singledispatchmethod: '3.8', cache: '3.9' },
  itertools: { pairwise: '3.10', batched: '3.12' },
  math: { prod: '3.8', dist: '3.8', comb: '3.8', lcm: '3.9', cbrt: '3.11', sumprod: '3.12' },
  enum: { StrEnum: '3.11', ReprEnum: '3.11', verify: '3.11' },
  datetime: { UTC: '3.11' },
  asyncio: { to_thread: '3.9', TaskGroup: '3.11', timeout: '3.11', Runner: '3.11', Barrier: '3.11' },
  contextlib: { aclosing: '3.10', chdir: '3.11' },
  dataclasses: { KW_ONLY: '3.10' },
  types: { NoneType: '3.10', UnionType: '3.10' },
  statistics: { NormalDist: '3.8', correlation: '3.10' },
  importlib: { resources: '3.7', metadata: '3.8' },
  warnings: { deprecated: '3.13' },
  copy: { replace: '3.13' },
}; // prettier-ignore
