import type { Failure } from './failure.ts';

/** Installing packages and building images. Source: messages of pip, uv, conda, apt, compilers and builders, 2026-11. */
export const BUILD_FAILURES: readonly Failure[] = [
  {
    code: 'resolution-conflict',
    pattern: /ResolutionImpossible|Cannot install .* because these package versions have conflicting dependencies|No solution found when resolving|Because .* depends on .* and .*, we can conclude|version solving failed/, // prettier-ignore
    cause: 'two requirements exclude each other',
    fix: 'relax one of the versions named above; berth plan says which',
    example: 'ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/',
  },
  {
    code: 'requires-python',
    pattern: /(?:Package '?([\w.-]+)'? requires a different Python|ERROR: Ignored the following versions that require a different python version|requires-python.*not compatible)/, // prettier-ignore
    cause: 'a package asks for another Python than the one that is used',
    fix: 'choose it with --python, or another version of the package in {manifest}',
    example: "ERROR: Package 'mypkg' requires a different Python: 3.8.18 not in '>=3.9'",
  },
  {
    code: 'no-matching-distribution',
    pattern: /No matching distribution found for ([^\s]+)|Could not find a version that satisfies the requirement ([^\s]+)|no versions of ([\w.-]+)/, // prettier-ignore
    cause: 'no version of {what} fits this Python and processor, or the index does not have it',
    fix: 'check the name and the version in {manifest}, or choose another Python with --python',
    example: 'ERROR: No matching distribution found for numpy==9.9',
  },
  {
    code: 'hash-mismatch',
    pattern: /THESE PACKAGES DO NOT MATCH THE HASHES|Hashes are required in --require-hashes mode|hash mismatch/i,
    cause: 'a package does not have the hash that the file names, or lacks one',
    fix: 'write the hashes anew (pip-compile --generate-hashes, uv lock); another index may have built the wheel anew',
    example: 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.',
  },
  {
    code: 'no-compiler',
    pattern: /(?:unable to execute|error: command) '?([\w.+-]*(?:gcc|g\+\+|cc|clang))'?(?: failed)?: No such file|command '?(gcc|cc|g\+\+)'? not found|No CMAKE_(?:C|CXX)_COMPILER could be found|(?:gcc|g\+\+|cc): (?:command )?not found|error: linker `cc` not found/, // prettier-ignore
    cause: 'a package is compiled while it is installed, and the image has no compiler',
    fix: 'install build-essential with apt-get before, or take a version of the package that has wheels for this Python',
    example: "error: command 'gcc' failed: No such file or directory",
  },
  {
    code: 'python-headers',
    pattern: /fatal error: (Python\.h): No such file/,
    cause: "Python's headers are missing while a package is compiled",
    fix: 'start from python:VERSION-slim, which has them, or install python3-dev',
    example: 'fatal error: Python.h: No such file or directory',
  },
  {
    code: 'missing-header',
    pattern: /fatal error: ([\w./+-]+\.h(?:pp)?): No such file/,
    cause: 'a package is compiled while it is installed, and the header {what} of a library is missing',
    fix: 'install the -dev package of that library with apt-get, or take a version of the package that has wheels',
    example: 'fatal error: sndfile.h: No such file or directory',
  },
  {
    code: 'pg-config',
    pattern: /pg_config executable not found/,
    cause: 'psycopg2 is compiled while it is installed, and the files of PostgreSQL are missing',
    fix: 'use psycopg2-binary in {manifest}, or install libpq-dev and gcc',
    example: 'Error: pg_config executable not found.',
  },
  {
    code: 'mysql-config',
    pattern: /mysql_config(?:: not found| not found)|Can not find valid pkg-config name|MYSQLCLIENT_CFLAGS/,
    cause: 'mysqlclient is compiled while it is installed, and the files of MySQL are missing',
    fix: 'install default-libmysqlclient-dev, pkg-config and gcc, or use pymysql',
    example:
      'Exception: Can not find valid pkg-config name. Specify MYSQLCLIENT_CFLAGS and MYSQLCLIENT_LDFLAGS env vars manually',
  },
  {
    code: 'cmake-missing',
    pattern: /CMake must be installed to build|cmake: (?:command )?not found|No such file or directory: 'cmake'/,
    cause: 'a package is compiled with CMake while it is installed, and the image does not have it',
    fix: 'install cmake and build-essential with apt-get, or take a version that has wheels',
    example: 'CMake must be installed to build the following extensions: dlib',
  },
  {
    code: 'rust-missing',
    pattern:
      /can't find Rust compiler|Cargo, the Rust package manager, is not installed|rustc(?:: not found| is not installed)/,
    cause: 'a package is compiled with Rust while it is installed: there is no wheel of it for this Python',
    fix: 'take a newer version of it (tokenizers, cryptography, pydantic-core), or another Python with --python',
    example: "error: can't find Rust compiler",
  },
  {
    code: 'git-missing',
    pattern: /Cannot find command 'git'|git: (?:command )?not found|No such file or directory: 'git'/,
    cause: 'a requirement is fetched with git, which the image does not have',
    fix: 'install git with apt-get before pip, or name an archive instead: name @ https://…/archive/v1.zip',
    example: "ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?",
  },
  {
    code: 'externally-managed',
    pattern: /externally-managed-environment/,
    cause: "pip was called for the Python of the system, which only Debian's packages may change",
    fix: 'start from python:VERSION-slim, or make a virtual environment first',
    example: 'error: externally-managed-environment',
  },
  {
    code: 'metadata-failed',
    pattern: /metadata-generation-failed|subprocess-exited-with-error|Failed building wheel for ([\w.-]+)|Failed to build `?([\w.-]+)/, // prettier-ignore
    cause: 'a package has no wheel for this Python and could not be built from its source: {what}',
    fix: 'take a version that has a wheel for this Python, or choose an older Python with --python; the lines above say what its build missed',
    example: 'ERROR: Failed building wheel for dlib',
  },
  {
    code: 'sklearn-name',
    pattern: /The 'sklearn' PyPI package is deprecated|use 'scikit-learn'\s*rather than 'sklearn'/,
    cause: 'the package is called scikit-learn, not sklearn',
    fix: 'write scikit-learn instead of sklearn in {manifest}',
    example: "The 'sklearn' PyPI package is deprecated, use 'scikit-learn'",
  },
  {
    code: 'apt-package',
    pattern: /E: (?:Unable to locate package|Package '?)\s*'?([\w.+-]+)'?(?: has no installation candidate)?/,
    cause: 'this release of Debian has no package {what}',
    fix: 'check its name (libgl1-mesa-glx is libgl1 since Debian 12), and run apt-get update in the same RUN',
    example: 'E: Unable to locate package libgl1-mesa-glx',
  },
  {
    code: 'apt-outdated',
    pattern: /404\s+Not Found.*(?:deb|ubuntu)|The repository '[^']+' (?:does not have|no longer has) a Release file|Release file .* is not valid yet/, // prettier-ignore
    cause: "the lists of apt are old, or the release's archive has moved",
    fix: 'run apt-get update and install in one RUN; take a base image of a release that is still served',
    example: "E: The repository 'http://deb.debian.org/debian buster Release' does not have a Release file.",
  },
  {
    code: 'copy-missing',
    pattern: /failed to compute cache key: .*"?\/?([\w./-]+)"?: not found|COPY failed: (?:file not found|stat)[^:]*:? ?([\w./-]*)/, // prettier-ignore
    cause: 'the Dockerfile copies {what}, which is not in the folder, or which .dockerignore leaves out',
    fix: 'check the path from the top of the context, and .dockerignore',
    example: 'ERROR: failed to compute cache key: failed to calculate checksum of ref: "/requirements.txt": not found',
  },
];
