/** What never belongs in an image of a Python project. */
const NEVER = ['.git', '.venv', 'venv', 'env', '__pycache__', '**/__pycache__', '**/*.pyc', '.ipynb_checkpoints', '**/.ipynb_checkpoints', '.mypy_cache', '.pytest_cache', '.ruff_cache', '.idea', '.vscode', '.DS_Store', 'node_modules', '.env', 'Dockerfile', '.dockerignore'] as const; // prettier-ignore

/** A .dockerignore for a project that has none. */
export function generateIgnore(): string {
  return `${NEVER.join('\n')}\n`;
}
