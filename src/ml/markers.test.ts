import { expect, test } from 'vitest';
import { holds, parseMarker } from './markers.ts';

test.each([
  ['', true], ['python_version >= "3.9"', true], ["python_version < '3.9'", false], ['python_version == "3.1"', false], ['python_version == "3.10"', true], ['python_version ~= "3.8"', true],
  ['python_version in "3.9 3.10 3.11"', true], ['python_version in "2.7, 3.8"', false], ['python_version not in "2.7,3.8"', true], ['python_version in "3.10"', true], ['"3.9" <= python_version', true],
  ['"3.9" > python_version', false], ['python_full_version < "3.10.2"', false], ['python_full_version >= "3.10.0"', true], ['sys_platform == "win32"', false], ['sys_platform != "win32"', true],
  ['platform_system == "Darwin"', false], ['"linux" in sys_platform', true], ['platform_machine == "x86_64" and sys_platform == "linux"', true], ['platform_machine == "aarch64" or os_name == "posix"', true],
  ['(python_version < "3.8" or python_version >= "3.12") and os_name == "nt"', false], ['python_version < "3.8" or python_version >= "3.10" and os_name == "posix"', true],
  ['extra == "gpu"', true], ['extra == "GPU"', true], ['extra == "dev"', false], ['extra != "dev"', true], ['"gpu" in extras', true], ['"dev" not in dependency_groups', true],
  ['platform_python_implementation != "PyPy"', true], ['implementation_name == "cpython"', true], ['sys.platform == "linux"', true], ["python_version>='3'and os_name=='posix'", true],
  ['python_version >= "3.9" and', true], ['nonsense (', true], ['platform_release >= "5"', false], ['python_version < "3.13.0a1"', true],
] as const)('%j holds on Python 3.10: %s', (marker, expected) => {
  expect(holds(marker, { python: '3.10', extras: ['gpu'] })).toBe(expected);
}); // prettier-ignore

test('a marker for another machine holds there', () => {
  expect(holds('platform_machine == "aarch64"', { python: '3.11', machine: 'aarch64' })).toBe(true);
});

test.each(['', 'python_version', '== "3"', '(os_name == "nt"', 'os_name == "nt")', 'os_name == nt"', '('.repeat(9999), 'os_name is "nt"', 'a == "1" b == "2"'])(
  'no marker: %j',
  (text) => {
    expect(parseMarker(text)).toBeUndefined();
  },
); // prettier-ignore
