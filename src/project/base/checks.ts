/** What a Dockerfile written for python:X-slim relies on. Run in a container of a stand-in with `sh -euc`; it passes when it ends with 0. */
export interface Check {
  name: string;
  /** `$V` is the version of Python (`3.11`), `$L` its folder of site packages. */
  script: string;
  /** Reaches the package index. */
  network?: boolean;
  /** Takes long: tried in one stand-in unless everything is asked for. */
  slow?: boolean;
  /** Holds for these versions alone. */
  versions?: readonly string[];
}

const equals = (code: string, expected: string): string => `test "$(python -c '${code}')" = "${expected}"`;

export const PYTHON_CHECKS: readonly Check[] = [
  { name: 'python, python3 and pythonX.Y are one program', script: 'test "$(readlink -f /usr/local/bin/python)" = /usr/local/bin/python$V && test "$(readlink -f /usr/local/bin/python3)" = /usr/local/bin/python$V' },
  { name: 'python is first in PATH', script: 'test "$(command -v python)" = /usr/local/bin/python && test "$(command -v python3)" = /usr/local/bin/python3 && test "$(command -v pip)" = /usr/local/bin/pip' },
  { name: 'PATH begins as in the official image', script: 'case $PATH in /usr/local/bin:*:/sbin:/bin) ;; *) exit 1;; esac' },
  { name: 'the version is the one asked for', script: equals('import sys; print("%d.%d" % sys.version_info[:2])', '$V') },
  { name: 'PYTHON_VERSION is the exact version', script: equals('import platform; print(platform.python_version())', '$PYTHON_VERSION') },
  { name: 'LANG is C.UTF-8 and text is UTF-8', script: `test "$LANG" = C.UTF-8 && ${equals('import sys; print(sys.stdout.encoding, sys.getfilesystemencoding())', 'utf-8 utf-8')}` },
  { name: 'sys.prefix is /usr/local', script: equals('import sys; print(sys.prefix, sys.base_prefix, sys.exec_prefix)', '/usr/local /usr/local /usr/local') },
  { name: 'sys.executable is in /usr/local/bin', script: equals('import sys; print(sys.executable)', '/usr/local/bin/python') },
  { name: 'sys.path has site-packages and nothing of Debian', script: 'python -c "import sys; assert \'$L\' in sys.path and not any(\'dist-packages\' in p or p.startswith(\'/usr/lib\') for p in sys.path), sys.path"' },
  { name: 'sysconfig.get_paths names /usr/local', script: 'python -c "import sysconfig as s; p = s.get_paths(); assert p[\'purelib\'] == p[\'platlib\'] == \'$L\' and p[\'scripts\'] == \'/usr/local/bin\' and p[\'data\'] == \'/usr/local\' and p[\'stdlib\'] == \'/usr/local/lib/python$V\' and p[\'include\'] == \'/usr/local/include/python$V\', p"' },
  { name: 'the default scheme is posix_prefix', script: equals('import sysconfig; print(sysconfig.get_default_scheme())', 'posix_prefix'), versions: ['3.11', '3.13'] },
  { name: 'no scheme of Debian is left', script: 'python -c "import sysconfig as s; assert not set(s.get_scheme_names()) & {\'posix_local\', \'deb_system\'}, s.get_scheme_names()"' },
  { name: 'sysconfig variables name /usr/local', script: 'python -c "import sysconfig as s; g = s.get_config_var; v = [g(n) for n in (\'prefix\', \'BINDIR\', \'LIBDIR\', \'INCLUDEPY\', \'LIBDEST\', \'LIBPL\')]; assert all(x.startswith(\'/usr/local\') for x in v), v"' },
  { name: 'the compiler is named as everywhere', script: 'python -c "import sysconfig as s; assert s.get_config_var(\'CC\').split()[0] == \'gcc\', s.get_config_var(\'CC\')"' },
  { name: 'site.getsitepackages names one folder', script: 'python -c "import site; assert site.getsitepackages() == [\'$L\'], site.getsitepackages()"' },
  { name: 'EXTERNALLY-MANAGED is not there', script: 'test ! -e /usr/local/lib/python$V/EXTERNALLY-MANAGED' },
  { name: 'pip is in site-packages of this Python', script: 'pip --version | grep -q "from $L/pip (python $V)"' },
  { name: 'pip, pip3 and pipX.Y run', script: 'pip --version && pip3 --version && pip$V --version && python -m pip --version' },
  { name: "pip's shebang is the interpreter's", script: 'head -n 1 /usr/local/bin/pip | grep -qx "#!/usr/local/bin/python\\(3\\|$V\\)\\?"' },
  { name: 'setuptools and wheel are there', script: 'python -c "import setuptools, wheel"', versions: ['3.9', '3.11'] },
  { name: 'distutils installs into site-packages', script: 'python -W ignore -c "from distutils.sysconfig import get_python_lib as g; assert g() == g(True) == \'$L\', g()"', versions: ['3.9', '3.11'] },
  { name: 'distutils finds the headers', script: 'test -e "$(python -W ignore -c "from distutils.sysconfig import get_python_inc; print(get_python_inc())")/Python.h"', versions: ['3.9', '3.11'] },
  { name: 'the headers are there', script: 'test -e /usr/local/include/python$V/Python.h && grep -q HAVE_FORK /usr/local/include/python$V/pyconfig.h' },
  { name: 'the shared library is there and found', script: 'ldconfig -p | grep -q "/usr/local/lib/libpython$V.so.1.0" && python -c "import ctypes; ctypes.CDLL(\'libpython$V.so.1.0\')"' },
  { name: 'pythonX.Y-config names /usr/local', script: 'test "$(python$V-config --prefix)" = /usr/local && python3-config --includes | grep -q "^-I/usr/local/include/python$V"' },
  { name: 'all modules of the standard library can be imported', script: "python -W ignore -c 'import ssl, sqlite3, ctypes, lzma, bz2, zlib, readline, curses, dbm, dbm.gnu, decimal, hashlib, uuid, multiprocessing, asyncio, xml.etree.ElementTree, zoneinfo, venv, ensurepip, unittest, json, csv, socket, http.server, concurrent.futures, tarfile, zipfile, pydoc'" },
  { name: 'each extension module finds its libraries', script: "for module in /usr/local/lib/python$V/lib-dynload/*.so; do if ldd \"$module\" | grep 'not found'; then exit 1; fi; done" },
  { name: 'certificates are found', script:
      'python -c "import os, ssl; p = ssl.get_default_verify_paths(); assert p.cafile or len(os.listdir(p.capath)) > 50, p"',
  },
  { name: 'time zones are found', script: "python -c 'import zoneinfo; zoneinfo.ZoneInfo(\"Europe/Berlin\")'" },
  { name: 'venv makes an environment with pip', script: 'python -m venv /tmp/venv && /tmp/venv/bin/pip --version | grep -q "/tmp/venv/lib/python$V/site-packages/pip" && test "$(/tmp/venv/bin/python -c "import sys; print(sys.prefix, sys.base_prefix)")" = "/tmp/venv /usr/local"' },
  { name: 'an environment does not see the system packages', script: 'python -m venv --without-pip /tmp/bare && /tmp/bare/bin/python -c "import sys; assert not any(p.startswith(\'$L\') for p in sys.path), sys.path"' },
  { name: 'ensurepip works outside of environments', script: 'python -m ensurepip --upgrade && python -m ensurepip --version' },
  { name: 'an interpreter without site runs', script: 'python -I -S -c pass' },
  { name: 'user site is ~/.local', script: 'test "$(HOME=/root python -m site --user-site)" = /root/.local/lib/python$V/site-packages' },
  { name: 'a .pth file in site-packages counts', script: 'echo /tmp >"$L/check.pth" && python -c "import sys; assert \'/tmp\' in sys.path"' },
  { name: 'pydoc and 2to3 names are there', script: 'command -v pydoc && command -v pydoc3' },
  { name: 'the timestamps of a fresh image allow wheels', script: 'cd /tmp && python -c "import zipfile; zipfile.ZipFile(\'x.zip\', \'w\').write(\'/usr/local/bin/pip\')"' },
  { name: 'useradd, groupadd and su-like steps of Dockerfiles work', script: 'groupadd -r app && useradd -r -g app -m app && id app' },
  { name: 'a plain user runs python', script: 'useradd -m plain && su plain -c "python -c \\"import ssl, sqlite3\\""' },
  { name: 'no compiler is there, as in slim', script: '! command -v gcc' },
  { name: "Debian's python3 is not installed", script: '! dpkg -s python3 2>/dev/null && test ! -e /usr/bin/python3' },
  { name: 'apt lists and caches are empty', script: 'test -z "$(ls -A /var/lib/apt/lists | grep -v -e lock -e partial || true)" && test ! -e /var/cache/apt/pkgcache.bin' },
  { name: 'services are not started by apt', script: 'test -x /usr/sbin/policy-rc.d' },
  { name: 'nothing of the making is left', script: 'test -z "$(ls -A /tmp)" && ! ls /usr/local/lib/python$V/__pycache__ 2>/dev/null' },
  { name: 'pip installs into site-packages without a flag', script: 'pip install --no-cache-dir six && test -e "$L/six.py"', network: true },
  { name: 'scripts of packages get the shebang and folder of the official image', script: 'pip install --no-cache-dir flask && head -n 1 /usr/local/bin/flask | grep -qx "#!/usr/local/bin/python\\(3\\|$V\\)\\?" && flask --version', network: true },
  { name: 'pip uninstalls and upgrades itself', script: 'pip install --no-cache-dir six && pip uninstall -y six && pip install --no-cache-dir --upgrade pip && pip --version', network: true, slow: true },
  { name: 'pip install --user goes to ~/.local', script: 'HOME=/root pip install --no-cache-dir --user six && test -e /root/.local/lib/python$V/site-packages/six.py && HOME=/root python -c "import six; assert six.__file__.startswith(\'/root/.local\')"', network: true },
  { name: 'pip install --prefix and --target lay out as everywhere', script: 'pip install --no-cache-dir --prefix=/install six && test -e /install/lib/python$V/site-packages/six.py && pip install --no-cache-dir --target=/target six && test -e /target/six.py', network: true, slow: true },
  { name: 'a binary wheel is found and runs', script: 'pip install --no-cache-dir --only-binary :all: numpy && python -c "import numpy; print(numpy.arange(3).sum())"', network: true },
  { name: 'uv installs with --system', script: 'pip install --no-cache-dir uv && uv pip install --system six && test -e "$L/six.py" && uv pip list --system', network: true },
  { name: 'uv makes environments', script: 'pip install --no-cache-dir uv && uv venv /tmp/uvenv && VIRTUAL_ENV=/tmp/uvenv uv pip install six && /tmp/uvenv/bin/python -c "import six"', network: true, slow: true },
  { name: 'build makes a wheel of a project', script: 'pip install --no-cache-dir build && mkdir /tmp/p && cd /tmp/p && printf "[build-system]\\nrequires=[\\"setuptools\\"]\\nbuild-backend=\\"setuptools.build_meta\\"\\n[project]\\nname=\\"p\\"\\nversion=\\"1\\"\\n" >pyproject.toml && : >p.py && python -m build --wheel && pip install dist/*.whl && python -c "import p"', network: true, slow: true },
  { name: 'apt-get installs packages', script: 'apt-get update && apt-get install -y --no-install-recommends tini && command -v tini && test -z "$(ls /var/cache/apt/archives/*.deb 2>/dev/null)"', network: true },
  { name: "apt's python3 goes beside ours", script: 'apt-get update && apt-get install -y --no-install-recommends python3 && test "$(command -v python3)" = /usr/local/bin/python3 && /usr/bin/python3 -c "import sys; assert sys.prefix == \'/usr\'" && python -c "import sys; assert sys.prefix == \'/usr/local\'"', network: true, slow: true },
  { name: 'ca-certificates can be installed again', script: 'apt-get update && apt-get install -y --no-install-recommends --reinstall ca-certificates && update-ca-certificates', network: true, slow: true },
  { name: 'a C extension is built and imported', script: 'apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && pip install --no-cache-dir --no-binary :all: --no-build-isolation "markupsafe<2.1" && python -c "import markupsafe._speedups"', network: true, slow: true, versions: ['3.9', '3.11'] },
  { name: 'a C program that embeds Python is linked', script: 'apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && printf "#include <Python.h>\\nint main(void){Py_Initialize();PyRun_SimpleString(\\"import sys; print(sys.prefix)\\");return Py_FinalizeEx();}" >/tmp/e.c && gcc $(python3-config --includes) /tmp/e.c -o /tmp/e $(python3-config --ldflags --embed) && test "$(/tmp/e)" = /usr/local', network: true, slow: true },
  { name: 'a wheel with C is built by pip alone', script: 'apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && pip install --no-cache-dir --no-binary wrapt wrapt && python -c "import wrapt._wrappers"', network: true, slow: true },
]; // prettier-ignore

/** What a Dockerfile written for debian:X relies on. */
export const DEBIAN_CHECKS: readonly Check[] = [
  { name: 'bash is there', script: 'bash -c true' },
  { name: 'PATH is the official one', script: 'test "$PATH" = /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  { name: 'neither Python nor all of Perl is there', script: '! command -v python3 && ! test -e /usr/share/perl5/LWP' },
  { name: 'nothing of the making is left', script: 'test -z "$(ls -A /tmp)"' },
  { name: 'apt-get installs packages', script: 'apt-get update && apt-get install -y --no-install-recommends curl ca-certificates && curl --version', network: true },
]; // prettier-ignore
