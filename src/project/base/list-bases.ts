import { listImages } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { STANDIN_LABEL } from './image-changes.ts';
import { RECIPES } from './recipes.ts';

/** A stand-in that can be made, and whether the engine has it. */
export interface Base {
  name: string;
  /** Bytes of its layers; undefined if it is not there. */
  size: number | undefined;
  /** What the name means in the engine now. */
  state: 'absent' | 'stand-in' | 'other image';
  made: number | undefined;
}

/** All stand-ins by name. */
export async function listBases(client: Client): Promise<Base[]> {
  const images = await listImages(client);
  const names = [
    ...new Set([
      ...RECIPES.map(({ name }) => name),
      ...images
        .filter(({ Labels }) => Labels?.[STANDIN_LABEL] !== undefined)
        .flatMap(({ RepoTags }) => (RepoTags ?? []).map((tag) => tag.replace(/:latest$/, ''))),
    ]),
  ];
  return names.map((name) => {
    const tag = name.includes(':') ? name : `${name}:latest`;
    const image = images.find(({ RepoTags }) => RepoTags?.includes(tag) === true);
    if (image === undefined) return { name, size: undefined, state: 'absent', made: undefined };
    const state = image.Labels?.[STANDIN_LABEL] === undefined ? 'other image' : 'stand-in';
    return { name, size: image.Size, state, made: image.Created };
  });
}
