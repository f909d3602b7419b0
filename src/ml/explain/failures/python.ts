import type { Failure } from './failure.ts';

/** Python, imports, models and files. Source: messages of CPython, PyTorch, ONNX Runtime and joblib, 2026-11. */
export const PYTHON_FAILURES: readonly Failure[] = [
  {
    code: 'missing-module',
    pattern: /(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)'?/,
    cause: 'the code imports {what}, which is not installed',
    fix: 'add {distribution} to {manifest}',
    example: "ModuleNotFoundError: No module named 'sklearn'",
  },
  {
    code: 'missing-backend',
    pattern: /(?:requires the (\w+) library|Missing optional dependency '(\w+)'|install (?:the )?`?(\w[\w-]*)`? to use|you need to install (\w+)|requires "(python-multipart)" to be installed)/i, // prettier-ignore
    cause: 'a package needs another one that is not installed: {what}',
    fix: 'add {distribution} to {manifest}',
    example: "ImportError: Missing optional dependency 'openpyxl'.  Use pip or conda to install openpyxl.",
  },
  {
    code: 'relative-import',
    pattern: /attempted relative import (?:with no known parent package|beyond top-level package)/,
    cause: 'the file belongs to a package and was started as a program of its own',
    fix: 'start it as a module: python -m package.module',
    example: 'ImportError: attempted relative import with no known parent package',
  },
  {
    code: 'circular-import',
    pattern: /partially initialized module '([\w.]+)'/,
    cause: 'two files import each other, or a file of the project has the name of a package: {what}',
    fix: 'rename the file if it is called like a package, or move the import into the function that needs it',
    example:
      "ImportError: cannot import name 'app' from partially initialized module 'main' (most likely due to a circular import)",
  },
  {
    code: 'pickle-main',
    pattern: /AttributeError: Can't get attribute '([\w.]+)' on <module '(?:__main__|__mp_main__)'/,
    cause: 'the model holds {what}, which was defined in the training script itself',
    fix: 'move {what} into a module that training and app both import, and train again',
    example: "AttributeError: Can't get attribute 'Tokenizer' on <module '__main__' from '/usr/local/bin/gunicorn'>",
  },
  {
    code: 'weights-only',
    pattern: /Weights only load failed|WeightsUnpickler error: Unsupported global/,
    cause: 'since torch 2.6 torch.load takes nothing but weights, and this file holds objects as well',
    fix: 'load it with weights_only=False if you trust its source, or save the state_dict',
    example: '_pickle.UnpicklingError: Weights only load failed. This file can still be loaded',
  },
  {
    code: 'state-dict',
    pattern: /Error\(s\) in loading state_dict for (\w+)|size mismatch for [\w.]+: copying a param/,
    cause: 'the weights belong to another architecture, or other sizes, than the model in the code',
    fix: 'make the model with the settings that it was trained with, or load the matching checkpoint',
    example: 'RuntimeError: Error(s) in loading state_dict for ResNet:',
  },
  {
    code: 'lfs-pointer',
    pattern: /invalid load key, 'v'|header.*version https:\/\/git-lfs|Could not find the file magic|HeaderTooLarge/,
    cause: 'the model is a pointer of Git LFS, or no model: the file itself was not fetched',
    fix: 'run git lfs pull in the folder and build again',
    example: "_pickle.UnpicklingError: invalid load key, 'v'.",
  },
  {
    code: 'pickle-protocol',
    pattern: /unsupported pickle protocol: (\d)/,
    cause: 'the file was written by a newer Python: its pickle protocol is {what}',
    fix: 'choose Python 3.8 or later with --python, or write it with protocol=4',
    example: 'ValueError: unsupported pickle protocol: 5',
  },
  {
    code: 'broken-model',
    pattern: /PytorchStreamReader failed|pickle data was truncated|Ran out of input|invalid load key|unexpected EOF, expected \d+ more bytes|MetadataIncompleteBuffer|Unable to (?:synchronously )?open file \(truncated/, // prettier-ignore
    cause: 'the file of the model is cut off or of another kind',
    fix: 'fetch or write it again, and compare its size with that of the source',
    example: 'RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory',
  },
  {
    code: 'onnx-version',
    pattern: /Unsupported model IR version: (\d+)|ONNX Runtime only \*guarantees\* support for models stamped with (?:official released onnx )?opset version (\d+)|Opset \d+ is under development/, // prettier-ignore
    cause: 'the model was written for a newer ONNX ({what}) than the installed runtime knows',
    fix: 'install a newer onnxruntime, or export the model with a lower opset',
    example:
      'onnxruntime.capi.onnxruntime_pybind11_state.Fail: Unsupported model IR version: 10, max supported IR version: 9',
  },
  {
    code: 'onnx-input',
    pattern: /INVALID_ARGUMENT : (?:Got invalid dimensions for input|Unexpected input data type|Invalid (?:rank|Feed Input Name))[^.]*/, // prettier-ignore
    cause: 'the model wants another shape, type or name of input than it is given',
    fix: 'see what it wants: berth plan lists inputs of ONNX models; cast with .astype(numpy.float32)',
    example:
      'InvalidArgument: [ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Unexpected input data type. Actual: (tensor(double)) , expected: (tensor(float))',
  },
  {
    code: 'feature-count',
    pattern: /X has (\d+) features, but \w+ is expecting (\d+) features|The feature names should match those that were passed during fit|Feature shape mismatch/, // prettier-ignore
    cause: 'the request has other features than the model was trained with',
    fix: 'send them in the same number, order and names as in training',
    example: 'ValueError: X has 3 features, but LogisticRegression is expecting 4 features as input.',
  },
  {
    code: 'xgboost-version',
    pattern: /XGBoostError.*(?:is not a valid (?:model|parameter)|Unknown (?:model|gbm|objective)|input JSON|magic number)/, // prettier-ignore
    cause: 'the model was written by another XGBoost than the one that reads it',
    fix: 'put the version that wrote it into {manifest}, and keep models as JSON or UBJ (save_model)',
    example: 'xgboost.core.XGBoostError: [12:00:00] Unknown objective function: `reg:linear`',
  },
  {
    code: 'tokenizer-backend',
    pattern:
      /(?:requires the SentencePiece library|Couldn't instantiate the backend tokenizer|need to have sentencepiece installed)/,
    cause: 'the tokenizer needs the packages sentencepiece and protobuf',
    fix: 'add sentencepiece and protobuf to {manifest}',
    example: "ValueError: Couldn't instantiate the backend tokenizer from one of:",
  },
  {
    code: 'nltk-data',
    pattern: /Resource \S*?['"]?(\w+?)['"]?(?:[^\w\s]\[0m)? not found|Can't find model '([\w-]+)'\. It doesn't seem to be/, // prettier-ignore
    cause: 'the data of NLTK or the model of spaCy that the code uses is not in the image: {what}',
    fix: 'fetch it in the build: RUN python -m nltk.downloader {what}, or python -m spacy download {what}',
    example: "OSError: [E050] Can't find model 'en_core_web_sm'. It doesn't seem to be a Python package",
  },
  {
    code: 'python-two',
    pattern: /Missing parentheses in call to 'print'|name '(unicode|xrange|raw_input|basestring)' is not defined/,
    cause: 'the code is written for Python 2',
    fix: 'translate it with python -m lib2to3 -w (Python 3.12 and earlier), or take a newer version of the project',
    example: "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?",
  },
  {
    code: 'syntax',
    pattern: /^\s*(SyntaxError|IndentationError|TabError): /,
    cause: 'the code is no valid Python of this version',
    fix: 'mend the line above, or choose another Python with --python',
    example: 'SyntaxError: invalid syntax',
  },
  {
    code: 'missing-variable',
    pattern: /KeyError: '([A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z]{3,}KEY)'|environment variable [`'"]?([A-Z][A-Z0-9_]+)[`'"]? (?:is )?not set/i, // prettier-ignore
    cause: 'the program needs the environment variable {what}, which is not set',
    fix: 'give it: berth serve --env {what}=…, or berth run -e {what}=…',
    example: "KeyError: 'DATABASE_URL'",
  },
  {
    code: 'api-key',
    pattern:
      /The api_key client option must be set|No API key (?:provided|found)|OPENAI_API_KEY|Did not find \w*api_key/,
    cause: 'the program needs the key of a service, and none is set',
    fix: 'give the variable that it reads: berth serve --env OPENAI_API_KEY=…',
    example:
      'openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable',
  },
];
