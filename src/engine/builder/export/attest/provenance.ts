import { randomBytes } from 'node:crypto';
import type { RunInstruction, StageInstruction } from '#dockerfile/instruction.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { formatPlatform } from '#oci/platform.ts';
import type { Material } from '../../sources/context-source.ts';
import { type Attributes, flagOf } from '../attributes.ts';
import type { BuiltImage } from '../built-image.ts';
import type { Delivery } from '../exporting.ts';
import { describeSteps } from './describe-steps.ts';
import type { Predicate } from './statements.ts';

/** What is known of how an image came to be; from it both forms are written. */
interface Provenance {
  isMax: boolean;
  builder: string;
  dockerfile: string;
  source: Material | undefined;
  args: Record<string, string>;
  repository: Record<string, string>;
  secrets: readonly MountedId[];
  ssh: readonly MountedId[];
  locals: readonly { name: string }[];
  materials: readonly Material[];
  invocation: string;
  started: string;
  finished: string;
  isReproducible: boolean;
  isHermetic: boolean;
  isComplete: boolean;
  steps: ReturnType<typeof describeSteps> | undefined;
}

interface MountedId {
  id: string;
  optional?: boolean;
}

const VERSIONS = { v1: 'https://slsa.dev/provenance/v1', 'v0.2': 'https://slsa.dev/provenance/v0.2' } as const;

interface Subject {
  image: Pick<BuiltImage, 'result'>;
  /** As they are delivered. */
  layers: readonly Descriptor[];
}

/** How an image came to be (SLSA provenance, v1 and v0.2). @throws {InvalidArgumentError} */
export async function provenanceOf(
  delivery: Pick<Delivery, 'request' | 'started'>,
  ...[subject, parameters]: [subject: Subject, parameters: Attributes]
): Promise<Predicate> {
  const version = versionOf(parameters);
  const known = await gather(delivery, subject, parameters);
  return {
    type: VERSIONS[version],
    body: version === 'v1' ? writeV1(known) : writeV02(known),
    fileName: parameters.get('filename') || 'provenance.json',
  };
}

async function gather(
  { request, started }: Pick<Delivery, 'request' | 'started'>,
  { image: { result }, layers }: Subject,
  parameters: Attributes,
): Promise<Provenance> {
  const { build } = result;
  const isMax = isMaximal(parameters.get('mode') ?? '');
  const opened = await build.files.opened();
  const source = opened?.material;
  const instructions = build.plan.stages.flatMap(({ stage }) => stage.instructions);
  const runs = instructions.filter((instruction) => instruction.kind === 'run');
  const isLocal = source === undefined;
  return {
    isMax,
    builder: parameters.get('builder-id') ?? '',
    dockerfile: request.dockerfile.name,
    source,
    args: argsOf(request, isMax),
    repository: repositoryOf(request),
    secrets: isMax ? mountedIds(runs, 'secret') : [],
    ssh: isMax ? mountedIds(runs, 'ssh') : [],
    locals: isLocal ? [{ name: 'context' }, { name: 'dockerfile' }] : [],
    materials: materialsOf(build.materials, source),
    invocation: randomBytes(16).toString('hex'),
    started: new Date(started).toISOString(),
    finished: new Date().toISOString(),
    isReproducible: flagOf(parameters, 'reproducible'),
    isHermetic: !isLocal && runs.every(({ network }) => network === 'none') && !instructions.some(fetches),
    isComplete: !isLocal,
    steps: isMax ? describeSteps(build, layers) : undefined,
  };
}

/** @throws {InvalidArgumentError} */
export function checkProvenance(parameters: Attributes): void {
  versionOf(parameters);
  isMaximal(parameters.get('mode') ?? '');
  flagOf(parameters, 'reproducible');
}

function versionOf(parameters: Attributes): keyof typeof VERSIONS {
  const version = parameters.get('version') || 'v1';
  if (version === 'v1' || version === 'v0.2') return version;
  throw new InvalidArgumentError(`invalid provenance SLSA version: ${version}`, {
    why: `${JSON.stringify(version)} is none that is known`,
    hint: 'write version=v1 or version=v0.2',
  });
}

function isMaximal(mode: string): boolean {
  if (mode === 'min') return false;
  if (mode === '' || mode === 'max' || mode === 'full') return true;
  throw new InvalidArgumentError(`invalid mode ${JSON.stringify(mode)} of provenance`, {
    why: 'it says how much is told',
    hint: 'write mode=min or mode=max',
  });
}

/** What is told elsewhere, or says something of the host alone. */
const LEFT_OUT =
  /^(context|contextkey|dockerfilekey|filename|platform|cache-imports|cache-from|cgroup-parent|image-resolve-mode)$/;
const OTHER_PLACES = /^(vcs|attest|local-sessionid|input|frontend\.caps)(:|$)/;

/** In the words of BuildKit's clients. Values of build arguments and labels may say more than people want to. */
function argsOf(request: Delivery['request'], isMax: boolean): Record<string, string> {
  const { buildArgs, labels, target } = request;
  const own = new Map<string, string>(request.asked);
  if (target !== '') own.set('target', target);
  for (const [name, value] of buildArgs) own.set(`build-arg:${name}`, value);
  for (const [name, value] of labels) own.set(`label:${name}`, value);
  const told = [...own].filter(
    ([name]) => !LEFT_OUT.test(name) && !OTHER_PLACES.test(name) && (isMax || !/^(build-arg|label):/.test(name)),
  );
  const sorted = told.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, name.startsWith('context:') ? redact(value) : value]));
}

/** Without who may read it. */
function redact(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//');
}

/** What the client says of the repository that the context lies in. */
function repositoryOf({ asked = new Map() }: Delivery['request']): Record<string, string> {
  const told = [...asked].filter(([name, value]) => name.startsWith('vcs:') && value !== '');
  return Object.fromEntries(told.map(([name, value]) => [name.slice('vcs:'.length), redact(value)]));
}

function mountedIds(runs: readonly RunInstruction[], type: 'secret' | 'ssh'): MountedId[] {
  const found = new Map<string, MountedId>();
  for (const mount of runs.flatMap(({ mounts }) => mounts)) {
    const fields = new Map(mount.split(',').map((field) => split(field)));
    if (fields.get('type') !== type) continue;
    const target = fields.get('target') ?? fields.get('dst') ?? fields.get('destination') ?? '';
    const id = fields.get('id') ?? (type === 'ssh' ? 'default' : target.slice(target.lastIndexOf('/') + 1));
    const isRequired = fields.has('required') && !['0', 'false'].includes(fields.get('required') ?? '');
    found.set(id, { id, ...(!isRequired && { optional: true }) });
  }
  return [...found.values()];
}

function split(field: string): [name: string, value: string] {
  const at = field.indexOf('=');
  return at < 0 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)];
}

function fetches(instruction: StageInstruction): boolean {
  return instruction.kind === 'add' && instruction.sources.some((source) => /^(https?|git|ssh):|^git@/.test(source));
}

function materialsOf(materials: readonly Material[], source: Material | undefined): Material[] {
  const all = source === undefined ? materials : [...materials, source];
  const found = new Map(all.map((material) => [`${material.uri} ${JSON.stringify(material.digest)}`, material]));
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, { uri, digest }]) => ({ uri, digest }));
}

/** Names of fields and of this kind of build as BuildKit has them, so that what reads its provenance reads this. */
const BUILD_TYPE_V1 = 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md';
const BUILD_TYPE_V02 = 'https://mobyproject.org/buildkit@v1';

function requestOf({ args, secrets, ssh, locals }: Provenance): object {
  return {
    frontend: 'dockerfile.v0',
    ...(Object.keys(args).length > 0 && { args }),
    ...(secrets.length > 0 && { secrets }),
    ...(ssh.length > 0 && { ssh }),
    ...(locals.length > 0 && { locals }),
  };
}

function metadataOf({ steps, repository }: Provenance): object {
  return {
    ...(Object.keys(repository).length > 0 && { vcs: repository }),
    ...(steps !== undefined && { source: steps.source, layers: steps.layers }),
  };
}

function writeV1(known: Provenance): object {
  const { source, dockerfile, steps } = known;
  const platform = formatPlatform(hostPlatform());
  return {
    buildDefinition: {
      buildType: BUILD_TYPE_V1,
      externalParameters: {
        configSource: { ...(source !== undefined && { uri: source.uri, digest: source.digest }), path: dockerfile },
        request: requestOf(known),
      },
      internalParameters: {
        builderPlatform: platform,
        ...(steps !== undefined && { buildConfig: { llbDefinition: steps.steps } }),
      },
      resolvedDependencies: known.materials,
    },
    runDetails: {
      builder: { id: known.builder },
      metadata: {
        invocationId: known.invocation,
        startedOn: known.started,
        finishedOn: known.finished,
        buildkit_metadata: metadataOf(known),
        ...(known.isHermetic && { buildkit_hermetic: true }),
        buildkit_completeness: { request: known.isMax, resolvedDependencies: known.isComplete },
        buildkit_reproducible: known.isReproducible,
      },
    },
  };
}

function writeV02(known: Provenance): object {
  const { source, dockerfile, steps } = known;
  return {
    builder: { id: known.builder },
    buildType: BUILD_TYPE_V02,
    materials: known.materials,
    invocation: {
      configSource: { ...(source !== undefined && { uri: source.uri, digest: source.digest }), entryPoint: dockerfile },
      parameters: requestOf(known),
      environment: { platform: formatPlatform(hostPlatform()) },
    },
    ...(steps !== undefined && { buildConfig: { llbDefinition: steps.steps } }),
    metadata: {
      buildInvocationID: known.invocation,
      buildStartedOn: known.started,
      buildFinishedOn: known.finished,
      completeness: { parameters: known.isMax, environment: true, materials: known.isComplete },
      reproducible: known.isReproducible,
      [`${BUILD_TYPE_V02}#metadata`]: metadataOf(known),
      ...(known.isHermetic && { [`${BUILD_TYPE_V02}#hermetic`]: true }),
    },
  };
}
