/** A release that does not work with later releases of something it depends on, although its metadata allows them. */
export interface KnownBreak {
  distribution: string;
  /** Versions of it that break. */
  versions: string;
  /** What it still works with: a requirement of one distribution. */
  constraint: string;
  /** It is not brought along where it is needed (Python's images since 3.12 have no setuptools), so it is installed. */
  install?: true;
  /** It works without what the constraint is about; that holds only where both are there. */
  together?: true;
  /** What one sees without the constraint. */
  why: string;
}

const URL_QUOTE = "Werkzeug 3 has no url_quote: cannot import name 'url_quote' from 'werkzeug.urls'";
const PROTOBUF = 'its generated code needs protobuf before 4 (3.21): "Descriptors cannot be created directly"';
const PKG_RESOURCES = "it imports pkg_resources, which setuptools 82 no longer has: No module named 'pkg_resources'";
const CACHED_DOWNLOAD = "huggingface_hub 0.26 has no cached_download: cannot import name 'cached_download'";
const NUMPY_ALIASES = "numpy 1.24 has no np.bool, np.int, np.object and np.complex: module 'numpy' has no attribute";
const SQLALCHEMY2 = 'it uses what SQLAlchemy 2 took away';
const HTTPX = "httpx 0.28 takes no argument proxies: Client.__init__() got an unexpected keyword argument 'proxies'";
const PYDANTIC2 = 'it is written for pydantic 1';

// Source: the change logs of both sides and the issues that name the messages. Date: 2026-11.
export const KNOWN_BREAKS: readonly KnownBreak[] = [
  { distribution: 'altair', versions: '<4.3', constraint: 'jsonschema<4.18', why: 'its schemas need the resolver of older jsonschema' },
  { distribution: 'anthropic', versions: '<0.40', constraint: 'httpx<0.28', why: HTTPX },
  { distribution: 'apscheduler', versions: '<3.11', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'dash', versions: '<2.10', constraint: 'flask<2.3', why: "Flask 2.3 has no before_first_request: 'Flask' object has no attribute 'before_first_request'" },
  { distribution: 'dash', versions: '<2.10', constraint: 'werkzeug<2.3', why: 'Werkzeug 2.3 and 3 took away what it imports' },
  { distribution: 'databases', versions: '<0.8', constraint: 'sqlalchemy<2', why: SQLALCHEMY2 },
  { distribution: 'diffusers', versions: '<0.26', constraint: 'huggingface-hub<0.26', why: CACHED_DOWNLOAD },
  { distribution: 'face-recognition', versions: '>=1', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'face-recognition-models', versions: '>=0.3', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'fastapi', versions: '<0.100', constraint: 'pydantic<2', why: PYDANTIC2 },
  { distribution: 'flask', versions: '<2.0', constraint: 'itsdangerous<2.1', why: "itsdangerous 2.1 has no json: cannot import name 'json' from 'itsdangerous'" },
  { distribution: 'flask', versions: '<2.0', constraint: 'jinja2<3.1', why: "Jinja2 3.1 has no escape: cannot import name 'escape' from 'jinja2'" },
  { distribution: 'flask', versions: '<2.0', constraint: 'markupsafe<2.1', why: "MarkupSafe 2.1 has no soft_unicode: cannot import name 'soft_unicode' from 'markupsafe'" },
  { distribution: 'flask', versions: '<2.0', constraint: 'werkzeug<2.1', why: 'Werkzeug 2.1 took away what Flask 1 imports' },
  { distribution: 'flask', versions: '>=2.0,<2.3', constraint: 'werkzeug<3', why: URL_QUOTE },
  { distribution: 'flask-login', versions: '<0.6.3', constraint: 'werkzeug<3', why: "Werkzeug 3 has no url_decode: cannot import name 'url_decode' from 'werkzeug.urls'" },
  { distribution: 'flask-restx', versions: '<1.2', constraint: 'werkzeug<3', why: 'Werkzeug 3 took away what it imports' },
  { distribution: 'flask-sqlalchemy', versions: '<3', constraint: 'sqlalchemy<2', why: SQLALCHEMY2 },
  { distribution: 'flask-wtf', versions: '<1.2', constraint: 'werkzeug<3', why: "Werkzeug 3 has no url_encode: cannot import name 'url_encode' from 'werkzeug'" },
  { distribution: 'gensim', versions: '>=4.0,<4.3.3', constraint: 'scipy<1.13', why: "SciPy 1.13 has no triu: cannot import name 'triu' from 'scipy.linalg'" },
  { distribution: 'gradio', versions: '<3.37', constraint: 'pydantic<2', why: PYDANTIC2 },
  { distribution: 'gradio', versions: '>=4,<4.44', constraint: 'pydantic<2.11', why: "it stops at schemas of pydantic 2.11: argument of type 'bool' is not iterable" },
  { distribution: 'gradio', versions: '>=4,<5.6', constraint: 'huggingface-hub<1', why: "huggingface_hub 1 has no HfFolder: cannot import name 'HfFolder'" },
  { distribution: 'groq', versions: '<0.13', constraint: 'httpx<0.28', why: HTTPX },
  { distribution: 'gunicorn', versions: '<20.1', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'ipython-sql', versions: '<0.5', constraint: 'sqlalchemy<2', why: SQLALCHEMY2 },
  { distribution: 'jinja2', versions: '<3.0', constraint: 'markupsafe<2.1', why: "MarkupSafe 2.1 has no soft_unicode: cannot import name 'soft_unicode' from 'markupsafe'" },
  { distribution: 'langchain', versions: '<0.0.267', constraint: 'pydantic<2', why: PYDANTIC2 },
  { distribution: 'librosa', versions: '<0.10', constraint: 'numpy<1.24', why: NUMPY_ALIASES },
  { distribution: 'lightning', versions: '<2.0', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'mlflow', versions: '<1.27', constraint: 'protobuf<3.21', why: PROTOBUF },
  { distribution: 'mlflow', versions: '<1.29', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'mlflow', versions: '<2.2', constraint: 'sqlalchemy<2', why: SQLALCHEMY2 },
  { distribution: 'mxnet', versions: '>=1', constraint: 'numpy<1.24', why: NUMPY_ALIASES },
  { distribution: 'onnx', versions: '<1.12', constraint: 'protobuf<3.21', why: PROTOBUF },
  { distribution: 'openai', versions: '>=1.0,<1.55.3', constraint: 'httpx<0.28', why: HTTPX },
  { distribution: 'pandas', versions: '<2.0', constraint: 'sqlalchemy<2', together: true, why: 'pandas before 2 reads and writes SQL with SQLAlchemy 1' },
  { distribution: 'pandas-profiling', versions: '<4', constraint: 'pydantic<2', why: PYDANTIC2 },
  { distribution: 'passlib', versions: '>=1.7', constraint: 'bcrypt<5', why: 'it asks bcrypt for what version 5 refuses: password cannot be longer than 72 bytes' },
  { distribution: 'pytorch-lightning', versions: '<1.9', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'pytorch-lightning', versions: '<1.8', constraint: 'torchmetrics<1', why: 'torchmetrics 1 took away what it imports' },
  { distribution: 'razorpay', versions: '<1.4.2', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'requests-toolbelt', versions: '<1', constraint: 'urllib3<2', why: "urllib3 2 has no appengine: cannot import name 'appengine' from 'urllib3.contrib'" },
  { distribution: 'scikit-optimize', versions: '<0.10', constraint: 'numpy<1.24', why: NUMPY_ALIASES },
  { distribution: 'selenium', versions: '<4.10', constraint: 'urllib3<2', why: 'it sets timeouts in a way that urllib3 2 refuses' },
  { distribution: 'sentence-transformers', versions: '<2.3', constraint: 'huggingface-hub<0.26', why: CACHED_DOWNLOAD },
  { distribution: 'shap', versions: '<0.42', constraint: 'numpy<1.24', why: NUMPY_ALIASES },
  { distribution: 'streamlit', versions: '<0.85', constraint: 'click<8.1', why: "Click 8.1 has no get_os_args: module 'click' has no attribute 'get_os_args'" },
  { distribution: 'streamlit', versions: '<1.11', constraint: 'protobuf<3.21', why: PROTOBUF },
  { distribution: 'streamlit', versions: '<1.23', constraint: 'altair<5', why: "Altair 5 has no altair.vegalite.v4: No module named 'altair.vegalite.v4'" },
  { distribution: 'tensorboard', versions: '<2.10', constraint: 'protobuf<3.21', why: PROTOBUF },
  { distribution: 'tensorboard', versions: '<2.19', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'tensorflow', versions: '<2.9', constraint: 'protobuf<3.21', why: PROTOBUF },
  { distribution: 'tensorflow', versions: '<2.11', constraint: 'numpy<1.24', why: NUMPY_ALIASES },
  { distribution: 'tensorflow-cpu', versions: '<2.11', constraint: 'numpy<1.24', why: NUMPY_ALIASES },
  { distribution: 'tensorflow-cpu', versions: '<2.9', constraint: 'protobuf<3.21', why: PROTOBUF },
  { distribution: 'tensorflow-gpu', versions: '<2.9', constraint: 'protobuf<3.21', why: PROTOBUF },
  { distribution: 'tensorflow-gpu', versions: '<2.11', constraint: 'numpy<1.24', why: NUMPY_ALIASES },
  { distribution: 'tensorflow-hub', versions: '<0.16', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'torch', versions: '<1.13', constraint: 'transformers<4.31', together: true, why: 'later releases of transformers switch PyTorch before 1.13 off: none of PyTorch, TensorFlow or Flax was found' },
  { distribution: 'torch', versions: '>=1.13,<2.1', constraint: 'transformers<4.50', together: true, why: 'later releases of transformers switch PyTorch before 2.1 off: Disabling PyTorch because a newer one is required' },
  { distribution: 'torch', versions: '>=2.1,<2.4', constraint: 'transformers<5', together: true, why: 'transformers 5 switches PyTorch before 2.4 off: Disabling PyTorch because PyTorch >= 2.4 is required' },
  { distribution: 'typer', versions: '<0.4.1', constraint: 'click<8.1', why: "Click 8.1 has no get_terminal_size: module 'click.termui' has no attribute 'get_terminal_size'" },
  { distribution: 'ultralytics', versions: '<8.0.210', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'wandb', versions: '<0.12.17', constraint: 'protobuf<3.21', why: PROTOBUF },
  { distribution: 'webrtcvad', versions: '>=2', constraint: 'setuptools<81', install: true, why: PKG_RESOURCES },
  { distribution: 'ydata-profiling', versions: '<4.2', constraint: 'pydantic<2', why: PYDANTIC2 },
]; // prettier-ignore
