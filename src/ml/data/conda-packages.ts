/** What a package of conda is for pip. Source: the recipes of conda-forge and the index pages of the same projects, 2026-11. */
export interface CondaPackage {
  /** Distributions on the package index. */
  pip?: readonly string[];
  /** Debian packages. */
  apt?: readonly string[];
  /** It says that a GPU is meant. */
  gpu?: boolean;
  /** Why it cannot be had without conda. */
  only?: string;
}

const pip = (...names: string[]): CondaPackage => ({ pip: names });
const apt = (...names: string[]): CondaPackage => ({ apt: names });
const NOTHING: CondaPackage = {};
const GPU: CondaPackage = { gpu: true };
const ONLY: CondaPackage = { only: 'a package that conda alone has' };

/** Packages whose names differ; all others have the same name on the index. */
export const CONDA_PACKAGES: Readonly<Record<string, CondaPackage>> = {
  // Python packages of another name.
  pytorch: pip('torch'), 'pytorch-cpu': pip('torch'), 'pytorch-gpu': { pip: ['torch'], gpu: true }, 'pytorch-lightning': pip('pytorch-lightning'), opencv: pip('opencv-python-headless'), 'py-opencv': pip('opencv-python-headless'),
  libopencv: NOTHING, 'tensorflow-gpu': { pip: ['tensorflow'], gpu: true }, 'tensorflow-base': pip('tensorflow'), 'tensorflow-estimator': pip('tensorflow-estimator'), 'tensorflow-mkl': pip('tensorflow'), 'keras-gpu': { pip: ['keras'], gpu: true },
  'faiss-gpu': { pip: ['faiss-cpu'], gpu: true }, faiss: pip('faiss-cpu'), pytables: pip('tables'), 'msgpack-python': pip('msgpack'), 'python-graphviz': pip('graphviz'), 'python-duckdb': pip('duckdb'), 'python-xxhash': pip('xxhash'),
  'matplotlib-base': pip('matplotlib'), 'py-xgboost': pip('xgboost'), 'py-xgboost-cpu': pip('xgboost'), 'py-xgboost-gpu': { pip: ['xgboost'], gpu: true }, '_py-xgboost-mutex': NOTHING, libxgboost: NOTHING, 'py-boost': NOTHING,
  'jupyter_core': pip('jupyter-core'), 'importlib_metadata': pip('importlib-metadata'), 'importlib_resources': pip('importlib-resources'), 'prompt_toolkit': pip('prompt-toolkit'), 'ruamel_yaml': pip('ruamel.yaml'), 'backports': NOTHING,
  'numpy-base': NOTHING, 'scikit-learn-intelex': pip('scikit-learn-intelex'), 'onnxruntime-cpp': NOTHING, 'huggingface_hub': pip('huggingface-hub'), 'sentence-transformers': pip('sentence-transformers'), 'spacy-model-en_core_web_sm': NOTHING,
  'typing_extensions': pip('typing-extensions'), 'google-cloud-sdk': NOTHING, 'psycopg2': pip('psycopg2-binary'), 'pyqt': pip('pyqt5'), 'snappy': NOTHING, 'python-snappy': pip('python-snappy'), 'lightgbm-gpu': pip('lightgbm'), 'pyarrow-hotfix': pip('pyarrow-hotfix'),
  'dask-core': pip('dask'), 'distributed': pip('distributed'), 'gym-all': pip('gym'), 'gdown': pip('gdown'), 'cupy': { pip: ['cupy-cuda12x'], gpu: true }, rapids: { gpu: true, only: 'a package that conda alone has' }, gdal: ONLY, 'graph-tool': ONLY, 'pymol-open-source': ONLY, 'pythonocc-core': ONLY, openbabel: ONLY, 'r-base': ONLY, ambertools: ONLY, 'jaxlib': pip('jaxlib'),
  'transformers': pip('transformers'), 'pillow-simd': pip('pillow'), 'py-cpuinfo': pip('py-cpuinfo'), 'brotlipy': pip('brotli'), 'brotli-python': pip('brotli'), 'certifi': pip('certifi'), 'imgaug': pip('imgaug'), 'ta-lib': pip('ta-lib'),
  // What belongs to the interpreter, to compilers, or to conda.
  python: NOTHING, pip: NOTHING, setuptools: NOTHING, wheel: NOTHING, python_abi: NOTHING, 'ca-certificates': NOTHING, openssl: NOTHING, zlib: NOTHING, xz: NOTHING, tk: NOTHING, sqlite: NOTHING, readline: NOTHING, ncurses: NOTHING, bzip2: NOTHING, tzdata: NOTHING,
  'ld_impl_linux-64': NOTHING, mkl: NOTHING, 'mkl-service': NOTHING, mkl_fft: NOTHING, mkl_random: NOTHING, 'mkl-include': NOTHING, blas: NOTHING, openblas: NOTHING, lapack: NOTHING, 'intel-openmp': NOTHING, 'llvm-openmp': NOTHING, tbb: NOTHING, nomkl: NOTHING,
  conda: NOTHING, mamba: NOTHING, 'conda-build': NOTHING, anaconda: NOTHING, nb_conda: NOTHING, nb_conda_kernels: NOTHING, 'conda-forge-pinning': NOTHING, ipykernel: pip('ipykernel'), jupyter: pip('jupyter'), 'pytorch-mutex': NOTHING, magma: NOTHING,
  freetype: NOTHING, jpeg: NOTHING, 'libjpeg-turbo': NOTHING, giflib: NOTHING, openjpeg: NOTHING, lcms2: NOTHING, lerc: NOTHING, zstd: NOTHING, 'lz4-c': NOTHING, icu: NOTHING, expat: NOTHING, fontconfig: NOTHING, glib: NOTHING, dbus: NOTHING, pcre: NOTHING, pcre2: NOTHING, krb5: NOTHING,
  gmp: NOTHING, mpc: NOTHING, mpfr: NOTHING, gettext: NOTHING, 'gst-plugins-base': NOTHING, gstreamer: NOTHING, qt: NOTHING, 'qt-main': NOTHING, 'qt-webengine': NOTHING, hdf5: NOTHING, yaml: NOTHING, gnutls: NOTHING, nettle: NOTHING, lame: NOTHING, openh264: NOTHING, x264: NOTHING, bottleneck: pip('bottleneck'),
  'arrow-cpp': NOTHING, 'boost-cpp': NOTHING, 'aws-c-common': NOTHING, 'c-ares': NOTHING, gflags: NOTHING, glog: NOTHING, 'grpc-cpp': NOTHING, orc: NOTHING, re2: NOTHING, 'utf8proc': NOTHING, 'double-conversion': NOTHING, nspr: NOTHING, nss: NOTHING, 'ninja': pip('ninja'), 'cmake': pip('cmake'),
  // Programs that Debian has.
  git: apt('git'), 'git-lfs': apt('git-lfs'), ffmpeg: apt('ffmpeg'), graphviz: apt('graphviz'), wget: apt('wget'), curl: apt('curl'), tesseract: apt('tesseract-ocr'), poppler: apt('poppler-utils'), libsndfile: apt('libsndfile1'), sox: apt('sox'), imagemagick: apt('imagemagick'),
  pandoc: apt('pandoc'), openjdk: apt('default-jre-headless'), make: apt('make'), gcc: apt('gcc'), gxx: apt('g++'), 'gcc_linux-64': apt('gcc'), 'gxx_linux-64': apt('g++'), compilers: apt('build-essential'), 'cxx-compiler': apt('build-essential'), 'c-compiler': apt('build-essential'), swig: apt('swig'), unzip: apt('unzip'),
  // CUDA, which the wheels bring along.
  cudatoolkit: GPU, 'cudatoolkit-dev': GPU, 'pytorch-cuda': GPU, cudnn: GPU, cuda: GPU, nccl: GPU, 'cuda-toolkit': GPU, 'cuda-nvcc': GPU, 'cuda-version': GPU, cuda_version: GPU, cpuonly: NOTHING,
}; // prettier-ignore

/** Families of names that hold nothing for Python. */
export const CONDA_LIBRARIES =
  /^(_|lib(?!clang$|rosa$|tmux$|sass$|cst$)|xorg-|xcb-|gst-|aws-c|aws-crt|aws-checksums|binutils|kernel-headers|sysroot|gcc_impl|gxx_impl|r-|fonts?-|font-ttf|cuda-(?!python)|blas-|vs20|vc$|ucrt|m2w64|msys2|pthread-stubs|alsa-lib|cairo$|harfbuzz|pango|pixman|graphite2|geos$|proj$|mysql-|qt6?-|tbb-|svt-av1|dav1d|aom$|x265|eigen$|nlohmann|spdlog|fmt$|keyutils|attr$|mpg123|opus$|xkeyboard)/;
