/** What may be asked of the frontend's side: only what is honoured. */
export const FRONTEND_CAPABILITIES: readonly string[] = [
  'solve.base',
  'return',
  'returnmap',
  'proto.refarray',
  'importcaches',
  'resolveimage',
  'resolveimage.resolvemode',
  'source.metaresolver',
  'readfile',
  'readdir',
  'statfile',
  'reference.output',
  'frontend.inputs',
  'frontend.caps',
  'gateway.solve.metadata',
  'gateway.solve.evaluate',
  'gateway.evaluate',
  'gateway.warnings',
];

/**
 * What clients look for before they ask for outputs, attestations and filters. Of operations in graphs there are only sources: a graph that
 * is nothing but a repository, or a file at an address, may be looked into and built from.
 */
export const LLB_CAPABILITIES: readonly string[] = [
  'source.image',
  'source.image.resolvemode',
  'source.local',
  'source.local.sessionid',
  'source.local.includepatterns',
  'source.local.followpaths',
  'source.local.excludepatterns',
  'source.local.sharedkeyhint',
  'source.git',
  'source.git.fullurl',
  'source.git.httpauth',
  'source.git.mountsshsock',
  'source.git.subdir',
  'source.http',
  'source.http.perm',
  'constraints',
  'platform',
  'meta.description',
  'exporter.image.annotations',
  'exporter.image.attestations',
  'exporter.sourcedateepoch',
  'exporter.multiple',
  'gc.freespacefilter',
  'history.filter',
];
