import type { Failure } from './failure.ts';

/** The container and the machine: files, accounts, memory, signals. Source: messages of Linux, runc, shells and CPython, 2026-11. */
export const SYSTEM_FAILURES: readonly Failure[] = [
  {
    code: 'shared-memory',
    pattern: /Bus error|unable to (?:open|write) (?:to file|shared memory object).*\/torch_|insufficient shared memory|unable to mmap \d+ bytes from file <\/torch_/, // prettier-ignore
    cause: 'the shared memory of the container is too small for the data loaders',
    fix: 'run it with a larger --shm-size (1g), or with num_workers=0',
    example:
      "RuntimeError: DataLoader worker (pid 41) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory.",
  },
  {
    code: 'disk-full',
    pattern: /No space left on device|\[Errno 28\]|ENOSPC/,
    cause: 'the disk is full',
    fix: 'free some space: berth system df shows what images and containers take',
    example: 'OSError: [Errno 28] No space left on device',
  },
  {
    code: 'quota',
    pattern: /Disk quota exceeded|\[Errno 122\]/,
    cause: 'the account may not store more on that disk',
    fix: 'free some space there, or write to another folder',
    example: 'OSError: [Errno 122] Disk quota exceeded',
  },
  {
    code: 'read-only',
    pattern: /Read-only file system:? ?'?([^'\n]*)'?/,
    cause: 'the program writes where it may only read: {what}',
    fix: 'mount a folder there that may be written (without :ro), or --tmpfs; caches go where HF_HOME, MPLCONFIGDIR or XDG_CACHE_HOME say',
    example: "OSError: [Errno 30] Read-only file system: '/app/cache'",
  },
  {
    code: 'cache-not-writable',
    pattern: /PermissionError: .*'(\/(?:\.cache|\.config|\.local|\.EasyOCR|root|nonexistent|home\/\w+\/\.cache)[^']*)'|(?:Matplotlib created a temporary cache directory|is not a writable directory)/, // prettier-ignore
    cause: 'a package wants to keep a cache in a home folder that the account of the program may not write: {what}',
    fix: 'set HOME, HF_HOME, MPLCONFIGDIR or XDG_CACHE_HOME to a folder that it owns, such as /tmp or a volume',
    example: "PermissionError: [Errno 13] Permission denied: '/.cache/huggingface'",
  },
  {
    code: 'permission',
    pattern: /PermissionError: .*'([^']+)'|EACCES: permission denied, \w+ '([^']+)'/,
    cause: 'the program may not touch {what}',
    fix: 'write into a folder that its account owns, or run it as the owner of the folder: --user $(id -u):$(id -g)',
    example: "PermissionError: [Errno 13] Permission denied: '/data/out.csv'",
  },
  {
    code: 'script-line-ends',
    pattern:
      /(?:exec [\w./-]+|env: .*\\r|\/bin\/(?:ba)?sh\^M|bad interpreter)[^\n]*(?:no such file or directory|\^M|\\r)/i,
    cause: 'a script that is started has the line ends of Windows, or names a shell that the image does not have',
    fix: "turn its line ends into those of Unix (sed -i 's/\\r$//' script.sh), and check its first line",
    example: 'exec /app/entrypoint.sh: no such file or directory',
  },
  {
    code: 'not-executable',
    pattern: /exec: "?([^":]+)"?: permission denied|exec ([\w./-]+): permission denied/,
    cause: 'the file {what} may not be executed',
    fix: 'chmod +x it (in the repository: git update-index --chmod=+x), or start it with its interpreter',
    example: 'exec: "/app/start.sh": permission denied',
  },
  {
    code: 'program-not-found',
    pattern: /exec: "?([^":]+)"?: (?:executable file )?not found|([\w.-]+): (?:command )?not found/,
    cause: 'the program {what} is not in the image',
    fix: 'add the package that brings it to {manifest}',
    example: 'exec: "gunicorn": executable file not found in $PATH',
  },
  {
    code: 'cannot-open-script',
    pattern: /can't open file '([^']+)': \[Errno 2\]/,
    cause: 'the start command names {what}, which is not in the image',
    fix: 'check WORKDIR and COPY of the Dockerfile, and that .dockerignore does not leave it out',
    example: "python: can't open file '/app/main.py': [Errno 2] No such file or directory",
  },
  {
    code: 'missing-file',
    pattern: /(?:FileNotFoundError|No such file or directory)[^\n]{0,200}?:? '([^'\n]+)'/,
    cause: 'the file {what} is missing in the container',
    fix: 'check that training writes it, and that .dockerignore does not leave it out',
    example: "FileNotFoundError: [Errno 2] No such file or directory: 'model.pkl'",
  },
  {
    code: 'too-many-files',
    pattern: /Too many open files|\[Errno 24\]|received 0 items of ancdata/,
    cause: 'more files are open at a time than the container may have',
    fix: "run it with --ulimit nofile=65536, or set torch.multiprocessing.set_sharing_strategy('file_system')",
    example: 'RuntimeError: received 0 items of ancdata',
  },
  {
    code: 'too-many-processes',
    pattern: /can't start new thread|Resource temporarily unavailable|pthread_create failed|OpenBLAS blas_thread_init/,
    cause: 'the container may not have more threads or processes',
    fix: 'raise --pids-limit, or let libraries start fewer: OMP_NUM_THREADS=4, OPENBLAS_NUM_THREADS=4',
    example: 'OpenBLAS blas_thread_init: pthread_create failed for thread 5 of 64: Resource temporarily unavailable',
  },
  {
    code: 'user-unknown',
    pattern: /getpwuid\(\): uid not found: (\d+)|unable to find user (\w+)|KeyError: 'getpwuid/,
    cause: 'the account {what} of the program is not in the /etc/passwd of the image',
    fix: 'give it names: -e HOME=/tmp -e USER=me, or make the account in the Dockerfile (useradd)',
    example: "KeyError: 'getpwuid(): uid not found: 1000'",
  },
  {
    code: 'tokenizers-fork',
    pattern: /The current process just got forked, after parallelism has already been used/,
    cause: 'the tokenizer used threads before the process was copied, which can hang it',
    fix: 'set TOKENIZERS_PARALLELISM=false',
    example:
      'huggingface/tokenizers: The current process just got forked, after parallelism has already been used. Disabling parallelism to avoid deadlocks...',
  },
  {
    code: 'memory-error',
    pattern: /^MemoryError|numpy\.core\._exceptions\._?ArrayMemoryError|DefaultCPUAllocator: (?:can't|not enough)|std::bad_alloc|Cannot allocate memory/, // prettier-ignore
    cause: 'there was no memory left',
    fix: 'give it more memory, or load less at once',
    example:
      "RuntimeError: [enforce fail at alloc_cpu.cpp:114] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 40000000000 bytes.",
  },
  {
    code: 'display',
    pattern: /could not connect to display|no display name and no \$DISPLAY|Could not load the Qt platform plugin|cannot open display/, // prettier-ignore
    cause: 'the program wants to open a window, and a container has no display',
    fix: "use opencv-python-headless, matplotlib.use('Agg') or QT_QPA_PLATFORM=offscreen, and save pictures instead of showing them",
    example: 'qt.qpa.xcb: could not connect to display',
  },
  {
    code: 'segmentation-fault',
    pattern: /Segmentation fault|SIGSEGV|signal 11/,
    cause: 'a compiled part of a package crashed, often one that was built for other versions of its neighbours',
    fix: 'install the packages anew from one index in versions that belong together; PYTHONFAULTHANDLER=1 shows where it was',
    example: 'Fatal Python error: Segmentation fault',
  },
];
