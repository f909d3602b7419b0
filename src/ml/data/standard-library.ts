import { compareVersions } from '../version.ts';
import { ADDED_MODULES, REMOVED_MODULES } from './python-changes.ts';

/** Modules that come with Python 3.8 to 3.14, each at least with one of them. Source: `sys.stdlib_module_names` of Python 3.11 and the lists of changes of 3.8 to 3.14, 2026-11. */
export const STANDARD_LIBRARY: ReadonlySet<string> = new Set(
  `__future__ __main__ _thread _typeshed abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii binhex bisect
   builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall compression concurrent configparser contextlib contextvars
   copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp
   fileinput fnmatch formatter fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr
   imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma macpath mailbox mailcap marshal math mimetypes mmap modulefinder msilib
   msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil
   platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource
   rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants
   sre_parse ssl stat statistics string stringprep struct subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test textwrap
   this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv
   warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo`.split(
    /\s+/,
  ),
);

/** Modules that only Python 2 had. Source: PEP 3108, 2026-11. */
export const PYTHON_2_LIBRARY: ReadonlySet<string> = new Set(
  `urllib2 urlparse httplib ConfigParser cPickle cStringIO StringIO Queue SocketServer BaseHTTPServer SimpleHTTPServer CGIHTTPServer Tkinter tkMessageBox tkFileDialog
   ttk HTMLParser htmlentitydefs cookielib Cookie xmlrpclib SimpleXMLRPCServer __builtin__ exceptions commands copy_reg thread dummy_thread anydbm dbhash whichdb
   UserDict UserList UserString robotparser repr md5 sha sets mimetools rfc822 popen2 exec _winreg`.split(/\s+/),
);

/** True for a module that a Python (two numbers) has by itself. */
export function comesWithPython(module: string, python: string): boolean {
  const top = module.split('.')[0] ?? '';
  const gone = Object.hasOwn(REMOVED_MODULES, top) ? REMOVED_MODULES[top] : undefined;
  const added = Object.hasOwn(ADDED_MODULES, top) ? ADDED_MODULES[top] : undefined;
  if (gone !== undefined && compareVersions(python, gone) >= 0) return false;
  if (added !== undefined && compareVersions(python, added) < 0) return false;
  return STANDARD_LIBRARY.has(top);
}
