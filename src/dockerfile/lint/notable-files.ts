/** Ends of the names of models' weights. */
const WEIGHTS = new Set(
  'safetensors ckpt pt pth gguf ggml onnx h5 keras tflite npz pb bin engine msgpack joblib pkl'.split(' '),
);
/** Ends of names that secrets may have: a first look that costs little. */
const SECRET_ENDS = new Set(
  'env local prod production secret netrc _netrc pypirc git-credentials json p12 pfx jks kdbx key pem id_rsa id_dsa id_ecdsa id_ed25519 credentials token'.split(
    ' ',
  ),
);
/** Files that hold nothing but secrets. */
const SECRET_FILE =
  /(?:^|\/)(?:\.env(?:\.(?:local|prod|production|secret))?|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|_netrc|\.pypirc|\.git-credentials|kaggle\.json|\.aws\/credentials|\.docker\/config\.json|\.huggingface\/token|huggingface\/token|service[-_]account[\w-]*\.json|[\w.-]*credentials?\.json|[\w.-]*\.(?:p12|pfx|jks|kdbx)|(?:server|private|tls|privkey)[\w-]*\.key|privkey\.pem|private[-_]?key\.pem)$/i;

/** Names of JSON files that are looked at closer. */
const SECRET_JSON = ['redential', 'REDENTIAL', 'kaggle', 'config', 'ccount'];

/** Whether a file's name says that it holds weights of a model. */
export function isWeightsFile(path: string): boolean {
  return WEIGHTS.has(endOf(path));
}

/** Whether a file's name says that it holds nothing but secrets. */
export function isSecretFile(path: string): boolean {
  return maySecret(path, endOf(path)) && SECRET_FILE.test(path);
}

/** Either of them; made for many files. */
export function isNotableFile(path: string): boolean {
  const end = endOf(path);
  return WEIGHTS.has(end) || (maySecret(path, end) && SECRET_FILE.test(path));
}

function maySecret(path: string, end: string): boolean {
  return SECRET_ENDS.has(end) && (end !== 'json' || SECRET_JSON.some((part) => path.includes(part)));
}

/** What is behind the last dot of a name; the name if it has none. */
function endOf(path: string): string {
  const start = Math.max(path.lastIndexOf('/'), path.lastIndexOf('.')) + 1;
  return path.slice(start).toLowerCase();
}
