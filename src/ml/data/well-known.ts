import { FRAMEWORKS } from './frameworks.ts';
import { NUMPY2_SINCE } from './numpy2.ts';
import { PYTHONS_OF_WHEELS } from './python-wheels.ts';
import { ML_FRAMEWORKS } from './transitive-frameworks.ts';

/**
 * Distributions that are imported by their own name and that everybody means by it. Source: the most fetched ones of the package index, and those that projects of
 * machine learning name most. Date: 2026-11.
 */
const NAMES = [
  'aiofiles', 'alembic', 'altair', 'annoy', 'anthropic', 'apscheduler', 'arrow', 'asyncpg', 'attrs', 'azure', 'backoff', 'beautifulsoup4', 'bokeh', 'boto3', 'botocore', 'cachetools', 'celery', 'certifi', 'chardet', 'chromadb', 'click', 'cloudpickle', 'cohere', 'colorama', 'dask', 'dataclasses-json',
  'datasets', 'dill', 'diskcache', 'docker', 'einops', 'elasticsearch', 'emoji', 'evaluate', 'faker', 'fire', 'folium', 'fsspec', 'ftfy', 'gdown', 'geopandas', 'geopy', 'groq', 'gunicorn', 'h3', 'hnswlib', 'httpx', 'humanize', 'imageio', 'inflect', 'ipywidgets', 'isodate', 'itsdangerous', 'jinja2',
  'jsonlines', 'jsonschema', 'kafka-python', 'kornia', 'langchain', 'langdetect', 'langgraph', 'langsmith', 'librosa', 'litellm', 'llama-index', 'loguru', 'lxml', 'markdown', 'marshmallow', 'minio', 'mistralai', 'networkx', 'newspaper3k', 'nltk', 'ollama', 'openai', 'openpyxl', 'optuna', 'orjson', 'passlib',
  'patsy', 'peewee', 'pendulum', 'pinecone', 'pingouin', 'plotly', 'polars', 'praw', 'psutil', 'pyarrow', 'pycountry', 'pydantic', 'pydub', 'pymongo', 'pymysql', 'pypdf', 'pypdf2', 'pyperclip', 'pytest', 'pytz', 'pyvis', 'pywavelets', 'qdrant-client', 'ragas', 'rapidfuzz', 'redis', 'regex', 'replicate', 'requests',
  'rich', 'rouge-score', 'sacrebleu', 'safetensors', 'schedule', 'seaborn', 'selenium', 'sentencepiece', 'setuptools', 'shap', 'simplejson', 'six', 'snowflake', 'soundfile', 'spotipy', 'sqlalchemy', 'sqlmodel', 'stripe', 'supabase', 'supervision', 'sympy', 'tabulate', 'tenacity', 'tensorboard', 'textblob', 'tiktoken', 'tldextract',
  'tokenizers', 'toml', 'tomli', 'toolz', 'torchinfo', 'torchmetrics', 'tqdm', 'tweepy', 'twilio', 'typer', 'ujson', 'unidecode', 'urllib3', 'uvicorn', 'validators', 'vadersentiment', 'wandb', 'watchdog', 'weaviate-client', 'websockets', 'wikipedia', 'wordcloud', 'xarray', 'xlrd', 'xlsxwriter', 'xmltodict', 'yfinance', 'zarr',
]; // prettier-ignore

const WELL_KNOWN: ReadonlySet<string> = new Set([
  ...NAMES,
  ...ML_FRAMEWORKS,
  ...Object.keys(NUMPY2_SINCE),
  ...Object.keys(PYTHONS_OF_WHEELS),
  ...FRAMEWORKS.map(({ distribution }) => distribution),
]);

/** Whether a distribution is so well known under its import name that it can be installed without being listed. */
export function isWellKnown(distribution: string): boolean {
  return WELL_KNOWN.has(distribution);
}
