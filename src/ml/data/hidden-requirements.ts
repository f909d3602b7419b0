/** A distribution that code needs without importing it: what it does import loads it, or fails when it is not there. */
export interface HiddenRequirement {
  needs: string;
  /** What is imported, dotted from the top; one of `names` of it, where there are some. */
  module: string;
  names?: readonly string[];
  /** Last names of functions that are called, for a module that is imported. */
  calls?: readonly string[];
  /** Requirements that bring it, with their extra, or that do instead of it. */
  unless?: readonly string[];
  why: string;
}

const FASTAPI = ['fastapi[standard]', 'fastapi[all]', 'fastapi[standard-no-fastapi-cloud-cli]', 'starlette[full]'];
const BACKENDS = [
  'torch',
  'tensorflow',
  'tensorflow-cpu',
  'tensorflow-gpu',
  'tf-nightly',
  'jax',
  'torch-directml',
  'onnxruntime',
  'optimum',
  'vllm',
];
const MODELS = ['pipeline', 'Trainer', 'TrainingArguments', 'AutoModel', 'AutoModelForCausalLM', 'AutoModelForSeq2SeqLM', 'AutoModelForSequenceClassification', 'AutoModelForTokenClassification', 'AutoModelForQuestionAnswering', 'AutoModelForMaskedLM', 'AutoModelForImageClassification', 'BertModel', 'GPT2LMHeadModel', 'T5ForConditionalGeneration', 'BlipForConditionalGeneration', 'CLIPModel', 'WhisperForConditionalGeneration']; // prettier-ignore

// Source: the documentation of each ("optional dependencies", "install"), 2026-11.
export const HIDDEN_REQUIREMENTS: readonly HiddenRequirement[] = [
  { needs: 'python-multipart', module: 'fastapi', names: ['File', 'Form', 'UploadFile'], unless: FASTAPI, why: 'FastAPI reads forms and files with it, and does not start without it' },
  { needs: 'python-multipart', module: 'fastapi.security', names: ['OAuth2PasswordRequestForm', 'OAuth2PasswordRequestFormStrict'], unless: FASTAPI, why: 'FastAPI reads forms with it, and does not start without it' },
  { needs: 'jinja2', module: 'fastapi.templating', unless: FASTAPI, why: 'templates are rendered with it' },
  { needs: 'jinja2', module: 'starlette.templating', unless: FASTAPI, why: 'templates are rendered with it' },
  { needs: 'itsdangerous', module: 'starlette.middleware.sessions', unless: ['fastapi[all]', 'starlette[full]'], why: 'sessions are signed with it' },
  { needs: 'email-validator', module: 'pydantic', names: ['EmailStr', 'NameEmail'], unless: ['pydantic[email]', ...FASTAPI], why: 'pydantic checks addresses with it' },
  { needs: 'openpyxl', module: 'pandas', calls: ['read_excel', 'to_excel', 'ExcelWriter', 'ExcelFile'], unless: ['pandas[excel]', 'pandas[all]', 'xlrd', 'xlsxwriter', 'python-calamine'], why: 'pandas reads and writes Excel files with it' },
  { needs: 'pyarrow', module: 'pandas', calls: ['read_parquet', 'to_parquet', 'read_feather', 'to_feather'], unless: ['pandas[parquet]', 'pandas[all]', 'fastparquet'], why: 'pandas reads and writes Parquet files with it' },
  { needs: 'tables', module: 'pandas', calls: ['read_hdf', 'to_hdf', 'HDFStore'], unless: ['pandas[hdf5]', 'pandas[all]'], why: 'pandas reads and writes HDF files with it' },
  { needs: 'lxml', module: 'pandas', calls: ['read_html'], unless: ['pandas[html]', 'pandas[all]', 'html5lib'], why: 'pandas reads tables of pages with it' },
  { needs: 'tabulate', module: 'pandas', calls: ['to_markdown'], unless: ['pandas[output-formatting]', 'pandas[all]'], why: 'pandas writes Markdown with it' },
  { needs: 'tensorboard', module: 'torch.utils.tensorboard', unless: ['tensorflow', 'tensorflow-cpu', 'tensorboardx'], why: 'the writer of torch.utils is part of it' },
  { needs: 'torch', module: 'transformers', names: MODELS, unless: [...BACKENDS, 'transformers[torch]', 'transformers[tf]'], why: 'transformers runs its models with it' },
  { needs: 'tensorflow', module: 'keras', unless: BACKENDS, why: 'Keras runs its models with it' },
  { needs: 'faiss-cpu', module: 'langchain_community.vectorstores', names: ['FAISS'], unless: ['faiss-gpu', 'faiss'], why: 'this store of LangChain keeps its vectors with it' },
  { needs: 'chromadb', module: 'langchain_community.vectorstores', names: ['Chroma'], unless: ['chromadb-client'], why: 'this store of LangChain keeps its vectors with it' },
  { needs: 'sentence-transformers', module: 'langchain_community.embeddings', names: ['HuggingFaceEmbeddings', 'SentenceTransformerEmbeddings', 'HuggingFaceBgeEmbeddings'], why: 'LangChain makes these embeddings with it' },
  { needs: 'pypdf', module: 'langchain_community.document_loaders', names: ['PyPDFLoader', 'PyPDFDirectoryLoader'], why: 'LangChain reads PDF files with it' },
]; // prettier-ignore
