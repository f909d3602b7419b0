/** Web frameworks by what marks them in code, and how each is started. */
export interface Framework {
  name: string;
  /** Distribution on the package index, in its normal form. */
  distribution: string;
  /** What is imported. */
  modules: readonly string[];
  /** Classes whose instance is the application. */
  constructors: readonly string[];
  /** Port it takes when nothing says another. */
  port: number;
  /** How it is asked whether it is there. */
  health: string;
}

// Source: the documentation of each project, 2026-11. Order is precedence: an app that mounts another is listed first.
export const FRAMEWORKS: readonly Framework[] = [
  { name: 'streamlit', distribution: 'streamlit', modules: ['streamlit'], constructors: [], port: 8501, health: '/_stcore/health' },
  { name: 'fastapi', distribution: 'fastapi', modules: ['fastapi'], constructors: ['FastAPI'], port: 8000, health: '/' },
  { name: 'flask', distribution: 'flask', modules: ['flask'], constructors: ['Flask'], port: 5000, health: '/' },
  { name: 'starlette', distribution: 'starlette', modules: ['starlette'], constructors: ['Starlette'], port: 8000, health: '/' },
  { name: 'gradio', distribution: 'gradio', modules: ['gradio'], constructors: ['Interface', 'Blocks', 'ChatInterface', 'TabbedInterface'], port: 7860, health: '/' },
  { name: 'dash', distribution: 'dash', modules: ['dash'], constructors: ['Dash'], port: 8050, health: '/' },
  { name: 'django', distribution: 'django', modules: ['django'], constructors: [], port: 8000, health: '/' },
]; // prettier-ignore

export function frameworkNamed(name: string): Framework | undefined {
  return FRAMEWORKS.find((framework) => framework.name === name);
}
