/** Web frameworks by what marks them in code, and how each is started. */
export interface Framework {
  name: string;
  /** Distribution on the package index, in its normal form. */
  distribution: string;
  /** What is imported. */
  modules: readonly string[];
  /** Classes whose instance is the application. */
  constructors: readonly string[];
  /** How a server talks to it: `own` for those that bring their server. */
  protocol: 'wsgi' | 'asgi' | 'own';
  /** Port it takes when nothing says another. */
  port: number;
  /** How it is asked whether it is there. */
  health: string;
  /** Last names of calls or decorators that show a page of it, where no object does. */
  marks?: readonly string[];
}

// Source: the documentation of each project, 2026-11. Order is precedence: an app that mounts another is listed first.
export const FRAMEWORKS: readonly Framework[] = [
  { name: 'streamlit', distribution: 'streamlit', modules: ['streamlit'], constructors: [], protocol: 'own', port: 8501, health: '/_stcore/health' },
  { name: 'bentoml', distribution: 'bentoml', modules: ['bentoml'], constructors: ['Service'], protocol: 'own', port: 3000, health: '/livez' },
  { name: 'litserve', distribution: 'litserve', modules: ['litserve'], constructors: ['LitServer'], protocol: 'own', port: 8000, health: '/health' },
  { name: 'ray-serve', distribution: 'ray', modules: ['ray'], constructors: [], protocol: 'own', port: 8000, health: '/-/healthz', marks: ['deployment'] },
  { name: 'chainlit', distribution: 'chainlit', modules: ['chainlit'], constructors: [], protocol: 'own', port: 8000, health: '/', marks: ['on_message', 'on_chat_start'] },
  { name: 'fastapi', distribution: 'fastapi', modules: ['fastapi'], constructors: ['FastAPI', 'mount_gradio_app'], protocol: 'asgi', port: 8000, health: '/docs' },
  { name: 'litestar', distribution: 'litestar', modules: ['litestar'], constructors: ['Litestar'], protocol: 'asgi', port: 8000, health: '/schema' },
  { name: 'quart', distribution: 'quart', modules: ['quart'], constructors: ['Quart'], protocol: 'asgi', port: 5000, health: '/' },
  { name: 'dash', distribution: 'dash', modules: ['dash', 'jupyter_dash'], constructors: ['Dash', 'JupyterDash'], protocol: 'wsgi', port: 8050, health: '/' },
  { name: 'flask', distribution: 'flask', modules: ['flask'], constructors: ['Flask'], protocol: 'wsgi', port: 5000, health: '/' },
  { name: 'sanic', distribution: 'sanic', modules: ['sanic'], constructors: ['Sanic'], protocol: 'own', port: 8000, health: '/' },
  { name: 'starlette', distribution: 'starlette', modules: ['starlette'], constructors: ['Starlette'], protocol: 'asgi', port: 8000, health: '/' },
  { name: 'gradio', distribution: 'gradio', modules: ['gradio'], constructors: ['Interface', 'Blocks', 'ChatInterface', 'TabbedInterface'], protocol: 'own', port: 7860, health: '/' },
  { name: 'nicegui', distribution: 'nicegui', modules: ['nicegui'], constructors: [], protocol: 'own', port: 8080, health: '/', marks: ['ui.run'] },
  { name: 'panel', distribution: 'panel', modules: ['panel'], constructors: [], protocol: 'own', port: 5006, health: '/', marks: ['servable'] },
  { name: 'shiny', distribution: 'shiny', modules: ['shiny'], constructors: ['App'], protocol: 'asgi', port: 8000, health: '/' },
  { name: 'aiohttp', distribution: 'aiohttp', modules: ['aiohttp'], constructors: ['Application'], protocol: 'own', port: 8080, health: '/' },
  { name: 'tornado', distribution: 'tornado', modules: ['tornado'], constructors: ['Application'], protocol: 'own', port: 8888, health: '/' },
  { name: 'falcon', distribution: 'falcon', modules: ['falcon'], constructors: ['App', 'API'], protocol: 'wsgi', port: 8000, health: '/' },
  { name: 'bottle', distribution: 'bottle', modules: ['bottle'], constructors: ['Bottle', 'default_app'], protocol: 'wsgi', port: 8080, health: '/' },
  { name: 'kserve', distribution: 'kserve', modules: ['kserve'], constructors: [], protocol: 'own', port: 8080, health: '/', marks: ['ModelServer'] },
  { name: 'django', distribution: 'django', modules: ['django'], constructors: [], protocol: 'wsgi', port: 8000, health: '/' },
]; // prettier-ignore

export function frameworkNamed(name: string): Framework | undefined {
  return FRAMEWORKS.find((framework) => framework.name === name);
}
