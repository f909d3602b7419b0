/** Debian packages that a wheel needs at run time or a source distribution needs to be built. */
export interface SystemPackages {
  distribution: string;
  packages: readonly string[];
  why: string;
}

// Source: DT_NEEDED of the wheels and the install pages of each project; Debian 12 names. 2026-11.
export const SYSTEM_PACKAGES: readonly SystemPackages[] = [
  { distribution: 'opencv-python', packages: ['libgl1', 'libglib2.0-0'], why: 'its wheel loads libGL.so.1 and libgthread-2.0.so.0' },
  { distribution: 'opencv-contrib-python', packages: ['libgl1', 'libglib2.0-0'], why: 'its wheel loads libGL.so.1 and libgthread-2.0.so.0' },
  { distribution: 'lightgbm', packages: ['libgomp1'], why: 'its wheel loads libgomp.so.1' },
  { distribution: 'psycopg2', packages: ['gcc', 'libpq-dev'], why: 'it has no wheel and is compiled against libpq' },
  { distribution: 'mysqlclient', packages: ['gcc', 'pkg-config', 'default-libmysqlclient-dev'], why: 'it has no wheel and is compiled' },
  { distribution: 'pytesseract', packages: ['tesseract-ocr'], why: 'it runs the program tesseract' },
  { distribution: 'pdf2image', packages: ['poppler-utils'], why: 'it runs the program pdftoppm' },
  { distribution: 'pydub', packages: ['ffmpeg'], why: 'it runs the program ffmpeg' },
  { distribution: 'ffmpeg-python', packages: ['ffmpeg'], why: 'it runs the program ffmpeg' },
  { distribution: 'openai-whisper', packages: ['ffmpeg'], why: 'it runs the program ffmpeg' },
  { distribution: 'pyaudio', packages: ['gcc', 'portaudio19-dev'], why: 'it has no wheel and is compiled against PortAudio' },
  { distribution: 'sounddevice', packages: ['libportaudio2'], why: 'it loads libportaudio.so.2' },
  { distribution: 'weasyprint', packages: ['libpango-1.0-0', 'libpangoft2-1.0-0'], why: 'it loads Pango' },
  { distribution: 'pygraphviz', packages: ['gcc', 'libgraphviz-dev'], why: 'it has no wheel and is compiled against Graphviz' },
  { distribution: 'graphviz', packages: ['graphviz'], why: 'it runs the program dot' },
  { distribution: 'pycairo', packages: ['gcc', 'pkg-config', 'libcairo2-dev'], why: 'it has no wheel and is compiled against Cairo' },
  { distribution: 'python-magic', packages: ['libmagic1'], why: 'it loads libmagic.so.1' },
  { distribution: 'pyzbar', packages: ['libzbar0'], why: 'it loads libzbar.so.0' },
  { distribution: 'gitpython', packages: ['git'], why: 'it runs the program git' },
  { distribution: 'dlib', packages: ['build-essential', 'cmake'], why: 'it has no wheel and is compiled' },
]; // prettier-ignore

/** What pip needs to fetch a requirement from a version control system. */
export const GIT_FOR_VCS: SystemPackages = {
  distribution: '',
  packages: ['git'],
  why: 'a requirement is fetched with git',
};
