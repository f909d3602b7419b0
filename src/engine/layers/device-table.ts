import type { BlockAddress } from '#lib/erofs/layer-tree.ts';
import type { IndexDevice } from '#lib/erofs/write-index.ts';
import { BLOCK } from '#lib/tar/header.ts';
import type { Extent } from './format.ts';
import type { Donor } from './matcher.ts';

/** Blocks of a layer's own file are numbered from 0, those of its donors from here, one donor after the other. */
export const DONORS_FROM: BlockAddress = 2 ** 31;
const ADDRESSES = 2 ** 32;

/** A slot of the device table. */
export type Device = IndexDevice;

export interface DeviceTable {
  /** Address of a byte of a donor's file; undefined if not all of the file has addresses. */
  addressOf(donor: number, offset: number): BlockAddress | undefined;
  /** Leaves the donors out that no extent names, and numbers the others anew; addresses stay what they were. */
  used(extents: readonly Extent[]): { donors: Donor[]; devices: Device[]; extents: Extent[] };
}

/** @param donors may grow at its end */
export function createDeviceTable(donors: readonly Donor[]): DeviceTable {
  const devices: Device[] = [];
  let next = DONORS_FROM;
  const deviceOf = (number: number): Device | undefined => {
    for (const { fileBytes } of donors.slice(devices.length, number + 1)) {
      const blocks = Math.ceil(fileBytes / BLOCK);
      devices.push({ blocks, address: next });
      next += blocks;
    }
    return devices[number];
  };
  return {
    addressOf(donor, offset) {
      const device = deviceOf(donor);
      if (device === undefined || device.address + device.blocks > ADDRESSES) return undefined;
      return device.address + offset / BLOCK;
    },
    used(extents) {
      const numbers = [...new Set(extents.map(({ device }) => device))].filter((device) => device > 0);
      numbers.sort((a, b) => a - b);
      const numberOf = new Map([[0, 0], ...numbers.map((old, index): [number, number] => [old, index + 1])]);
      return {
        donors: numbers.flatMap((number) => donors[number - 1] ?? []),
        devices: numbers.flatMap((number) => devices[number - 1] ?? []),
        extents: extents.map((extent) => ({ ...extent, device: numberOf.get(extent.device) ?? 0 })),
      };
    },
  };
}
