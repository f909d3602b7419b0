/** One way to fail: what the log shows, what it means and what mends it. `{what}` is the pattern's group. */
export interface Failure {
  pattern: RegExp;
  cause: string;
  fix: string;
}

/** The first that matches counts, so the more telling ones stand first. Source: the messages of the programs named, 2026-11. */
export const FAILURES: readonly Failure[] = [
  {
    pattern: /lib(?:GL|gthread-2\.0|glib-2\.0)\.so[.\d]*: cannot open shared object file/,
    cause: 'OpenCV needs libraries of a desktop that the image does not have',
    fix: 'use opencv-python-headless in {manifest}, or install libgl1 and libglib2.0-0 with apt',
  },
  {
    pattern: /(lib[\w.+-]+\.so[.\d]*): cannot open shared object file/,
    cause: 'a package needs the system library {what}, which the image does not have',
    fix: 'install the Debian package that has it with apt-get in the Dockerfile',
  },
  {
    pattern: /(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)'?/,
    cause: 'the code imports {what}, which is not installed',
    fix: 'add {distribution} to {manifest}',
  },
  {
    pattern: /numpy\.dtype size changed|_ARRAY_API not found|compiled using NumPy 1\.x cannot be run in\s+NumPy 2/,
    cause: 'a package was built for NumPy 1 and NumPy 2 is installed',
    fix: 'add numpy<2 to {manifest}, or take a newer version of that package',
  },
  {
    pattern: /Trying to unpickle estimator .* from version ([\d.]+) when using version/,
    cause: 'the model was written by scikit-learn {what}, and another version reads it',
    fix: 'put scikit-learn=={what} into {manifest}, or train again',
  },
  {
    pattern: /AttributeError: Can't get attribute '([\w.]+)' on <module '__main__'/,
    cause: 'the model holds {what}, which was defined in the training script itself',
    fix: 'move {what} into a module that training and app both import, and train again',
  },
  {
    pattern: /(?:FileNotFoundError|No such file or directory).*?:? '([^']+)'/,
    cause: 'the file {what} is missing in the container',
    fix: 'check that training writes it, and that .dockerignore does not leave it out',
  },
  {
    pattern: /CERTIFICATE_VERIFY_FAILED|certificate verify failed/,
    cause: 'the server is signed by an authority that the container does not trust',
    fix: 'let the container trust the authorities of this machine (--host-ca)',
  },
  {
    pattern: /Temporary failure in name resolution|Name or service not known|Failed to resolve '([^']+)'/,
    cause: 'a name on the network could not be resolved from the container',
    fix: 'check the network and /etc/resolv.conf of this machine',
  },
  {
    pattern: /ERROR: No matching distribution found for ([^\s]+)/,
    cause: 'no version of {what} fits this Python, or the index does not have it',
    fix: 'check the name and the version in {manifest}, or choose another Python with --python',
  },
  {
    pattern:
      /ERROR: (?:ResolutionImpossible|Cannot install .* because these package versions have conflicting dependencies)/,
    cause: 'two requirements exclude each other',
    fix: 'relax one of the versions that pip names above',
  },
  {
    pattern: /(?:Address already in use|\[Errno 98\])/,
    cause: 'two programs in the container want the same port',
    fix: 'start only one server, or give them different ports',
  },
  {
    pattern: /No space left on device|\[Errno 28\]/,
    cause: 'the disk is full',
    fix: 'free some space: berth system df shows what images and containers take',
  },
  {
    pattern: /PermissionError: .*'([^']+)'/,
    cause: 'the program may not touch {what}',
    fix: 'write into a folder that its account owns, or change USER in the Dockerfile',
  },
  {
    pattern: /exec: "?([^":]+)"?: (?:executable file )?not found|([\w.-]+): (?:command )?not found/,
    cause: 'the program {what} is not in the image',
    fix: 'add the package that brings it to {manifest}',
  },
  {
    pattern: /exec format error/,
    cause: 'the image was made for another kind of processor',
    fix: 'build it on this machine',
  },
  {
    pattern: /Bus error|unable to (?:open|write) (?:to file|shared memory object).*\/torch_/,
    cause: 'the shared memory of the container is too small for the data loaders',
    fix: 'run it with a larger --shm-size, or with num_workers=0',
  },
  {
    pattern: /Failed to find attribute '([\w.]+)' in/,
    cause: 'the server looks for {what}, which the module does not define',
    fix: 'name the variable that holds the app in the start command',
  },
  {
    pattern:
      /Running on http:\/\/127\.0\.0\.1|Uvicorn running on http:\/\/127\.0\.0\.1|Listening at: http:\/\/127\.0\.0\.1/,
    cause: 'the server listens on 127.0.0.1 of its container, which nothing outside reaches',
    fix: 'let it listen on 0.0.0.0',
  },
  {
    pattern: /^\s*(SyntaxError|IndentationError): /,
    cause: 'the code is no valid Python of this version',
    fix: 'mend the line above, or choose another Python with --python',
  },
  {
    pattern: /^MemoryError/,
    cause: 'there was no memory left',
    fix: 'give it more memory, or load less at once',
  },
];
