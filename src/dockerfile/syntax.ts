import { detectSyntax } from './directives.ts';

/** The front end that a Dockerfile, or the one who builds it, asks for. */
export interface AskedSyntax {
  /** As it is written. */
  image: string;
  /** Whether it is the language that is spoken here, of whatever channel. */
  isOurs: boolean;
  /** A level of the language that is not known here: `1.99`. */
  newerLevel: string | undefined;
}

/** Level of the language that is understood here: `docker/dockerfile:1.26`. */
const LEVEL = { major: 1, minor: 26 };
const OURS =
  /^(?:(?:docker\.io|index\.docker\.io)\/)?docker\/dockerfile(?:-upstream)?(?::([\w.-]+))?(?:@[\w:]+)?$|^dockerfile\.v0$/;

/** What `# syntax=…` says, or BUILDKIT_SYNTAX in its place; undefined if nobody says anything. */
export function askedSyntax(text: string, buildArgs: ReadonlyMap<string, string>): AskedSyntax | undefined {
  const passed = buildArgs.get('BUILDKIT_SYNTAX') ?? '';
  const image = passed === '' ? detectSyntax(text)?.image : (passed.split(/\s+/)[0] ?? '');
  if (image === undefined || image === '') return undefined;
  const match = OURS.exec(image);
  const [, major, minor] = /^(\d+)(?:\.(\d+))?/.exec(match?.[1] ?? '') ?? [];
  const isNewer =
    major !== undefined &&
    (Number(major) > LEVEL.major || (Number(major) === LEVEL.major && Number(minor ?? 0) > LEVEL.minor));
  return { image, isOurs: match !== null, newerLevel: isNewer ? match?.[1] : undefined };
}
