/** Versions of Python that can be chosen, newest first. Source: the schedule of each release, 2026-11. */
export const PYTHONS = ['3.13', '3.12', '3.11', '3.10', '3.9', '3.8'] as const;

/** Taken when nothing in a project says otherwise: supported until October 2027, and nearly every wheel of the last years exists for it. */
export const USUAL_PYTHON = '3.11';

/** For which Pythons a pinned version of a distribution has wheels: from `from` on, up to and with `to`. */
export interface WheelSupport {
  distribution: string;
  /** Versions of the distribution this row speaks of. */
  versions: string;
  pythons: string;
}

// Source: the files listed on the package index for each release, and the "Support" rows of the projects' pages; torch and
// tensorflow from their compatibility tables. 2026-11. Newer versions than the last row follow the last row.
export const WHEEL_SUPPORT: readonly WheelSupport[] = [
  { distribution: 'numpy', versions: '<1.21', pythons: '<=3.9' },
  { distribution: 'numpy', versions: '>=1.21,<1.23.2', pythons: '<=3.10' },
  { distribution: 'numpy', versions: '>=1.23.2,<1.26', pythons: '<=3.11' },
  { distribution: 'numpy', versions: '>=1.26,<2.1', pythons: '>=3.9,<=3.12' },
  { distribution: 'numpy', versions: '>=2.1,<2.3', pythons: '>=3.10,<=3.13' },
  { distribution: 'numpy', versions: '>=2.3', pythons: '>=3.11' },
  { distribution: 'scikit-learn', versions: '<1.0', pythons: '<=3.9' },
  { distribution: 'scikit-learn', versions: '>=1.0,<1.2', pythons: '<=3.10' },
  { distribution: 'scikit-learn', versions: '>=1.2,<1.3.1', pythons: '<=3.11' },
  { distribution: 'scikit-learn', versions: '>=1.3.1,<1.5.2', pythons: '<=3.12' },
  { distribution: 'scikit-learn', versions: '>=1.5.2,<1.7', pythons: '>=3.9,<=3.13' },
  { distribution: 'scikit-learn', versions: '>=1.7,<1.8', pythons: '>=3.10' },
  { distribution: 'scikit-learn', versions: '>=1.8', pythons: '>=3.11' },
  { distribution: 'pandas', versions: '<1.3', pythons: '<=3.9' },
  { distribution: 'pandas', versions: '>=1.3,<1.5', pythons: '<=3.10' },
  { distribution: 'pandas', versions: '>=1.5,<2.1.1', pythons: '<=3.11' },
  { distribution: 'pandas', versions: '>=2.1.1,<2.2.3', pythons: '>=3.9,<=3.12' },
  { distribution: 'pandas', versions: '>=2.2.3,<3', pythons: '>=3.9,<=3.13' },
  { distribution: 'pandas', versions: '>=3', pythons: '>=3.11' },
  { distribution: 'scipy', versions: '<1.8', pythons: '<=3.10' },
  { distribution: 'scipy', versions: '>=1.9.2,<1.11.2', pythons: '<=3.11' },
  { distribution: 'scipy', versions: '>=1.11.2,<1.14.1', pythons: '>=3.9,<=3.12' },
  { distribution: 'scipy', versions: '>=1.14.1,<1.16', pythons: '>=3.10,<=3.13' },
  { distribution: 'scipy', versions: '>=1.16', pythons: '>=3.11' },
  { distribution: 'torch', versions: '<1.11', pythons: '<=3.9' },
  { distribution: 'torch', versions: '>=1.11,<2.0', pythons: '<=3.10' },
  { distribution: 'torch', versions: '>=2.0,<2.2', pythons: '>=3.8,<=3.11' },
  { distribution: 'torch', versions: '>=2.2,<2.6', pythons: '>=3.8,<=3.12' },
  { distribution: 'torch', versions: '>=2.6,<2.9', pythons: '>=3.9,<=3.13' },
  { distribution: 'torch', versions: '>=2.9', pythons: '>=3.10' },
  { distribution: 'tensorflow', versions: '<2.8', pythons: '<=3.9' },
  { distribution: 'tensorflow', versions: '>=2.8,<2.12', pythons: '<=3.10' },
  { distribution: 'tensorflow', versions: '>=2.12,<2.16', pythons: '>=3.8,<=3.11' },
  { distribution: 'tensorflow', versions: '>=2.16,<2.20', pythons: '>=3.9,<=3.12' },
  { distribution: 'tensorflow', versions: '>=2.20', pythons: '>=3.9,<=3.13' },
  { distribution: 'onnxruntime', versions: '<1.15', pythons: '<=3.11' },
  { distribution: 'onnxruntime', versions: '>=1.15,<1.17', pythons: '<=3.11' },
  { distribution: 'onnxruntime', versions: '>=1.17,<1.20', pythons: '>=3.8,<=3.12' },
  { distribution: 'onnxruntime', versions: '>=1.20,<1.23', pythons: '>=3.10,<=3.13' },
  { distribution: 'onnxruntime', versions: '>=1.23', pythons: '>=3.10' },
  { distribution: 'streamlit', versions: '>=1.37', pythons: '>=3.9' },
  { distribution: 'fastapi', versions: '>=0.100', pythons: '>=3.8' },
]; // prettier-ignore
