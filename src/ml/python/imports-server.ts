import { FRAMEWORKS } from '../data/frameworks.ts';
import type { PythonImport } from './module.ts';

const SERVES = new Set([...FRAMEWORKS.flatMap(({ modules }) => modules), 'http', 'socketserver', 'wsgiref', 'grpc', 'cog', 'uvicorn', 'waitress', 'gunicorn', 'mangum', 'runpod', 'sagemaker_inference']); // prettier-ignore

/** True for a file that imports what servers are made of. */
export function importsServer(imports: readonly PythonImport[]): boolean {
  return imports.some(({ module }) => SERVES.has(module.split('.')[0] ?? ''));
}
