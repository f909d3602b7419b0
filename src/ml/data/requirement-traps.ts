/** Names in requirements that mean another distribution. `keepsVersion`: its versions are those of the other one. */
export interface Renamed {
  name: string;
  why: string;
  keepsVersion: boolean;
}

const imported = (name: string, keepsVersion = false): Renamed => {
  return { name, why: 'the name that is imported, not that of a package that works', keepsVersion };
};

// Source: the pages of these names on the package index, 2026-11: there is none, it only raises an error, or it is something else.
export const RENAMED: Readonly<Record<string, Renamed>> = {
  sklearn: imported('scikit-learn'), cv2: imported('opencv-python-headless'), opencv: imported('opencv-python-headless'), pil: imported('pillow'), skimage: imported('scikit-image'),
  yaml: imported('pyyaml'), dotenv: imported('python-dotenv'), dateutil: imported('python-dateutil'), mysqldb: imported('mysqlclient'), fitz: imported('pymupdf'), docx: imported('python-docx'),
  pptx: imported('python-pptx'), beautifulsoup: imported('beautifulsoup4'), faiss: imported('faiss-cpu'),
  pytorch: { name: 'torch', why: 'a page that says to install torch', keepsVersion: true },
  'tensorflow-macos': { name: 'tensorflow', why: 'made for macOS', keepsVersion: true }, 'tensorflow-intel': { name: 'tensorflow', why: 'made for Windows', keepsVersion: true },
}; // prettier-ignore

const WINDOWS = 'made for Windows';
const MACOS = 'made for macOS';
const CONDA = 'part of conda, which needs nothing of it here';
const SYSTEM = 'part of the system where this was written';

// Source: the files of these names on the package index (no wheel or source that installs on Linux), and what `pip freeze` writes on Windows, macOS, conda and Ubuntu, 2026-11.
export const NEVER_INSTALLED: Readonly<Record<string, string>> = {
  python: 'the interpreter', enum34: 'part of Python itself', futures: 'part of Python itself', pathlib2: 'part of Python itself', 'pkg-resources': 'a mistake of pip freeze on Ubuntu',
  pywin32: WINDOWS, pypiwin32: WINDOWS, pywinpty: WINDOWS, 'win-inet-pton': WINDOWS, wincertstore: WINDOWS, 'windows-curses': WINDOWS, 'win-unicode-console': WINDOWS, wmi: WINDOWS,
  'tensorflow-metal': MACOS, 'mlx-metal': MACOS,
  'mkl-fft': CONDA, 'mkl-random': CONDA, 'mkl-service': CONDA, conda: CONDA, mamba: CONDA, libmambapy: CONDA, menuinst: CONDA, 'navigator-updater': CONDA, clyent: CONDA, 'ruamel-yaml-conda': CONDA,
  'python-apt': SYSTEM, 'command-not-found': SYSTEM, 'distro-info': SYSTEM, ufw: SYSTEM, 'unattended-upgrades': SYSTEM, cupshelpers: SYSTEM, 'language-selector': SYSTEM, 'screen-resolution-extra': SYSTEM, xkit: SYSTEM, 'usb-creator': SYSTEM,
  'google-colab': 'part of Colab',
}; // prettier-ignore
