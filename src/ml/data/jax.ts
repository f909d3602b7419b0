/** Extras of `jax` that bring its GPU code, and the major version of CUDA that comes with each; none of them runs beside another. */
// Source: JAX, "Installation", and the metadata of `jax` on the package index. Date: 2026-11.
export const JAX_CUDA_EXTRAS: Readonly<Record<string, string>> = {
  cuda: '11',
  cuda11_cudnn805: '11',
  cuda11_cudnn82: '11',
  cuda11_cudnn86: '11',
  cuda11_pip: '11',
  cuda12: '12',
  cuda12_pip: '12',
  cuda13: '13',
};
