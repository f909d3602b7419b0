import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readElf } from './elf.ts';
import { missingLibraries } from './native-libraries.ts';

const ADDON = readFileSync(`node_modules/@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`);

test('the libraries that a real one loads', () => {
  expect(readElf(ADDON)?.needed).toEqual(expect.arrayContaining(['libc.so.6', 'libm.so.6']));
});

test('what is no library, or a broken one, says nothing', () => {
  expect(readElf(new TextEncoder().encode('#!/bin/sh\n'.repeat(20)))).toBeUndefined();
  const broken = Buffer.from(ADDON.subarray(0, 4096));
  expect(readElf(broken) ?? { needed: [] }).toMatchObject({ needed: [] });
});

test('what wheels bring along and what the base has is not missing', () => {
  const wheel = 'wheels/cv-1.0-cp311-cp311-manylinux_2_28_x86_64.whl';
  const files = [
    { wheel, name: 'cv/cv.abi3.so', soname: undefined, needed: ['libGL.so.1', 'libc.so.6', 'libqt-1234.so.5', 'libmystery.so.9'] },
    { wheel, name: 'cv.libs/libqt-1234.so.5', soname: 'libqt.so.5', needed: ['libglib-2.0.so.0', 'libGL.so.1'] },
  ]; // prettier-ignore
  expect(missingLibraries(files).map(({ soname, debian }) => [soname, debian])).toEqual([
    ['libGL.so.1', 'libgl1'],
    ['libmystery.so.9', undefined],
    ['libglib-2.0.so.0', 'libglib2.0-0'],
  ]);
});
