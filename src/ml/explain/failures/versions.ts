import type { Failure } from './failure.ts';

/** Versions of Python packages that do not fit each other. Source: release notes and messages of the packages named, 2026-11. */
export const VERSION_FAILURES: readonly Failure[] = [
  {
    code: 'numpy-abi',
    pattern: /numpy\.dtype size changed|_ARRAY_API not found|compiled using NumPy 1\.x cannot be run in\s+NumPy 2|numpy\.core\.multiarray failed to import|module compiled against (?:ABI|API) version/, // prettier-ignore
    cause: 'a package was built for another NumPy than the one that is installed, usually for NumPy 1 where NumPy 2 is',
    fix: 'add numpy<2 to {manifest}, or take a newer version of that package',
    example: 'A module that was compiled using NumPy 1.x cannot be run in NumPy 2.1.0 as it may crash.',
  },
  {
    code: 'numpy-removed',
    pattern: /module 'numpy' has no attribute '(bool|int|float|object|str|complex|typeDict|float_|unicode_|product|Inf|NaN|in1d|trapz|cumproduct)'|`np\.(\w+)` was removed/, // prettier-ignore
    cause: 'the code uses a name of NumPy that newer versions do not have: np.{what}',
    fix: 'add numpy<1.24 to {manifest} (numpy<2 for names removed in 2.0), or write the new name',
    example: "AttributeError: module 'numpy' has no attribute 'bool'.",
  },
  {
    code: 'sklearn-version',
    pattern: /Trying to unpickle estimator .* from version ([\d.]+) when using version/,
    cause: 'the model was written by scikit-learn {what}, and another version reads it',
    fix: 'put scikit-learn=={what} into {manifest}, or train again',
    example:
      'InconsistentVersionWarning: Trying to unpickle estimator LogisticRegression from version 1.2.2 when using version 1.5.2.',
  },
  {
    code: 'sklearn-module',
    pattern: /(?:No module named 'sklearn\.(?:ensemble\.weight_boosting|linear_model\.logistic|tree\.tree|externals[\w.]*|preprocessing\.label|utils\.deprecation|neighbors\._dist_metrics)'|node array from the pickle has an incompatible dtype|Can't get attribute '_PredictScorer')/, // prettier-ignore
    cause: 'the model was written by a much older or newer scikit-learn than the one installed',
    fix: 'put the version that wrote it into {manifest} (berth plan reads it from the file), or train again',
    example: 'ValueError: node array from the pickle has an incompatible dtype:',
  },
  {
    code: 'protobuf',
    pattern: /Descriptors cannot (?:not )?be created directly|cannot import name 'builder' from 'google\.protobuf\.internal'|'FieldDescriptor' object has no attribute 'label'|MessageFactory' object has no attribute 'GetPrototype'/, // prettier-ignore
    cause: 'the installed protobuf is newer (or older) than the generated code of a package takes',
    fix: 'add protobuf<3.21 (protobuf<6 for later packages) to {manifest}, or update the package that uses it',
    example: 'TypeError: Descriptors cannot be created directly.',
  },
  {
    code: 'flask-werkzeug',
    pattern: /cannot import name '(url_quote|url_encode|url_decode|safe_str_cmp)' from 'werkzeug/,
    cause: 'the installed Werkzeug is newer than this Flask takes',
    fix: 'add Werkzeug<3 (Werkzeug<2.1 for safe_str_cmp) to {manifest}, or update Flask',
    example: "ImportError: cannot import name 'url_quote' from 'werkzeug.urls'",
  },
  {
    code: 'jinja-markupsafe',
    pattern: /cannot import name '(escape|Markup|soft_unicode|contextfilter|environmentfilter|json)' from '(?:jinja2|markupsafe|itsdangerous)/, // prettier-ignore
    cause: 'Jinja2, MarkupSafe or itsdangerous are newer than an old package takes',
    fix: 'add Jinja2<3.1, MarkupSafe<2.1 and itsdangerous<2.1 to {manifest}, or update Flask',
    example: "ImportError: cannot import name 'escape' from 'jinja2'",
  },
  {
    code: 'pydantic',
    pattern: /`BaseSettings` has been moved to the `pydantic-settings`|pydantic\.errors\.PydanticImportError|PydanticUserError|cannot import name '(?:ModelField|field_validator|ConfigDict|TypeAdapter)' from 'pydantic|`regex` is removed/, // prettier-ignore
    cause: 'the code was written for another major version of pydantic',
    fix: 'add pydantic<2 to {manifest} (for code of version 1), or install pydantic-settings and follow the migration guide',
    example: 'pydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package.',
  },
  {
    code: 'huggingface-hub',
    pattern: /cannot import name '(cached_download|HfFolder|is_offline_mode|url_to_filename|split_torch_state_dict_into_shards)' from 'huggingface_hub/, // prettier-ignore
    cause: 'an older package uses {what}, which the installed huggingface_hub does not have',
    fix: 'add huggingface_hub<0.26 to {manifest}, or update transformers, diffusers or sentence-transformers',
    example: "ImportError: cannot import name 'cached_download' from 'huggingface_hub'",
  },
  {
    code: 'keras-three',
    pattern: /Keras 3(?:,| only supports| is not| does not)|Could not deserialize class '\w+'|Unrecognized keyword arguments(?: passed to \w+)?: \{?'?(?:batch_shape|batch_input_shape|time_major)|No module named 'keras\.(?:preprocessing|wrappers|utils\.np_utils)/, // prettier-ignore
    cause: 'the model or the code is of another major version of Keras than the one installed',
    fix: 'for Keras 2: install tf-keras and set TF_USE_LEGACY_KERAS=1, or take tensorflow<2.16; for Keras 3: tensorflow>=2.16',
    example: "ValueError: Unrecognized keyword arguments passed to InputLayer: {'batch_shape': [None, 4]}",
  },
  {
    code: 'tensorflow-one',
    pattern: /module 'tensorflow' has no attribute '(placeholder|Session|GraphDef|ConfigProto|get_default_graph|contrib|app|flags|gfile|logging)'|No module named 'tensorflow\.contrib'/, // prettier-ignore
    cause: 'the code is written for TensorFlow 1, and TensorFlow 2 is installed',
    fix: 'import tensorflow.compat.v1 as tf and call tf.disable_v2_behavior(), or take tensorflow==1.15 on Python 3.7',
    example: "AttributeError: module 'tensorflow' has no attribute 'placeholder'",
  },
  {
    code: 'pkg-resources',
    pattern: /No module named 'pkg_resources'/,
    cause: 'a package uses pkg_resources, which new releases of setuptools no longer have',
    fix: 'add setuptools<81 to {manifest}',
    example: "ModuleNotFoundError: No module named 'pkg_resources'",
  },
  {
    code: 'distutils',
    pattern: /No module named '(distutils|imp|asynchat|asyncore|smtpd|cgi|pipes|telnetlib|imghdr|audioop)(?:\.\w+)*'/,
    cause: 'the module {what} is no longer part of this Python',
    fix: 'choose an older Python: berth serve --python 3.11, or python-version in the project; setuptools brings distutils back',
    example: "ModuleNotFoundError: No module named 'distutils'",
  },
  {
    code: 'collections-abc',
    pattern: /(?:module 'collections' has no attribute|cannot import name) '(Mapping|MutableMapping|Iterable|Callable|Sequence|Hashable|MutableSet)'(?: from 'collections')?/, // prettier-ignore
    cause: 'a package is older than Python 3.10, which moved collections.{what} to collections.abc',
    fix: 'update that package, or choose Python 3.9 with --python',
    example: "AttributeError: module 'collections' has no attribute 'Mapping'",
  },
  {
    code: 'pillow-removed',
    pattern: /module 'PIL\.Image' has no attribute '(ANTIALIAS|LINEAR|CUBIC)'|'(?:FreeTypeFont|ImageDraw)' object has no attribute '(getsize|textsize)'/, // prettier-ignore
    cause: 'the code uses a name that Pillow 10 no longer has: {what}',
    fix: 'add Pillow<10 to {manifest}, or write Image.LANCZOS and getbbox()',
    example: "AttributeError: module 'PIL.Image' has no attribute 'ANTIALIAS'",
  },
  {
    code: 'pandas-append',
    pattern: /'(?:DataFrame|Series)' object has no attribute '(append|iteritems|mad|lookup)'|module 'pandas' has no attribute '(Panel|Int64Index)'/, // prettier-ignore
    cause: 'the code uses a name that pandas 2 no longer has: {what}',
    fix: 'add pandas<2 to {manifest}, or write pd.concat and items()',
    example: "AttributeError: 'DataFrame' object has no attribute 'append'",
  },
  {
    code: 'urllib3-ssl',
    pattern: /urllib3 v2(?:\.0)? only supports OpenSSL 1\.1\.1\+|cannot import name 'appengine' from 'urllib3|cannot import name 'DEFAULT_CIPHERS' from 'urllib3/, // prettier-ignore
    cause: 'the installed urllib3 is newer than a package or the OpenSSL of the image takes',
    fix: 'add urllib3<2 to {manifest}',
    example: "ImportError: cannot import name 'appengine' from 'urllib3.contrib'",
  },
  {
    code: 'gradio-client',
    pattern: /argument of type 'bool' is not iterable|cannot import name 'HfFolder'|'Textbox' object has no attribute 'style'|module 'gradio' has no attribute '(inputs|outputs)'/, // prettier-ignore
    cause: 'the code was written for another version of Gradio than the one installed, or it does not fit its pydantic',
    fix: 'pin the version it was written with (gradio<4 for gr.inputs, gradio<5 else) and pydantic<2.11 in {manifest}',
    example: "AttributeError: module 'gradio' has no attribute 'inputs'",
  },
  {
    code: 'openai-one',
    pattern: /You tried to access openai\.(\w+), but this is no longer supported/,
    cause: 'the code is written for the openai package before 1.0',
    fix: 'add openai<1 to {manifest}, or run openai migrate',
    example:
      'openai.lib._old_api.APIRemovedInV1: You tried to access openai.ChatCompletion, but this is no longer supported in openai>=1.0.0',
  },
  {
    code: 'httpx-proxies',
    pattern: /__init__\(\) got an unexpected keyword argument '(proxies|app)'/,
    cause: 'the installed httpx is newer than a package takes: it has no {what} any more',
    fix: 'add httpx<0.28 to {manifest}, or update the package (openai>=1.55, starlette>=0.41)',
    example: "TypeError: Client.__init__() got an unexpected keyword argument 'proxies'",
  },
  {
    code: 'sqlalchemy-two',
    pattern: /cannot import name '(?:_app_ctx_stack|MetaData|declarative_base|RowProxy)' from '(?:flask|sqlalchemy)|'Engine' object has no attribute 'execute'|Textual SQL expression .* should be explicitly declared/, // prettier-ignore
    cause: 'the code is written for SQLAlchemy 1',
    fix: 'add SQLAlchemy<2 to {manifest}, or wrap texts in text()',
    example: "AttributeError: 'Engine' object has no attribute 'execute'",
  },
];
