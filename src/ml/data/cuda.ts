/** Driver that a CUDA toolkit was released with; newer drivers run it too. Newest first. */
export type DriverRow = readonly [cuda: string, driver: string];

// Source: NVIDIA CUDA Toolkit release notes 13.2.2 and 13.3, table "CUDA Toolkit and Corresponding Driver Versions", Linux on x86_64. Date: 2026-11-20.
export const CUDA_DRIVERS: readonly DriverRow[] = [
  ['13.3.1', '610.43.02'],
  ['13.3.0', '610.43.02'],
  ['13.2.2', '595.71.05'],
  ['13.2.1', '595.58.03'],
  ['13.2.0', '595.45.04'],
  ['13.1.1', '590.48.01'],
  ['13.1.0', '590.44.01'],
  ['13.0.2', '580.95.05'],
  ['13.0.1', '580.82.07'],
  ['13.0.0', '580.65.06'],
  ['12.9.1', '575.57.08'],
  ['12.9.0', '575.51.03'],
  ['12.8.1', '570.124.06'],
  ['12.8.0', '570.26'],
  ['12.6.3', '560.35.05'],
  ['12.6.2', '560.35.03'],
  ['12.6.1', '560.35.03'],
  ['12.6.0', '560.28.03'],
  ['12.5.1', '555.42.06'],
  ['12.5.0', '555.42.02'],
  ['12.4.1', '550.54.15'],
  ['12.4.0', '550.54.14'],
  ['12.3.1', '545.23.08'],
  ['12.3.0', '545.23.06'],
  ['12.2.2', '535.104.05'],
  ['12.2.1', '535.86.09'],
  ['12.2.0', '535.54.03'],
  ['12.1.1', '530.30.02'],
  ['12.1.0', '530.30.02'],
  ['12.0.1', '525.85.12'],
  ['12.0.0', '525.60.13'],
  ['11.8.0', '520.61.05'],
  ['11.7.1', '515.48.07'],
  ['11.7.0', '515.43.04'],
  ['11.6.2', '510.47.03'],
  ['11.6.1', '510.47.03'],
  ['11.6.0', '510.39.01'],
  ['11.5.2', '495.29.05'],
  ['11.5.1', '495.29.05'],
  ['11.5.0', '495.29.05'],
  ['11.4.4', '470.82.01'],
  ['11.4.3', '470.82.01'],
  ['11.4.2', '470.57.02'],
  ['11.4.1', '470.57.02'],
  ['11.4.0', '470.42.01'],
  ['11.3.1', '465.19.01'],
  ['11.3.0', '465.19.01'],
  ['11.2.2', '460.32.03'],
  ['11.2.1', '460.32.03'],
  ['11.2.0', '460.27.03'],
  ['11.1.1', '455.32'],
  ['11.1.0', '455.23'],
  ['11.0.3', '450.51.06'],
  ['11.0.2', '450.51.05'],
  ['10.2.89', '440.33'],
  ['10.1.105', '418.39'],
  ['10.0.130', '410.48'],
  ['9.2.148', '396.37'],
  ['9.2.88', '396.26'],
  ['9.1.85', '390.46'],
  ['9.0.76', '384.81'],
]; // prettier-ignore

/**
 * Oldest driver that runs programs of any toolkit of the same major version, without features of newer ones (minor version compatibility, since CUDA 11).
 * Source: NVIDIA, "CUDA Compatibility", section 2. Date: 2026-11-20.
 */
export const MINOR_COMPATIBILITY_FLOORS: Readonly<Record<string, string>> = {
  '11': '450.80.02',
  '12': '525.60.13',
  '13': '580.65.06',
};

/** What the wheels for one CUDA version run on. */
export interface ArchitectureRow {
  cuda: string;
  /** Lowest compute capability with code of its own. */
  from: string;
  /** Highest one. */
  to: string;
  /** Holds intermediate code (PTX) too, which newer generations translate. */
  ptx: boolean;
}

// Source: `torch.cuda.get_arch_list()` of released wheels (1.13.1, 2.0.1, 2.4.1, 2.6.0, 2.7.0) and RELEASE.md of PyTorch for 2.12 to 2.14; for CUDA versions
// between these the row of the nearest one. Date: 2026-11-20.
export const TORCH_ARCHITECTURES: readonly ArchitectureRow[] = [
  { cuda: '10.2', from: '3.7', to: '7.5', ptx: false },
  { cuda: '11.3', from: '3.7', to: '8.6', ptx: false },
  { cuda: '11.6', from: '3.7', to: '8.6', ptx: false },
  { cuda: '11.7', from: '3.7', to: '8.6', ptx: false },
  { cuda: '11.8', from: '3.7', to: '9.0', ptx: false },
  { cuda: '12.1', from: '5.0', to: '9.0', ptx: false },
  { cuda: '12.4', from: '5.0', to: '9.0', ptx: false },
  { cuda: '12.6', from: '5.0', to: '9.0', ptx: false },
  { cuda: '12.8', from: '7.5', to: '12.0', ptx: true },
  { cuda: '12.9', from: '7.5', to: '12.0', ptx: true },
  { cuda: '13.0', from: '7.5', to: '12.0', ptx: true },
  { cuda: '13.2', from: '7.5', to: '12.0', ptx: true },
];

/**
 * Compute capability by what people call a GPU. Source: NVIDIA, "CUDA GPUs" and "Legacy CUDA GPUs". Date: 2026-11.
 */
export const COMPUTE_CAPABILITIES: Readonly<Record<string, string>> = {
  A10: '8.6', A100: '8.0', A10G: '8.6', A16: '8.6', A2: '8.6', A30: '8.0', A40: '8.6', B200: '10.0', B300: '10.3', GB200: '10.0', GH200: '9.0',
  'GTX 1060': '6.1', 'GTX 1070': '6.1', 'GTX 1080': '6.1', 'GTX 1080 Ti': '6.1', 'GTX 1650': '7.5', 'GTX 1660': '7.5', 'GTX 980': '5.2', H100: '9.0',
  H200: '9.0', 'Jetson Orin': '8.7', 'Jetson Thor': '11.0', 'Jetson Xavier': '7.2', K80: '3.7', L4: '8.9', L40: '8.9', L40S: '8.9', M60: '5.2', P100: '6.0', P4: '6.1',
  'RTX 2060': '7.5', 'RTX 2070': '7.5', 'RTX 2080 Ti': '7.5', 'RTX 3050': '8.6', 'RTX 3060': '8.6', 'RTX 3070': '8.6', 'RTX 3080': '8.6', 'RTX 3090': '8.6',
  'RTX 4060': '8.9', 'RTX 4070': '8.9', 'RTX 4080': '8.9', 'RTX 4090': '8.9', 'RTX 5060': '12.0', 'RTX 5070': '12.0', 'RTX 5080': '12.0', 'RTX 5090': '12.0',
  'RTX 6000 Ada': '8.9', 'RTX A4000': '8.6', 'RTX A5000': '8.6', 'RTX A6000': '8.6', 'RTX PRO 6000': '12.0', T4: '7.5', 'TITAN V': '7.0', V100: '7.0',
}; // prettier-ignore
