import type { Failure } from './failure.ts';

/** Libraries of the system, the C library and the processor. Source: messages of the dynamic linker, glibc and the frameworks, 2026-11. */
export const LIBRARY_FAILURES: readonly Failure[] = [
  {
    code: 'opencv-desktop',
    pattern: /lib(?:GL|gthread-2\.0|glib-2\.0|SM|Xext|Xrender)\.so[.\d]*: cannot open shared object file/,
    cause: 'OpenCV needs libraries of a desktop that the image does not have',
    fix: 'use opencv-python-headless in {manifest}, or install libgl1 and libglib2.0-0 with apt',
    example: 'ImportError: libGL.so.1: cannot open shared object file: No such file or directory',
  },
  {
    code: 'missing-library',
    pattern: /(lib[\w.+-]+\.so[.\d]*): cannot open shared object file/,
    cause: 'a package needs the system library {what}, which the image does not have',
    fix: 'install {package} with apt-get in the Dockerfile, or list it in apt.txt',
    example: 'OSError: libsndfile.so.1: cannot open shared object file: No such file or directory',
  },
  {
    code: 'library-not-found',
    pattern: /OSError: (?:cannot load library|sndfile library not found|no library called) ?'?"?([\w.-]*)/,
    cause: 'a package looks for a library of the system that the image does not have: {what}',
    fix: 'install the Debian package that has it with apt-get in the Dockerfile, or list it in apt.txt',
    example: 'OSError: sndfile library not found using ctypes.util.find_library',
  },
  {
    code: 'missing-program',
    pattern: /(?:FileNotFoundError: \[Errno 2\] No such file or directory|couldn't find|Couldn't find|is not installed or it's not in your PATH|Unable to get page count).*\b(ffmpeg|ffprobe|avconv|tesseract|pdftoppm|pdfinfo|dot|git|java|node|wkhtmltopdf|chromedriver|nvidia-smi|espeak|sox|unrar|gs|convert)\b/, // prettier-ignore
    cause: 'the program {what} is called, and the image does not have it',
    fix: 'install it with apt-get in the Dockerfile, or list its package in apt.txt',
    example: "FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'",
  },
  {
    code: 'tesseract',
    pattern: /TesseractNotFoundError|PDFInfoNotInstalledError/,
    cause: 'a program that the package calls (tesseract, or pdfinfo of poppler) is not in the image',
    fix: 'install tesseract-ocr or poppler-utils with apt-get in the Dockerfile, or list them in apt.txt',
    example: "pytesseract.pytesseract.TesseractNotFoundError: tesseract is not installed or it's not in your PATH",
  },
  {
    code: 'glibc-too-old',
    pattern: /version [`']?(GLIBC(?:XX)?_[\d.]+)'? not found/,
    cause: 'a library was built for a newer C library than that of the image: it wants {what}',
    fix: 'take a base image of a newer Debian (python:3.12-slim), or install that package as a wheel instead of building it elsewhere',
    example: "ImportError: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /app/lib.so)",
  },
  {
    code: 'musl',
    pattern:
      /ld-linux-x86-64\.so\.2: No such file|Error loading shared library ld-linux|__memcpy_chk: symbol not found/,
    cause: 'the image is Alpine, whose C library programs and wheels for other Linux systems do not run on',
    fix: 'start from a slim image of Debian: FROM python:3.12-slim',
    example: 'Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by /usr/bin/tool)',
  },
  {
    code: 'undefined-symbol',
    pattern: /\.so[.\d]*: undefined symbol: (\w+)/,
    cause: 'two libraries were built for different versions of each other: the symbol {what} is missing',
    fix: 'install packages that belong together from one index: torch, torchvision and torchaudio, or flash-attn, in matching versions',
    example:
      'ImportError: /usr/local/lib/python3.11/site-packages/flash_attn_2_cuda.so: undefined symbol: _ZN3c105ErrorC2E',
  },
  {
    code: 'illegal-instruction',
    pattern: /Illegal instruction|requires? (?:AVX2?|SSE4[._]\d)|compiled to use (AVX2?|SSE4\.\d|FMA) instructions, but these aren't available/, // prettier-ignore
    cause: 'the program uses instructions that this processor does not have (often AVX)',
    fix: 'take an older release or a build without them (tensorflow 1.5, polars-lts-cpu, numpy<2.4), or a newer machine',
    example: 'Illegal instruction (core dumped)',
  },
  {
    code: 'other-processor',
    pattern: /exec format error|cannot execute binary file: Exec format|rosetta error|qemu-\w+: Could not open/i,
    cause: 'the image was made for another kind of processor, such as arm64 on amd64',
    fix: 'build it for this machine: berth build --platform linux/amd64 (or linux/arm64)',
    example: 'exec /usr/local/bin/python: exec format error',
  },
  {
    code: 'openmp-twice',
    pattern: /Initializing libiomp5\.\w+, but found|multiple copies of the OpenMP runtime/,
    cause: 'two packages brought OpenMP of their own into one program',
    fix: 'install numpy, scipy and torch from one source (all by pip, or all by conda)',
    example: 'OMP: Error #15: Initializing libiomp5.so, but found libomp.so already initialized.',
  },
  {
    code: 'static-tls',
    pattern: /cannot allocate memory in static TLS block/,
    cause: 'a library was loaded too late for the memory that threads share (glibc before 2.35)',
    fix: 'import the package that the message names first, or set LD_PRELOAD to its library',
    example: 'ImportError: /usr/lib/aarch64-linux-gnu/libgomp.so.1: cannot allocate memory in static TLS block',
  },
];
