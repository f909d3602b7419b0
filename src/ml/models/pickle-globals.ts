/**
 * Modules whose names pickles of models use, and those that such a file has no reason to name. Source: the reducers of the packages named, and
 * Python's documentation of pickle ("Restricting Globals"), 2026-11.
 */
const MODEL_PACKAGES = new Set(['sklearn', 'numpy', 'scipy', 'pandas', 'joblib', 'torch', 'torchvision', 'xgboost', 'lightgbm', 'catboost', 'tensorflow', 'keras', 'statsmodels', 'imblearn', 'category_encoders', 'ultralytics', 'transformers', 'pytorch_lightning', 'lightning', 'lightning_fabric', 'fastai', 'fasttext', 'gensim', 'surprise', 'prophet', 'skops', 'sktime', 'spacy', 'thinc', 'nltk', 'cloudpickle', 'dill', 'sentence_transformers', 'umap', 'hdbscan', 'numba', 'threadpoolctl', 'polars', 'pyarrow', 'omegaconf', 'river', 'optuna', 'mlxtend', 'feature_engine', 'copyreg', '_codecs', 'collections', 'datetime', 'decimal', 'fractions', 'uuid', 're', 'enum', 'pathlib', 'random', 'functools', 'itertools', 'array', 'argparse', 'typing', 'dataclasses', 'zoneinfo', 'abc', 'string', 'math', '__main__', '_io']); // prettier-ignore

/** Of the built-in names those that only make values. */
const HARMLESS_BUILTINS = new Set(['set', 'frozenset', 'list', 'dict', 'tuple', 'int', 'float', 'bool', 'str', 'bytes', 'bytearray', 'complex', 'slice', 'range', 'object', 'type', 'Ellipsis', 'NotImplemented', 'print', 'long', 'unicode', 'basestring', 'xrange', 'max', 'min', 'sum', 'len', 'abs']); // prettier-ignore

const DANGEROUS_MODULES = new Set(['os', 'posix', 'nt', 'subprocess', 'sys', 'runpy', 'importlib', 'socket', 'shutil', 'pty', 'ctypes', 'pickle', '_pickle', 'marshal', 'code', 'codeop', 'bdb', 'pdb', 'pip', 'timeit', 'webbrowser', 'commands', 'asyncio', 'multiprocessing', 'threading', 'signal', 'tempfile', 'urllib', 'urllib2', 'http', 'httplib', 'requests', 'ftplib', 'smtplib', 'telnetlib', 'types', 'operator', 'platform', 'cProfile', 'profile', 'trace', 'zipimport', 'pkgutil', 'site', 'ensurepip', 'venv', 'idlelib', 'linecache', 'imp', 'inspect', 'atexit', 'gc', 'glob', 'io', 'logging', 'fileinput', 'builtins', '__builtin__', 'doctest', 'unittest', 'distutils', 'setuptools']); // prettier-ignore

/** Names of packages of models that run what they are given. */
const DANGEROUS_NAMES = new Set(['numpy.testing._private.utils.runstring', 'numpy.f2py.diagnose.run_command', 'torch.hub.load', 'torch.load', 'pandas.io.common.get_handle', 'pandas.core.computation.eval.eval', 'pandas.eval', 'joblib.load', 'joblib.numpy_pickle.load', 'sklearn.utils._testing.check_skip_network', 'torch.utils.cpp_extension.load_inline', '_io.FileIO', '_io.open', 'functools.reduce']); // prettier-ignore

/** True for a name that a model has no reason to call, such as `os.system`. */
export function isDangerousGlobal({ module, name }: { module: string; name: string }): boolean {
  const [root = ''] = module.split('.');
  if (DANGEROUS_NAMES.has(`${module}.${name}`)) return true;
  // `getattr` opens every door, and `a.b.system` of a protocol 4 name does too.
  if (/(^|\.)(system|popen|exec|eval|__import__|__globals__|__builtins__|__subclasses__|__getattribute__|__class__)(\.|$)/.test(name)) return true; // prettier-ignore
  if (root === 'builtins' || root === '__builtin__') return !HARMLESS_BUILTINS.has(name);
  if (root === 'operator' && ['attrgetter', 'itemgetter'].includes(name)) return name === 'attrgetter';
  if (root === 'types' && ['SimpleNamespace', 'MappingProxyType'].includes(name)) return false;
  return DANGEROUS_MODULES.has(root) && !MODEL_PACKAGES.has(root);
}

/** The package that an import of the module needs; undefined for Python's own. */
export function packageOfGlobal(module: string): string | undefined {
  const [root = ''] = module.split('.');
  return MODEL_PACKAGES.has(root) || !DANGEROUS_MODULES.has(root) ? root : undefined;
}
