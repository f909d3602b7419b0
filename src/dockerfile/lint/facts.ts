/** What is known beside the Dockerfile; what is absent is not known, and rules that need it are silent. */
export interface LintFacts {
  /** Lines of the ignore file that holds for the context. */
  ignore?: readonly string[];
  /** The image behind a name, if it is here. */
  image?: (name: string) => ImageFacts | undefined;
  /** Whether the one who builds gave a context of that name. */
  isNamedContext?: (name: string) => boolean;
  /** The text of a small file of the context, by its cleaned path. */
  text?: (path: string) => string | undefined;
  /** Files of the context that are not ignored, at least the largest ones. */
  files?: readonly ContextFile[];
  /** Bytes that the layer of an instruction holds, by its first line; known after a build. */
  layerBytes?: (line: number) => number | undefined;
  /** Package managers get caches that are no part of the image. */
  hasImplicitCaches?: boolean;
  /** Versions come from a lock of the build, whatever the files say. */
  isLocked?: boolean;
}

export interface ImageFacts {
  env: ReadonlyMap<string, string>;
  /** Empty for root. */
  user: string;
  hasShell: boolean;
  hasHealthcheck: boolean;
  /** Whether the libraries of CUDA are in it; undefined if that cannot be told. */
  hasCuda: boolean | undefined;
}

export interface ContextFile {
  /** Relative, with slashes. */
  path: string;
  bytes: number;
}
