import { attributeCases, numberCases, sparseCases, whiteoutCases } from './content-cases.ts';
import type { HostileLayer } from './hostile-case.ts';
import { linkCases, nameCases } from './path-cases.ts';

/** All hostile layers; `outside` is a folder that must not change, with a file `secret`. */
export function layerCases(outside: string): HostileLayer[] {
  return [
    ...nameCases(outside),
    ...linkCases(outside),
    ...whiteoutCases(),
    ...attributeCases(),
    ...numberCases(),
    ...sparseCases(),
  ];
}
