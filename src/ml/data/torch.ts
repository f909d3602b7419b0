/** One release of PyTorch: what belongs to it, and for which accelerators its wheels are built. */
export interface TorchRelease {
  version: string;
  /** Day of the release (ISO 8601). */
  released: string;
  /** torchvision and torchaudio that were built with it; null where there is none of that release. */
  vision: string | null;
  audio: string | null;
  /** First and last Python with wheels for Linux. */
  pythons: readonly [first: string, last: string];
  /** CUDA of the wheels on the usual index (`pip install torch`). */
  usual: string;
  /** CUDA versions with an index of their own, and the cuDNN in those wheels (empty where it is not known). */
  cuda: Readonly<Record<string, string>>;
}

/** Index of PyTorch's own wheels for processors alone, from which no CUDA comes along. */
export const TORCH_CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

/** Index of the wheels for one version of CUDA, such as `12.6`. */
export function torchCudaIndex(cuda: string): string {
  return `https://download.pytorch.org/whl/cu${cuda.replace('.', '')}`;
}

/** Index of the wheels for AMD's ROCm, such as `6.3`. */
export function torchRocmIndex(rocm: string): string {
  return `https://download.pytorch.org/whl/rocm${rocm}`;
}

/** Distributions that PyTorch's own indexes hold, beside torch itself. */
export const ON_TORCH_INDEXES: ReadonlySet<string> = new Set(['torch', 'torchvision', 'torchaudio', 'torchtext', 'torchdata', 'xformers', 'torchao', 'torchrec', 'fbgemm-gpu', 'triton', 'pytorch-triton', 'pytorch-triton-rocm']); // prettier-ignore

/** What a wheel of torch for CUDA brings along and one for processors does not; the vendor's packages have one of these beginnings. */
export const CUDA_COMPANIONS: readonly RegExp[] = [
  /^nvidia-/,
  /^cuda-(toolkit|bindings|pathfinder|core|python)$/,
  /^triton$/,
  /^pytorch-triton/,
];

// Source: RELEASE.md of PyTorch and its page "Previous versions" (CUDA, cuDNN, torchvision, torchaudio); the files and metadata of every release on the
// usual index (Pythons, dates, usual CUDA). Pythons that the release notes call experimental are left out. Date: 2026-11-21.
export const TORCH_RELEASES: readonly TorchRelease[] = [
  { version: '1.2.0', released: '2019-08-08', vision: '0.4.0', audio: '0.3.0', pythons: ['3.5', '3.7'], usual: '10.0', cuda: { '9.2': '', '10.0': '' } },
  { version: '1.3.0', released: '2019-10-10', vision: '0.4.1', audio: '0.3.1', pythons: ['3.5', '3.7'], usual: '10.1', cuda: { '9.2': '', '10.1': '' } },
  { version: '1.3.1', released: '2019-11-07', vision: '0.4.2', audio: '0.3.1', pythons: ['3.5', '3.7'], usual: '10.1', cuda: { '9.2': '', '10.1': '' } },
  { version: '1.4.0', released: '2020-01-15', vision: '0.5.0', audio: '0.4.0', pythons: ['3.5', '3.8'], usual: '10.1', cuda: { '9.2': '', '10.1': '' } },
  { version: '1.5.0', released: '2020-04-21', vision: '0.6.0', audio: '0.5.0', pythons: ['3.5', '3.8'], usual: '10.2', cuda: { '9.2': '', '10.1': '', '10.2': '' } },
  { version: '1.5.1', released: '2020-06-18', vision: '0.6.1', audio: '0.5.1', pythons: ['3.5', '3.8'], usual: '10.2', cuda: { '9.2': '', '10.1': '', '10.2': '' } },
  { version: '1.6.0', released: '2020-07-28', vision: '0.7.0', audio: '0.6.0', pythons: ['3.6', '3.8'], usual: '10.2', cuda: { '9.2': '', '10.1': '', '10.2': '' } },
  { version: '1.7.0', released: '2020-10-27', vision: '0.8.1', audio: '0.7.0', pythons: ['3.6', '3.8'], usual: '10.2', cuda: { '9.2': '', '10.1': '', '10.2': '', '11.0': '' } },
  { version: '1.7.1', released: '2020-12-10', vision: '0.8.2', audio: '0.7.2', pythons: ['3.6', '3.9'], usual: '10.2', cuda: { '9.2': '', '10.1': '', '10.2': '', '11.0': '' } },
  { version: '1.8.0', released: '2021-03-04', vision: '0.9.0', audio: '0.8.0', pythons: ['3.6', '3.9'], usual: '10.2', cuda: { '10.2': '', '11.1': '' } },
  { version: '1.8.1', released: '2021-03-25', vision: '0.9.1', audio: '0.8.1', pythons: ['3.6', '3.9'], usual: '10.2', cuda: { '10.1': '', '10.2': '', '11.1': '' } },
  { version: '1.9.0', released: '2021-06-15', vision: '0.10.0', audio: '0.9.0', pythons: ['3.6', '3.9'], usual: '10.2', cuda: { '10.2': '', '11.1': '' } },
  { version: '1.9.1', released: '2021-09-20', vision: '0.10.1', audio: '0.9.1', pythons: ['3.6', '3.9'], usual: '10.2', cuda: { '10.2': '', '11.1': '' } },
  { version: '1.10.0', released: '2021-10-21', vision: '0.11.0', audio: '0.10.0', pythons: ['3.6', '3.9'], usual: '10.2', cuda: { '10.2': '', '11.1': '' } },
  { version: '1.10.1', released: '2021-12-15', vision: '0.11.2', audio: '0.10.1', pythons: ['3.6', '3.9'], usual: '10.2', cuda: { '10.2': '', '11.1': '' } },
  { version: '1.10.2', released: '2022-01-27', vision: '0.11.3', audio: '0.10.2', pythons: ['3.6', '3.9'], usual: '10.2', cuda: { '10.2': '', '11.3': '' } },
  { version: '1.11.0', released: '2022-03-10', vision: '0.12.0', audio: '0.11.0', pythons: ['3.7', '3.10'], usual: '10.2', cuda: { '10.2': '', '11.3': '' } },
  { version: '1.12.0', released: '2022-06-28', vision: '0.13.0', audio: '0.12.0', pythons: ['3.7', '3.10'], usual: '10.2', cuda: { '10.2': '', '11.3': '8.3.2.44', '11.6': '8.3.2.44' } },
  { version: '1.12.1', released: '2022-08-05', vision: '0.13.1', audio: '0.12.1', pythons: ['3.7', '3.10'], usual: '10.2', cuda: { '10.2': '', '11.3': '8.3.2.44', '11.6': '8.3.2.44' } },
  { version: '1.13.0', released: '2022-10-28', vision: '0.14.0', audio: '0.13.0', pythons: ['3.7', '3.10'], usual: '11.7', cuda: { '11.6': '8.3.2.44', '11.7': '8.5.0.96' } },
  { version: '1.13.1', released: '2022-12-15', vision: '0.14.1', audio: '0.13.1', pythons: ['3.7', '3.10'], usual: '11.7', cuda: { '11.6': '8.3.2.44', '11.7': '8.5.0.96' } },
  { version: '2.0.0', released: '2023-03-15', vision: '0.15.1', audio: '2.0.1', pythons: ['3.8', '3.11'], usual: '11.7', cuda: { '11.7': '8.5.0.96', '11.8': '8.7.0.84' } },
  { version: '2.0.1', released: '2023-05-08', vision: '0.15.2', audio: '2.0.2', pythons: ['3.8', '3.11'], usual: '11.7', cuda: { '11.7': '8.5.0.96', '11.8': '8.7.0.84' } },
  { version: '2.1.0', released: '2023-10-04', vision: '0.16.0', audio: '2.1.0', pythons: ['3.8', '3.11'], usual: '12.1', cuda: { '11.8': '8.7.0.84', '12.1': '8.9.2.26' } },
  { version: '2.1.1', released: '2023-11-15', vision: '0.16.1', audio: '2.1.1', pythons: ['3.8', '3.11'], usual: '12.1', cuda: { '11.8': '8.7.0.84', '12.1': '8.9.2.26' } },
  { version: '2.1.2', released: '2023-12-14', vision: '0.16.2', audio: '2.1.2', pythons: ['3.8', '3.11'], usual: '12.1', cuda: { '11.8': '8.7.0.84', '12.1': '8.9.2.26' } },
  { version: '2.2.0', released: '2024-01-30', vision: '0.17.0', audio: '2.2.0', pythons: ['3.8', '3.12'], usual: '12.1', cuda: { '11.8': '8.7.0.84', '12.1': '8.9.2.26' } },
  { version: '2.2.1', released: '2024-02-22', vision: '0.17.1', audio: '2.2.1', pythons: ['3.8', '3.12'], usual: '12.1', cuda: { '11.8': '8.7.0.84', '12.1': '8.9.2.26' } },
  { version: '2.2.2', released: '2024-03-27', vision: '0.17.2', audio: '2.2.2', pythons: ['3.8', '3.12'], usual: '12.1', cuda: { '11.8': '8.7.0.84', '12.1': '8.9.2.26' } },
  { version: '2.3.0', released: '2024-04-24', vision: '0.18.0', audio: '2.3.0', pythons: ['3.8', '3.12'], usual: '12.1', cuda: { '11.8': '8.7.0.84', '12.1': '8.9.2.26' } },
  { version: '2.3.1', released: '2024-06-05', vision: '0.18.1', audio: '2.3.1', pythons: ['3.8', '3.12'], usual: '12.1', cuda: { '11.8': '8.7.0.84', '12.1': '8.9.2.26' } },
  { version: '2.4.0', released: '2024-07-24', vision: '0.19.0', audio: '2.4.0', pythons: ['3.8', '3.12'], usual: '12.1', cuda: { '11.8': '9.1.0.70', '12.1': '9.1.0.70', '12.4': '9.1.0.70' } },
  { version: '2.4.1', released: '2024-09-04', vision: '0.19.1', audio: '2.4.1', pythons: ['3.8', '3.12'], usual: '12.1', cuda: { '11.8': '9.1.0.70', '12.1': '9.1.0.70', '12.4': '9.1.0.70' } },
  { version: '2.5.0', released: '2024-10-17', vision: '0.20.0', audio: '2.5.0', pythons: ['3.9', '3.12'], usual: '12.4', cuda: { '11.8': '9.1.0.70', '12.1': '9.1.0.70', '12.4': '9.1.0.70' } },
  { version: '2.5.1', released: '2024-10-29', vision: '0.20.1', audio: '2.5.1', pythons: ['3.9', '3.12'], usual: '12.4', cuda: { '11.8': '9.1.0.70', '12.1': '9.1.0.70', '12.4': '9.1.0.70' } },
  { version: '2.6.0', released: '2025-01-29', vision: '0.21.0', audio: '2.6.0', pythons: ['3.9', '3.13'], usual: '12.4', cuda: { '11.8': '9.1.0.70', '12.4': '9.1.0.70', '12.6': '9.5.1.17' } },
  { version: '2.7.0', released: '2025-04-23', vision: '0.22.0', audio: '2.7.0', pythons: ['3.9', '3.13'], usual: '12.6', cuda: { '11.8': '9.1.0.70', '12.6': '9.5.1.17', '12.8': '9.7.1.26' } },
  { version: '2.7.1', released: '2025-06-04', vision: '0.22.1', audio: '2.7.1', pythons: ['3.9', '3.13'], usual: '12.6', cuda: { '11.8': '9.1.0.70', '12.6': '9.5.1.17', '12.8': '9.7.1.26' } },
  { version: '2.8.0', released: '2025-08-06', vision: '0.23.0', audio: '2.8.0', pythons: ['3.9', '3.13'], usual: '12.8', cuda: { '12.6': '9.10.2.21', '12.8': '9.10.2.21', '12.9': '9.10.2.21' } },
  { version: '2.9.0', released: '2025-10-15', vision: '0.24.0', audio: '2.9.0', pythons: ['3.10', '3.14'], usual: '12.8', cuda: { '12.6': '9.10.2.21', '12.8': '9.10.2.21', '13.0': '9.13.0.50' } },
  { version: '2.9.1', released: '2025-11-12', vision: '0.24.1', audio: '2.9.1', pythons: ['3.10', '3.14'], usual: '12.8', cuda: { '12.6': '9.10.2.21', '12.8': '9.10.2.21', '13.0': '9.13.0.50' } },
  { version: '2.10.0', released: '2026-01-21', vision: '0.25.0', audio: '2.10.0', pythons: ['3.10', '3.14'], usual: '12.8', cuda: { '12.6': '9.10.2.21', '12.8': '9.10.2.21', '13.0': '9.15.1.9' } },
  { version: '2.11.0', released: '2026-03-23', vision: '0.26.0', audio: '2.11.0', pythons: ['3.10', '3.14'], usual: '13.0', cuda: { '12.6': '9.10.2.21', '12.8': '9.17.1.4', '12.9': '', '13.0': '9.17.1.4' } },
  { version: '2.12.0', released: '2026-05-13', vision: '0.27.0', audio: null, pythons: ['3.10', '3.14'], usual: '13.0', cuda: { '12.6': '9.10.2.21', '13.0': '9.20.0.48', '13.2': '9.20.0.48' } },
  { version: '2.12.1', released: '2026-06-17', vision: '0.27.1', audio: null, pythons: ['3.10', '3.14'], usual: '13.0', cuda: { '12.6': '9.10.2.21', '13.0': '9.20.0.48', '13.2': '9.20.0.48' } },
  { version: '2.13.0', released: '2026-07-08', vision: '0.28.0', audio: null, pythons: ['3.10', '3.14'], usual: '13.0', cuda: { '12.6': '9.10.2.21', '13.0': '9.20.0.48', '13.2': '9.20.0.48' } },
  { version: '2.14.0', released: '2026-09-02', vision: '0.29.0', audio: null, pythons: ['3.10', '3.14'], usual: '13.0', cuda: { '12.6': '9.10.2.21', '13.0': '9.24.0.43', '13.2': '9.24.0.43' } },
  { version: '2.14.1', released: '2026-09-30', vision: '0.29.1', audio: null, pythons: ['3.10', '3.14'], usual: '13.0', cuda: { '12.6': '9.10.2.21', '13.0': '9.24.0.43', '13.2': '9.24.0.43' } },
  { version: '2.15.0', released: '2026-10-28', vision: '0.29.2', audio: null, pythons: ['3.11', '3.15'], usual: '13.2', cuda: { '13.2': '9.26.0.51' } },
]; // prettier-ignore
