import { NotFoundError } from '#lib/errors.ts';

/** How a stand-in for an official image is made of Debian packages. */
export interface Recipe {
  /** The name it is tagged with. */
  name: string;
  /** Other names people write for the same image. */
  aliases: readonly string[];
  kind: 'python' | 'debian' | 'hello-world';
  /** Debian release it is made of. */
  suite?: Suite;
  /** `3.11`. */
  python?: string;
  /** Without manuals, documentation and translations, as the official slim images. */
  slim: boolean;
}

export type Suite = 'bullseye' | 'bookworm' | 'trixie';

/** Names and contents of a Debian release, as far as stand-ins need them. */
export interface SuiteFacts {
  debian: string;
  python: string;
  /** Shared libraries that the interpreter and its extension modules need, and what every official Python image has. */
  libraries: readonly string[];
  /** Packages whose files are laid out under /usr/local, unpacked and not installed. */
  interpreter: readonly string[];
  /** Release that has pip, setuptools and wheel as self-contained wheels; bullseye's are split up and too old. */
  wheelSuite: Suite;
  wheels: readonly string[];
}

const COMMON_LIBRARIES = [
  'ca-certificates',
  'netbase',
  'tzdata',
  'libbz2-1.0',
  'libcrypt1',
  'libexpat1',
  'liblzma5',
  'libncursesw6',
  'libsqlite3-0',
  'libtinfo6',
  'libuuid1',
  'zlib1g',
];

const interpreterOf = (version: string): readonly string[] => [
  `libpython${version}-minimal`,
  `libpython${version}-stdlib`,
  `libpython${version}`,
  `libpython${version}-dev`,
  `python${version}-minimal`,
  `python${version}`,
  `python${version}-dev`,
  `python${version}-venv`,
];

/** Package names from the releases' indexes of 2025; each was installed and tried. */
export const SUITES: Readonly<Record<Suite, SuiteFacts>> = {
  bullseye: {
    debian: '11',
    python: '3.9',
    libraries: [
      ...COMMON_LIBRARIES,
      'libdb5.3',
      'libffi7',
      'libgdbm6',
      'libmpdec3',
      'libnsl2',
      'libreadline8',
      'libssl1.1',
      'libtirpc3',
    ],
    interpreter: [...interpreterOf('3.9'), 'python3-gdbm', 'python3-distutils', 'python3-lib2to3'],
    wheelSuite: 'bookworm',
    wheels: ['python3-pip-whl', 'python3-setuptools-whl', 'python3-wheel-whl'],
  },
  bookworm: {
    debian: '12',
    python: '3.11',
    libraries: [
      ...COMMON_LIBRARIES,
      'libdb5.3',
      'libffi8',
      'libgdbm6',
      'libnsl2',
      'libreadline8',
      'libssl3',
      'libtirpc3',
    ],
    interpreter: [...interpreterOf('3.11'), 'python3-gdbm', 'python3-distutils', 'python3-lib2to3'],
    wheelSuite: 'bookworm',
    wheels: ['python3-pip-whl', 'python3-setuptools-whl', 'python3-wheel-whl'],
  },
  trixie: {
    debian: '13',
    python: '3.13',
    libraries: [...COMMON_LIBRARIES, 'libdb5.3t64', 'libffi8', 'libgdbm6t64', 'libreadline8t64', 'libssl3t64'],
    interpreter: [...interpreterOf('3.13'), 'python3.13-gdbm'],
    wheelSuite: 'trixie',
    // Since 3.12 the official images bring pip alone.
    wheels: ['python3-pip-whl'],
  },
};

const SUITE_NAMES = Object.keys(SUITES) as Suite[];

/** Every stand-in that can be made. */
export const RECIPES: readonly Recipe[] = [
  ...SUITE_NAMES.map(pythonRecipe),
  ...SUITE_NAMES.map((suite) => debianRecipe(suite, false)),
  ...SUITE_NAMES.map((suite) => debianRecipe(suite, true)),
  { name: 'hello-world', aliases: ['hello-world:linux'], kind: 'hello-world', slim: true },
];

function pythonRecipe(suite: Suite): Recipe {
  const { python } = SUITES[suite];
  return {
    name: `python:${python}-slim`,
    aliases: [`python:${python}-slim-${suite}`],
    kind: 'python',
    suite,
    python,
    slim: true,
  };
}

function debianRecipe(suite: Suite, slim: boolean): Recipe {
  const ending = slim ? '-slim' : '';
  return {
    name: `debian:${suite}${ending}`,
    aliases: [`debian:${SUITES[suite].debian}${ending}`],
    kind: 'debian',
    suite,
    slim,
  };
}

/** The recipe for an image name as a Dockerfile writes it, or undefined if there is none. */
export function findRecipe(name: string): Recipe | undefined {
  const plain = name
    .replace(/^(?:index\.)?docker\.io\//, '')
    .replace(/^library\//, '')
    .replace(/:latest$/, '');
  return RECIPES.find((recipe) => recipe.name === plain || recipe.aliases.includes(plain));
}

/** @throws {NotFoundError} that names what there is */
export function recipeFor(name: string): Recipe {
  const recipe = findRecipe(name);
  if (recipe !== undefined) return recipe;
  throw new NotFoundError(`there is no stand-in for ${name}`, {
    why: `stand-ins are made of Debian packages and exist for ${RECIPES.map((each) => each.name).join(', ')}`,
    hint: 'use one of these names, or load the image from an archive: berth load -i FILE',
  });
}
