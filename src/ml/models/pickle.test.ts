import { expect, test } from 'vitest';
import { readerOfBytes } from './bytes.ts';
import { isDangerousGlobal } from './pickle-globals.ts';
import { entryOf, readPickle } from './pickle.ts';

/** `{'list': [1, 2.5, True, None, 'text', (1, 2), -5], 'ordered': OrderedDict(x=1), 'set': {1}, 'bytes': b'...'}` as protocols 0 to 5 write it. */
const WRITTEN = [
  'KGRwMApWbGlzdApwMQoobHAyCkkxCmFGMi41CmFJMDEKYU5hVnRleHQKcDMKYShJMQpJMgp0cDQKYUktNQphc1ZvcmRlcmVkCnA1CmNjb2xsZWN0aW9ucwpPcmRlcmVkRGljdApwNgoodFJwNwpWeApwOApJMQpzc1ZzZXQKcDkKY19fYnVpbHRpbl9fCnNldApwMTAKKChscDExCkkxCmF0cDEyClJwMTMKc1ZieXRlcwpwMTQKY19jb2RlY3MKZW5jb2RlCnAxNQooVlx1MDAwMFx1MDAwMFx1MDAwMApwMTYKVmxhdGluMQpwMTcKdHAxOApScDE5CnMu',
  'fXEAKFgEAAAAbGlzdHEBXXECKEsBR0AEAAAAAAAASTAxCk5YBAAAAHRleHRxAyhLAUsCdHEESvv///9lWAcAAABvcmRlcmVkcQVjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcQYpUnEHWAEAAAB4cQhLAXNYAwAAAHNldHEJY19fYnVpbHRpbl9fCnNldApxCihdcQtLAWF0cQxScQ1YBQAAAGJ5dGVzcQ5jX2NvZGVjcwplbmNvZGUKcQ8oWAMAAAAAAABxEFgGAAAAbGF0aW4xcRF0cRJScRN1Lg==',
  'gAJ9cQAoWAQAAABsaXN0cQFdcQIoSwFHQAQAAAAAAACITlgEAAAAdGV4dHEDSwFLAoZxBEr7////ZVgHAAAAb3JkZXJlZHEFY2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnEGKVJxB1gBAAAAeHEISwFzWAMAAABzZXRxCWNfX2J1aWx0aW5fXwpzZXQKcQpdcQtLAWGFcQxScQ1YBQAAAGJ5dGVzcQ5jX2NvZGVjcwplbmNvZGUKcQ9YAwAAAAAAAHEQWAYAAABsYXRpbjFxEYZxElJxE3Uu',
  'gAN9cQAoWAQAAABsaXN0cQFdcQIoSwFHQAQAAAAAAACITlgEAAAAdGV4dHEDSwFLAoZxBEr7////ZVgHAAAAb3JkZXJlZHEFY2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnEGKVJxB1gBAAAAeHEISwFzWAMAAABzZXRxCWNidWlsdGlucwpzZXQKcQpdcQtLAWGFcQxScQ1YBQAAAGJ5dGVzcQ5DAwAAAHEPdS4=',
  'gASVewAAAAAAAAB9lCiMBGxpc3SUXZQoSwFHQAQAAAAAAACITowEdGV4dJRLAUsChpRK+////2WMB29yZGVyZWSUjAtjb2xsZWN0aW9uc5SMC09yZGVyZWREaWN0lJOUKVKUjAF4lEsBc4wDc2V0lI+UKEsBkIwFYnl0ZXOUQwMAAACUdS4=',
  'gAWVewAAAAAAAAB9lCiMBGxpc3SUXZQoSwFHQAQAAAAAAACITowEdGV4dJRLAUsChpRK+////2WMB29yZGVyZWSUjAtjb2xsZWN0aW9uc5SMC09yZGVyZWREaWN0lJOUKVKUjAF4lEsBc4wDc2V0lI+UKEsBkIwFYnl0ZXOUQwMAAACUdS4=',
];

test.each(WRITTEN.map((text, protocol) => [protocol, text] as const))(
  'protocol %i is followed',
  async (protocol, text) => {
    const { value, globals, problem, protocol: told } = await readPickle(readerOfBytes(Buffer.from(text, 'base64')));
    expect(problem).toBeUndefined();
    expect(told).toBe(protocol < 2 ? 0 : protocol);
    expect(entryOf(value, 'list')).toEqual({
      kind: 'list',
      items: [1, 2.5, true, null, 'text', { kind: 'list', items: [1, 2] }, -5],
    });
    expect(entryOf(entryOf(value, 'ordered'), 'x')).toBe(1);
    expect(globals[0]).toEqual({ module: 'collections', name: 'OrderedDict' });
    expect(globals.filter(isDangerousGlobal)).toEqual([]);
  },
);

/** An object whose loading calls `os.system('true')`, in protocols 0, 2 and 4. */
const EVIL = [
  'Y3Bvc2l4CnN5c3RlbQpwMAooVnRydWUKcDEKdHAyClJwMwou',
  'gAJjcG9zaXgKc3lzdGVtCnEAWAQAAAB0cnVlcQGFcQJScQMu',
  'gASVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu',
];

test.each(EVIL)('what would be called is told and not called: %s', async (text) => {
  const { globals } = await readPickle(readerOfBytes(Buffer.from(text, 'base64')));
  expect(globals.filter(isDangerousGlobal)).toEqual([{ module: 'posix', name: 'system' }]);
});

test.each([
  [{ module: 'builtins', name: 'eval' }, true],
  [{ module: 'builtins', name: 'set' }, false],
  [{ module: 'sklearn.pipeline', name: 'Pipeline' }, false],
  [{ module: 'torch.hub', name: 'load' }, true],
  [{ module: 'collections', name: 'OrderedDict' }, false],
  [{ module: 'subprocess', name: 'Popen' }, true],
  [{ module: 'numpy.core.multiarray', name: '_reconstruct' }, false],
  [{ module: 'my_package.model', name: 'Net' }, false],
])('%j may be called by a model: %s', (global, isDangerous) => {
  expect(isDangerousGlobal(global)).toBe(isDangerous);
});

test.each([
  ['cut off', Buffer.from(WRITTEN[4] ?? '', 'base64').subarray(0, 40), /ends in the middle/],
  ['no pickle', Buffer.from('hello world, this is text'), /no instruction|lacks/],
  ['a length of more than all', Buffer.from([0x80, 4, 0x42, 0xff, 0xff, 0xff, 0x7f]), /ends before/],
  ['values that are not there', Buffer.from('80045294', 'hex'), /lacks its values/],
])('%s: reading ends with a reason', async (_, bytes, reason) => {
  expect((await readPickle(readerOfBytes(bytes))).problem).toMatch(reason);
});
