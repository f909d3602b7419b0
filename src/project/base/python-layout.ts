/**
 * Runs inside the new root: fetches the interpreter's packages and lays their files out under /usr/local, where the
 * official images have theirs, so that Debian's own python3 stays free to be installed beside it. The folder it lies in
 * holds `version`, `packages`, `wheels`, `suite`, `wheel-suite` and `wheels.list`.
 */
export const INSTALL_PYTHON = String.raw`#!/bin/sh
set -eu
here=/tmp/berth-base
version=$(cat "$here/version")
triplet=$(basename "$(dirname "$(ls /lib/*/libc.so.6 | head -n 1)")")
export DEBIAN_FRONTEND=noninteractive
apt_options='-q -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0'

mkdir -p "$here/debs" "$here/wheel-debs/lists/partial"
cd "$here/debs"
apt-get $apt_options download $(cat "$here/packages")
cd "$here/wheel-debs"
if [ -s "$here/wheel-suite" ] && ! [ -s "$here/wheels.list" ]; then
  sed "s/$(cat "$here/suite")/$(cat "$here/wheel-suite")/" /etc/apt/sources.list >"$here/wheels.list"
fi
if [ -s "$here/wheels.list" ]; then
  own="-o Dir::Etc::sourcelist=$here/wheels.list -o Dir::Etc::sourceparts=- -o Dir::State::lists=$here/wheel-debs/lists"
  apt-get $apt_options $own update
  apt-get $apt_options $own download $(cat "$here/wheels")
else
  apt-get $apt_options download $(cat "$here/wheels")
fi
for deb in "$here"/debs/*.deb "$here"/wheel-debs/*.deb; do dpkg-deb -x "$deb" "$here/root"; done

cd "$here/root"
local=/usr/local
mkdir -p "$local/bin" "$local/lib" "$local/include"
mv "usr/lib/python$version" "$local/lib/"
mv "usr/include/python$version" "$local/include/"
mv "usr/include/$triplet/python$version/pyconfig.h" "$local/include/python$version/pyconfig.h"
mv "usr/bin/python$version" "$local/bin/"
mv "usr/bin/$triplet-python$version-config" "$local/bin/python$version-config"
mv "usr/lib/$triplet/libpython$version.so.1.0" "$local/lib/"
ln -s "libpython$version.so.1.0" "$local/lib/libpython$version.so"
mv "usr/lib/$triplet/pkgconfig" "$local/lib/"
for module in usr/lib/python3/dist-packages/*.so; do
  if [ -e "$module" ]; then mv "$module" "$local/lib/python$version/lib-dynload/"; fi
done
if [ -d usr/lib/python3/dist-packages/lib2to3 ]; then mv usr/lib/python3/dist-packages/lib2to3 "$local/lib/python$version/"; fi
mkdir -p "$local/lib/python$version/site-packages" "$local/lib/python$version/ensurepip/_bundled"
mv usr/share/python-wheels/*.whl "$local/lib/python$version/ensurepip/_bundled/"
ldconfig

cd /
"$local/bin/python$version" -I -S -B "$here/layout.py" "$version" "$triplet"
"$local/bin/python$version" -I -B -m ensurepip --default-pip
if ls "$local/lib/python$version"/ensurepip/_bundled/wheel-*.whl >/dev/null 2>&1; then
  "$local/bin/python$version" -I -B -m pip install --no-cache-dir --no-compile --no-index --root-user-action=ignore "$local/lib/python$version"/ensurepip/_bundled/wheel-*.whl
  rm "$local/lib/python$version"/ensurepip/_bundled/wheel-*.whl
fi
ln -s "python$version" "$local/bin/python3"
ln -s python3 "$local/bin/python"
ln -s "python$version-config" "$local/bin/python3-config"
ln -s python3-config "$local/bin/python-config"
ln -s "pydoc$version" "$local/bin/pydoc3"
ln -s pydoc3 "$local/bin/pydoc"
find "$local" -depth \( -type d \( -name test -o -name tests -o -name idle_test -o -name __pycache__ \) -o -type f \( -name '*.pyc' -o -name 'libpython*.a' \) \) -exec rm -rf '{}' +
echo "berth-python: $("$local/bin/python$version" -I -S -B -c 'import platform; print(platform.python_version())')"
`;

/** Takes back what Debian changes in the standard library, and moves the recorded paths from /usr to /usr/local. Stops when a change does not apply, so that a new release of a package is noticed. */
export const LAYOUT_PY = String.raw`import base64, glob, hashlib, os, re, struct, sys, zipfile

version, triplet = sys.argv[1:3]
lib = '/usr/local/lib/python' + version
old = sys.version_info < (3, 10)


def edit(path, *changes):
    path = os.path.realpath(os.path.join(lib, path))
    with open(path, encoding='utf-8') as file:
        text = file.read()
    for pattern, new in changes:
        text, count = re.subn(pattern, lambda match: new, text, flags=re.S | re.M)
        if count == 0:
            sys.exit('%s: nothing matches %s' % (path, pattern))
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


# Packages are found in site-packages.
edit('site.py', (
    r'''^ {12}if (?:is_virtual_environment|'VIRTUAL_ENV' in os\.environ or sys\.base_prefix != sys\.prefix):.*?^ {16}sitepackages\.append\(path\)\n''',
    '''            for libdir in libdirs:
                path = os.path.join(prefix, libdir,
                                    "python%d.%d" % sys.version_info[:2],
                                    "site-packages")
                sitepackages.append(path)
'''))

# Packages are installed there, by pip, setuptools and distutils.
scheme = r"^ {4}'(?:deb_system|posix_local|unix_local)': \{.*?^ {8}\},\n"
if not old:
    edit('sysconfig/__init__.py' if os.path.isdir(lib + '/sysconfig') else 'sysconfig.py',
         (scheme, ''),
         (r"^ {4}if sys\.base_prefix != sys\.prefix or hasattr\(sys, \"real_prefix\"\):.*?^ {12}prefix_scheme = 'posix_local'\n",
          "    prefix_scheme = 'posix_prefix'\n"),
         (r", 'posix_local', 'deb_system'\)", ')'))
    os.remove(lib + '/_distutils_system_mod.py')
if os.path.isdir(lib + '/distutils'):
    edit('distutils/sysconfig.py', (r'^ {8}elif \(?is_default_prefix.*?"dist-packages"\)\n', ''))
    edit('distutils/command/install.py',
         (scheme if old else r"^# add the Debian install schemes.*?^# Copy from sysconfig", '' if old else '# Copy from sysconfig'),
         (r'^ {12}if self\.install_layout:\n.*?self\.select_scheme\("unix_local"\)\n', '            self.select_scheme("unix_prefix")\n'))

# ensurepip works outside of virtual environments too, with the wheels beside it.
bundled = "os.path.join(os.path.dirname(__file__), '_bundled')"
edit('ensurepip/__init__.py',
     (r'^def _ensurepip_is_disabled_in_debian_for_system\(\):.*?^ {4}sys\.exit\(1\)\n', ''),
     (r'^ {4}# Ensure that we are only running this inside.*?_ensurepip_is_disabled_in_debian_for_system\(\)\n', ''))
if old:
    edit('ensurepip/__init__.py',
         (r'^ {4}"pkg_resources",\n', ''),
         (r"glob\.glob\('/usr/share/python-wheels/pip-\*\.whl'\)", 'glob.glob(os.path.join(_WHEELS, "pip-*.whl"))'),
         (r"'/usr/share/python-wheels/\{\}-\*\.whl'\.format\(project\)", 'os.path.join(_WHEELS, "%s-*.whl" % project)'),
         (r"os\.path\.join\('/usr/share/python-wheels', wheel_name\)", 'os.path.join(_WHEELS, wheel_name)'),
         (r'^ {8}# This directory is a "well known directory".*?copy_wheels\(dependencies, venv_wheel_dir, sys\.path\)\n', ''),
         (r'^_PROJECTS = \[', '_WHEELS = ' + bundled + '\n_PROJECTS = ['))
elif sys.version_info < (3, 12):
    edit('ensurepip/__init__.py', (r"^_WHEEL_PKG_DIR = .*?\n", '_WHEEL_PKG_DIR = ' + bundled + '\n'))
else:
    edit('ensurepip/__init__.py', (r"sysconfig\.get_config_var\('WHEEL_PKG_DIR'\)", bundled))



def thaw_site(path):
    """Since 3.11 the module site is built into the interpreter, with Debian's paths. Its entry in the table of such
    modules gets another name (the address of the name moves on by one character), so that site.py is read instead."""
    with open(path, 'rb') as file:
        image = bytearray(file.read())
    phoff, shoff = struct.unpack_from('<QQ', image, 0x20)
    phsize, phcount, shsize, shcount = struct.unpack_from('<4H', image, 0x36)
    loads = []
    for at in range(phoff, phoff + phsize * phcount, phsize):
        kind, _, offset, address, _, size = struct.unpack_from('<IIQQQQ', image, at)
        if kind == 1:
            loads.append((address, offset, size))
    address_of = lambda place: next((a + place - o for a, o, s in loads if o <= place < o + s), None)
    place_of = lambda address: next((address - a + o for a, o, s in loads if a <= address < a + s), None)
    names = {address_of(match.start()) for match in re.finditer(b'site\\0', image)} - {None}
    relocated = {}
    for at in range(shoff, shoff + shsize * shcount, shsize):
        kind, offset, size = (*struct.unpack_from('<4xI', image, at), *struct.unpack_from('<24xQQ', image, at))
        for entry in range(offset, offset + size, 24) if kind == 4 else ():
            slot, info, addend = struct.unpack_from('<QQq', image, entry)
            if info & 0xFFFFFFFF in (8, 1027):
                relocated[place_of(slot)] = (addend, entry + 16)
    found = [(slot, where) for slot, (addend, where) in relocated.items() if addend in names]
    if not found:
        words = memoryview(bytes(image[: len(image) // 8 * 8])).cast('Q')
        found = [(index * 8, index * 8) for index, word in enumerate(words) if word in names]

    def is_module(slot):
        # name, code (absent where the code is an object of C), size and whether it is a package; elsewhere three addresses
        return slot + 16 not in relocated and struct.unpack_from('<Q', image, slot + 16)[0] < 100000

    entries = [where for slot, where in found if is_module(slot)]
    if len(entries) != 1:
        sys.exit('%s: nothing matches the frozen module site (%d candidates)' % (path, len(entries)))
    (name,) = struct.unpack_from('<Q', image, entries[0])
    struct.pack_into('<Q', image, entries[0], name + 1)
    with open(path + '.new', 'wb') as file:
        file.write(image)
    os.chmod(path + '.new', os.stat(path).st_mode & 0o7777)
    os.rename(path + '.new', path)


if sys.version_info >= (3, 11):
    thaw_site('/usr/local/bin/python' + version)
    thaw_site('/usr/local/lib/libpython%s.so.1.0' % version)


def edit_wheel(path, changes):
    """Replaces texts in members of a wheel, and their hashes in its list."""
    with zipfile.ZipFile(path) as wheel:
        members = [(info, wheel.read(info)) for info in wheel.infolist()]
    rewritten = {}
    for name, edits in changes.items():
        text = next(data for info, data in members if info.filename == name).decode()
        for pattern, new in edits:
            text, count = re.subn(pattern, lambda match: new, text, flags=re.S | re.M)
            if count == 0:
                sys.exit('%s: nothing matches %s in %s' % (path, pattern, name))
        rewritten[name] = text.encode()
    digest = lambda data: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as wheel:
        for info, data in members:
            data = rewritten.get(info.filename, data)
            if info.filename.endswith('.dist-info/RECORD'):
                lines = [line.split(',') for line in data.decode().splitlines()]
                lines = [[n, 'sha256=' + digest(rewritten[n]), str(len(rewritten[n]))] if n in rewritten else [n, *rest] for n, *rest in lines]
                data = ''.join(','.join(line) + '\n' for line in lines).encode()
            wheel.writestr(info, data)


layout_option = r"^ {8}self\.set_undefined_options\('install', ?\('install_layout', ?'install_layout'\)\)\n"
for wheel in glob.glob(lib + '/ensurepip/_bundled/setuptools-*.whl'):
    edit_wheel(wheel, {
        'setuptools/command/install_lib.py': [(layout_option, '')],
        'setuptools/command/install_egg_info.py': [
            (layout_option + r".*?'prefix_option'\)\)\n", ''),
            (r"^ {8}if self\.install_layout:\n {12}if not .*?^ {8}else:\n {12}basename = [^\n]*\n\n", '')],
        'setuptools/command/easy_install.py': [(r"dist-packages", 'site-packages')],
    })

for name in ('EXTERNALLY-MANAGED', 'sitecustomize.py'):
    if os.path.lexists(os.path.join(lib, name)):
        os.remove(os.path.join(lib, name))


def relocate(text):
    text = re.sub(r'/usr/include/%s/python' % re.escape(triplet), '/usr/local/include/python', text)
    text = re.sub(r'/usr/lib/%s\b' % triplet, '/usr/local/lib', text)
    text = re.sub(r'/usr/(lib|include)/python%s' % re.escape(version), r'/usr/local/\1/python' + version, text)
    text = re.sub(r'''(['"= \t])/usr(?=['"\s])''', r'\1/usr/local', text)
    text = re.sub(r'''(['"= \t])/usr/(bin|lib|include|share)(?=['"\s])''', r'\1/usr/local/\2', text)
    text = re.sub(r'/usr/share/man\b', '/usr/local/share/man', text)
    text = re.sub(r'%s-(gcc-ar|gcc|g\+\+|ar|ranlib)\b' % triplet, r'\1', text)
    # The compiler's file names of the machine that built the package mean nothing here.
    return re.sub(r' ?-f(?:file|debug|macro)-prefix-map=\S+=\.|-specs=\S+', '', text)


config = '%s/config-%s-%s' % (lib, version, triplet)
recorded = {os.path.realpath(path) for path in glob.glob(lib + '/_sysconfigdata*.py')}
recorded |= {config + '/Makefile', '/usr/local/bin/python%s-config' % version}
recorded |= {path for path in glob.glob('/usr/local/lib/pkgconfig/*.pc') if not os.path.islink(path)}
for path in sorted(recorded):
    with open(path, encoding='utf-8') as file:
        text = relocate(file.read())
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)

for link in glob.glob(config + '/libpython*.so*'):
    os.remove(link)
os.symlink('../../libpython%s.so' % version, '%s/libpython%s.so' % (config, version))

for name, module in (('pydoc', 'import pydoc\npydoc.cli()'), ('2to3-', 'import sys\nfrom lib2to3.main import main\nsys.exit(main("lib2to3.fixes"))')):
    if name == '2to3-' and not os.path.isdir(lib + '/lib2to3'):
        continue
    path = '/usr/local/bin/%s%s' % (name, version)
    with open(path, 'w', encoding='utf-8') as file:
        file.write('#!/usr/local/bin/python%s\n%s\n' % (version, module))
    os.chmod(path, 0o755)
if os.path.isdir(lib + '/lib2to3'):
    os.symlink('2to3-' + version, '/usr/local/bin/2to3')
`;

/** What the official Debian images set for apt and dpkg, and nothing that tells about the machine it was made on. */
export const FINISH_ROOT = String.raw`#!/bin/sh
set -eu
here=/tmp/berth-base
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
cp "$here"/apt/* /etc/apt/apt.conf.d/
if [ -s "$here/debian.sources" ]; then
  rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
  cp "$here/debian.sources" /etc/apt/sources.list.d/debian.sources
elif [ -s "$here/sources.list" ]; then
  rm -f /etc/apt/sources.list.d/*
  cp "$here/sources.list" /etc/apt/sources.list
fi
mv /etc/dpkg/dpkg.cfg.d/99mmdebstrap /etc/dpkg/dpkg.cfg.d/docker 2>/dev/null || true
rm -f /etc/apt/apt.conf.d/99mmdebstrap
rm -rf /var/cache/apt/*.bin /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log /var/log/bootstrap.log /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/cache/ldconfig/aux-cache
rm -rf "$here"
`;

/** Copies the folder it lies in into the new root and runs what it has to, as that root's own. */
export const HOOK = String.raw`#!/bin/sh
set -eu
here=$(dirname "$0")
root=$1
mkdir -p "$root/tmp/berth-base"
cp -r "$here"/inside/. "$root/tmp/berth-base/"
for step in python finish; do
  if [ -e "$here/inside/$step.sh" ]; then chroot "$root" /bin/sh "/tmp/berth-base/$step.sh"; fi
done
`;
