/** Versions of Python that can be chosen, newest first. Source: the release schedules of each (PEP 537 to 790), 2026-11. */
export const PYTHONS = ['3.15', '3.14', '3.13', '3.12', '3.11', '3.10', '3.9', '3.8', '3.7', '3.6'] as const;

/** Taken when nothing in a project says otherwise: supported until October 2027, and the releases of the last five years have wheels for it. */
export const USUAL_PYTHON = '3.11';

/** Month of the first release of each. Source: the same schedules. */
export const PYTHON_RELEASED: Readonly<Record<string, string>> = {
  '3.6': '2016-12', '3.7': '2018-06', '3.8': '2019-10', '3.9': '2020-10', '3.10': '2021-10', '3.11': '2022-10', '3.12': '2023-10', '3.13': '2024-10', '3.14': '2025-10', '3.15': '2026-10',
}; // prettier-ignore

/** Month after which a version gets no more security fixes. Source: the Python developer's guide, "Status of Python versions", 2026-11. */
export const PYTHON_END_OF_LIFE: Readonly<Record<string, string>> = {
  '2.7': '2020-01', '3.5': '2020-09', '3.6': '2021-12', '3.7': '2023-06', '3.8': '2024-10', '3.9': '2025-10', '3.10': '2026-10', '3.11': '2027-10',
  '3.12': '2028-10', '3.13': '2029-10', '3.14': '2030-10', '3.15': '2031-10',
}; // prettier-ignore

/** Month in which these tables were made; what was out of support then is reported. */
export const PYTHON_TABLE_MONTH = '2026-11';
