import { expect, test } from 'vitest';
import { parseRunDevice } from './run-device.ts';

test.each([
  ['nvidia.com/gpu=all', { name: 'nvidia.com/gpu=all', isRequired: false }],
  ['name=nvidia.com/gpu=0,required', { name: 'nvidia.com/gpu=0', isRequired: true }],
  ['vendor.com/class,required=true', { name: 'vendor.com/class', isRequired: true }],
  ['vendor.com/class=*', { name: 'vendor.com/class=*', isRequired: false }],
  ['required=false,vendor.com/class=a', { name: 'vendor.com/class=a', isRequired: false }],
])('%s', (text, expected) => {
  expect(parseRunDevice(text)).toEqual(expected);
});

test.each([
  '',
  'required',
  '/dev/kvm',
  'vendor.com/class=a,b',
  'vendor.com/class=../x',
  'vendor.com/c=a,required=maybe',
])('%j is refused', (text) => {
  expect(() => parseRunDevice(text)).toThrow(/invalid/);
});
