/** One release of TensorFlow. */
export interface TensorflowRelease {
  version: string;
  /** Day of the release (ISO 8601). */
  released: string;
  /** First and last Python with wheels for Linux. */
  pythons: readonly [first: string, last: string];
  /** CUDA and cuDNN that its GPU build was tested with. */
  cuda: string;
  cudnn: string;
  /** Whether there is a `tensorflow-cpu` of the same version. */
  cpuPackage: boolean;
}

/** First release with the extra `and-cuda`, which brings CUDA as wheels; before it the image itself has to have CUDA and cuDNN. */
export const FIRST_WITH_CUDA_WHEELS = '2.14.0';

/** First release without a distribution `tensorflow-gpu`; before 2.1 that one alone could use a GPU. */
export const FIRST_WITHOUT_GPU_PACKAGE = '2.13.0';

// Source: the tables of tested configurations on TensorFlow's page "Build from source"; Pythons, dates and `tensorflow-cpu` from the files of each release on
// the package index. Date: 2026-11-21.
export const TENSORFLOW_RELEASES: readonly TensorflowRelease[] = [
  { version: '1.10.0', released: '2018-08-08', pythons: ['3.3', '3.6'], cuda: '9.0', cudnn: '7', cpuPackage: false },
  { version: '1.11.0', released: '2018-09-27', pythons: ['3.3', '3.6'], cuda: '9.0', cudnn: '7', cpuPackage: false },
  { version: '1.12.0', released: '2018-11-06', pythons: ['3.3', '3.6'], cuda: '9.0', cudnn: '7', cpuPackage: false },
  { version: '1.13.1', released: '2019-02-26', pythons: ['3.3', '3.7'], cuda: '10.0', cudnn: '7.4', cpuPackage: false },
  { version: '1.14.0', released: '2019-06-19', pythons: ['3.3', '3.7'], cuda: '10.0', cudnn: '7.4', cpuPackage: false },
  { version: '1.15.0', released: '2019-10-16', pythons: ['3.5', '3.7'], cuda: '10.0', cudnn: '7.4', cpuPackage: true },
  { version: '2.0.0', released: '2019-09-30', pythons: ['3.5', '3.7'], cuda: '10.0', cudnn: '7.4', cpuPackage: false },
  { version: '2.1.0', released: '2020-01-08', pythons: ['3.5', '3.7'], cuda: '10.1', cudnn: '7.6', cpuPackage: true },
  { version: '2.2.0', released: '2020-05-07', pythons: ['3.5', '3.8'], cuda: '10.1', cudnn: '7.6', cpuPackage: true },
  { version: '2.3.0', released: '2020-07-27', pythons: ['3.5', '3.8'], cuda: '10.1', cudnn: '7.6', cpuPackage: true },
  { version: '2.4.0', released: '2020-12-14', pythons: ['3.6', '3.8'], cuda: '11.0', cudnn: '8.0', cpuPackage: true },
  { version: '2.5.0', released: '2021-05-13', pythons: ['3.6', '3.9'], cuda: '11.2', cudnn: '8.1', cpuPackage: true },
  { version: '2.6.0', released: '2021-08-11', pythons: ['3.6', '3.9'], cuda: '11.2', cudnn: '8.1', cpuPackage: true },
  { version: '2.7.0', released: '2021-11-04', pythons: ['3.7', '3.9'], cuda: '11.2', cudnn: '8.1', cpuPackage: true },
  { version: '2.8.0', released: '2022-02-02', pythons: ['3.7', '3.10'], cuda: '11.2', cudnn: '8.1', cpuPackage: true },
  { version: '2.9.0', released: '2022-05-16', pythons: ['3.7', '3.10'], cuda: '11.2', cudnn: '8.1', cpuPackage: true },
  { version: '2.10.0', released: '2022-09-06', pythons: ['3.7', '3.10'], cuda: '11.2', cudnn: '8.1', cpuPackage: true },
  { version: '2.11.0', released: '2022-11-18', pythons: ['3.7', '3.10'], cuda: '11.2', cudnn: '8.1', cpuPackage: true },
  { version: '2.12.0', released: '2023-03-22', pythons: ['3.8', '3.11'], cuda: '11.8', cudnn: '8.6', cpuPackage: true },
  { version: '2.13.0', released: '2023-07-05', pythons: ['3.8', '3.11'], cuda: '11.8', cudnn: '8.6', cpuPackage: true },
  { version: '2.14.0', released: '2023-09-26', pythons: ['3.9', '3.11'], cuda: '11.8', cudnn: '8.7', cpuPackage: true },
  { version: '2.15.0', released: '2023-11-14', pythons: ['3.9', '3.11'], cuda: '12.2', cudnn: '8.9', cpuPackage: true },
  { version: '2.16.1', released: '2024-03-09', pythons: ['3.9', '3.12'], cuda: '12.3', cudnn: '8.9', cpuPackage: true },
  { version: '2.17.0', released: '2024-07-11', pythons: ['3.9', '3.12'], cuda: '12.3', cudnn: '8.9', cpuPackage: true },
  { version: '2.18.0', released: '2024-10-25', pythons: ['3.9', '3.12'], cuda: '12.5', cudnn: '9.3', cpuPackage: true },
  { version: '2.19.0', released: '2025-03-12', pythons: ['3.9', '3.12'], cuda: '12.5', cudnn: '9.3', cpuPackage: true },
  { version: '2.20.0', released: '2025-08-13', pythons: ['3.9', '3.13'], cuda: '12.5', cudnn: '9.3', cpuPackage: true },
  { version: '2.21.0', released: '2026-03-06', pythons: ['3.10', '3.13'], cuda: '12.5', cudnn: '9.3', cpuPackage: true },
]; // prettier-ignore
