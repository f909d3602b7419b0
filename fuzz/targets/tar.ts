import { createHash } from 'node:crypto';
import { nameBytes } from '#lib/files/name.ts';
import { createTarParser } from '#lib/tar/parser.ts';
import { corpusTar, layerTar } from '../archives.ts';
import { defectOfError } from '../defect.ts';
import { mutateTar } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';

const OUTSIDE = '/tmp/outside';

/** The tar parser: throws only errors of ours, and reads the same whatever the pieces are. */
export const tarTarget: FuzzTarget = {
  name: 'tar',
  rounds: 200_000,
  open: async () => ({
    make(random) {
      const whole = random() < 0.5 ? corpusTar(random, OUTSIDE) : layerTar(random, OUTSIDE);
      return random() < 0.9 ? mutateTar(random, whole) : whole;
    },
    async check(input, random) {
      const whole = read(input, input.length);
      const size = 1 + Math.floor(random() * 3000);
      const pieces = read(input, size);
      const differs = pieces.said === whole.said ? undefined : `pieces of ${size} bytes read otherwise:\n${whole.said.slice(0, 2000)}\n${pieces.said.slice(0, 2000)}`; // prettier-ignore
      return { isTaken: whole.isTaken, defect: whole.defect ?? pieces.defect ?? differs };
    },
    [Symbol.asyncDispose]: async () => {},
  }),
};

function read(input: Buffer, size: number): { isTaken: boolean; said: string; defect?: string | undefined } {
  const said: string[] = [];
  let hash = createHash('sha256');
  let expected = 0;
  let defect: string | undefined;
  const parser = createTarParser({
    entry({ xattrs, mtimeNs, ...header }, contentAt) {
      const attributes = [...xattrs].map(([name, value]) => `${name}=${value.toString('hex')}`);
      said.push(JSON.stringify({ ...header, contentAt, mtimeNs: String(mtimeNs), attributes, bytes: nameBytes(header.name).toString('hex') })); // prettier-ignore
      hash = createHash('sha256');
      expected = 0;
    },
    data(chunk, offset) {
      if (offset < expected) defect = `content goes back from ${expected} to ${offset}`;
      expected = offset + chunk.length;
      hash.update(chunk);
    },
    end: () => said.push(hash.digest('hex')),
  });
  try {
    for (let at = 0; at < input.length; at += size) parser.push(Buffer.from(input.subarray(at, at + size)));
    parser.finish();
    return { isTaken: true, said: said.join('\n'), defect };
  } catch (error) {
    return {
      isTaken: false,
      said: [...said, (error as Error).message].join('\n'),
      defect: defect ?? defectOfError(error),
    };
  }
}
