/** Official images of one version of Python. */
export interface PythonImage {
  python: string;
  /** Debian releases that `python:X-slim-RELEASE` was made of, the one that `python:X-slim` means first. */
  suites: readonly string[];
  /** Bytes of `python:X-slim`, over the network and on disk. */
  compressedBytes: number;
  unpackedBytes: number;
  /** The same of `python:X`, as tutorials take it. */
  full: { compressedBytes: number; unpackedBytes: number };
}

const MB = 1_000_000;

// Source: the file of tags of the official image (docker-library/official-images, library/python) and its history; sizes as its page lists them for amd64. Date: 2026-11.
export const PYTHON_IMAGES: readonly PythonImage[] = [
  { python: '3.6', suites: ['bullseye', 'buster'], compressedBytes: 43 * MB, unpackedBytes: 120 * MB, full: { compressedBytes: 335 * MB, unpackedBytes: 900 * MB } },
  { python: '3.7', suites: ['bookworm', 'bullseye', 'buster'], compressedBytes: 46 * MB, unpackedBytes: 128 * MB, full: { compressedBytes: 360 * MB, unpackedBytes: 995 * MB } },
  { python: '3.8', suites: ['bookworm', 'bullseye', 'buster'], compressedBytes: 46 * MB, unpackedBytes: 129 * MB, full: { compressedBytes: 360 * MB, unpackedBytes: 1000 * MB } },
  { python: '3.9', suites: ['trixie', 'bookworm', 'bullseye'], compressedBytes: 45 * MB, unpackedBytes: 128 * MB, full: { compressedBytes: 390 * MB, unpackedBytes: 1090 * MB } },
  { python: '3.10', suites: ['trixie', 'bookworm', 'bullseye'], compressedBytes: 45 * MB, unpackedBytes: 128 * MB, full: { compressedBytes: 395 * MB, unpackedBytes: 1100 * MB } },
  { python: '3.11', suites: ['trixie', 'bookworm', 'bullseye'], compressedBytes: 46 * MB, unpackedBytes: 131 * MB, full: { compressedBytes: 400 * MB, unpackedBytes: 1115 * MB } },
  { python: '3.12', suites: ['trixie', 'bookworm', 'bullseye'], compressedBytes: 44 * MB, unpackedBytes: 125 * MB, full: { compressedBytes: 400 * MB, unpackedBytes: 1115 * MB } },
  { python: '3.13', suites: ['trixie', 'bookworm'], compressedBytes: 43 * MB, unpackedBytes: 122 * MB, full: { compressedBytes: 400 * MB, unpackedBytes: 1115 * MB } },
  { python: '3.14', suites: ['trixie', 'bookworm'], compressedBytes: 44 * MB, unpackedBytes: 124 * MB, full: { compressedBytes: 400 * MB, unpackedBytes: 1120 * MB } },
  { python: '3.15', suites: ['trixie', 'bookworm'], compressedBytes: 44 * MB, unpackedBytes: 125 * MB, full: { compressedBytes: 400 * MB, unpackedBytes: 1120 * MB } },
]; // prettier-ignore

/** An image of NVIDIA with CUDA and cuDNN, for what finds neither in wheels. */
export interface CudaImage {
  /** Two numbers, as indexes of wheels name it. */
  cuda: string;
  /** Tag of `nvidia/cuda` up to the kind (`runtime`, `devel`), and the release of Ubuntu behind it. */
  tag: string;
  ubuntu: string;
  /** Python of that Ubuntu. */
  python: string;
}

// Source: the tags of nvidia/cuda: `cudnn7` and `cudnn8` until 12.3, `cudnn` alone from 12.4.1 on. Date: 2026-11.
export const CUDA_IMAGES: readonly CudaImage[] = [
  { cuda: '10.0', tag: '10.0-cudnn7', ubuntu: '18.04', python: '3.6' },
  { cuda: '10.1', tag: '10.1-cudnn7', ubuntu: '18.04', python: '3.6' },
  { cuda: '10.2', tag: '10.2-cudnn8', ubuntu: '18.04', python: '3.6' },
  { cuda: '11.0', tag: '11.0.3-cudnn8', ubuntu: '20.04', python: '3.8' },
  { cuda: '11.2', tag: '11.2.2-cudnn8', ubuntu: '20.04', python: '3.8' },
  { cuda: '11.3', tag: '11.3.1-cudnn8', ubuntu: '20.04', python: '3.8' },
  { cuda: '11.4', tag: '11.4.3-cudnn8', ubuntu: '20.04', python: '3.8' },
  { cuda: '11.6', tag: '11.6.2-cudnn8', ubuntu: '20.04', python: '3.8' },
  { cuda: '11.7', tag: '11.7.1-cudnn8', ubuntu: '22.04', python: '3.10' },
  { cuda: '11.8', tag: '11.8.0-cudnn8', ubuntu: '22.04', python: '3.10' },
  { cuda: '12.1', tag: '12.1.1-cudnn8', ubuntu: '22.04', python: '3.10' },
  { cuda: '12.2', tag: '12.2.2-cudnn8', ubuntu: '22.04', python: '3.10' },
  { cuda: '12.4', tag: '12.4.1-cudnn', ubuntu: '22.04', python: '3.10' },
  { cuda: '12.6', tag: '12.6.3-cudnn', ubuntu: '24.04', python: '3.12' },
  { cuda: '12.8', tag: '12.8.1-cudnn', ubuntu: '24.04', python: '3.12' },
  { cuda: '12.9', tag: '12.9.1-cudnn', ubuntu: '24.04', python: '3.12' },
  { cuda: '13.0', tag: '13.0.2-cudnn', ubuntu: '24.04', python: '3.12' },
];

/** A framework that Debian has for processors alone: what takes the place of the vendor's wheels where their index cannot be reached. */
export interface DebianFramework {
  distribution: string;
  package: string;
  suite: string;
  /** The one Python that it is built for. */
  python: string;
  version: string;
}

// Source: the package indexes of Debian 12 and 13. Date: 2026-11.
export const DEBIAN_FRAMEWORKS: readonly DebianFramework[] = [
  { distribution: 'torch', package: 'python3-torch', suite: 'trixie', python: '3.13', version: '2.6.0' },
  { distribution: 'torch', package: 'python3-torch', suite: 'bookworm', python: '3.11', version: '1.13.1' },
  { distribution: 'torchaudio', package: 'python3-torchaudio', suite: 'trixie', python: '3.13', version: '2.6.0' },
  { distribution: 'torchaudio', package: 'python3-torchaudio', suite: 'bookworm', python: '3.11', version: '0.13.1' },
  { distribution: 'torchvision', package: 'python3-torchvision', suite: 'trixie', python: '3.13', version: '0.21.0' },
  { distribution: 'torchvision', package: 'python3-torchvision', suite: 'bookworm', python: '3.11', version: '0.14.1' },
];
