import { decodeGlobalID, encodeGlobalID } from '@pothos/plugin-relay';
import { isUuid } from '../lib/ids.ts';

export function globalId(entity: string, id: string): string {
  return encodeGlobalID(entity, id);
}

/** The row's id inside a Node id, or null when it is not one of that entity. */
export function localId(value: string, entity: string): string | null {
  try {
    const { typename, id } = decodeGlobalID(value);
    return typename === entity && isUuid(id) ? id : null;
  } catch {
    return null;
  }
}

/** Options of an input field that takes the Node id of an entity; the mutation helper decodes it. */
export function nodeIdOf(entity: string): { readonly extensions: { readonly entity: string } } {
  return { extensions: { entity } };
}
