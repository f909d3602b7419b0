/** What ONNX Runtime's GPU wheels want of CUDA and cuDNN, from each version on. */
export interface OnnxruntimeGpuRow {
  since: string;
  cuda: string;
  cudnn: string;
  /** Whether the wheel's extras `cuda` and `cudnn` bring both as wheels; otherwise the image has to have them. */
  wheels: boolean;
}

// Source: ONNX Runtime, "CUDA Execution Provider", requirements; extras from the metadata on the package index. Date: 2026-11.
export const ONNXRUNTIME_GPU: readonly OnnxruntimeGpuRow[] = [
  { since: '1.0', cuda: '10.0', cudnn: '7.6', wheels: false },
  { since: '1.2', cuda: '10.1', cudnn: '7.6', wheels: false },
  { since: '1.5', cuda: '10.2', cudnn: '8.0', wheels: false },
  { since: '1.7', cuda: '11.0', cudnn: '8.0', wheels: false },
  { since: '1.9', cuda: '11.4', cudnn: '8.2', wheels: false },
  { since: '1.13', cuda: '11.6', cudnn: '8.2', wheels: false },
  { since: '1.15', cuda: '11.8', cudnn: '8.7', wheels: false },
  { since: '1.19', cuda: '12.4', cudnn: '9.1', wheels: false },
  { since: '1.21', cuda: '12.6', cudnn: '9.5', wheels: true },
];
