/** What is known of a type of file: how its files are named, and what they are called in headers. */
export interface FileTypeFacts {
  /** As they stand behind the dot of a file's name; the first one is usual. */
  readonly extensions: readonly string[];
  /** Media types; the first one is served. */
  readonly mediaTypes: readonly string[];
}

export const FILE_TYPES = {
  wav: { extensions: ['wav'], mediaTypes: ['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave'] },
  mp3: { extensions: ['mp3'], mediaTypes: ['audio/mpeg', 'audio/mp3'] },
  ogg: { extensions: ['ogg', 'oga', 'opus', 'spx'], mediaTypes: ['audio/ogg', 'audio/opus'] },
  m4a: { extensions: ['m4a'], mediaTypes: ['audio/mp4', 'audio/x-m4a', 'audio/m4a'] },
  amr: { extensions: ['amr'], mediaTypes: ['audio/amr'] },
  pdf: { extensions: ['pdf'], mediaTypes: ['application/pdf'] },
  png: { extensions: ['png'], mediaTypes: ['image/png'] },
  jpeg: { extensions: ['jpg', 'jpeg'], mediaTypes: ['image/jpeg', 'image/jpg'] },
  docx: {
    extensions: ['docx'],
    mediaTypes: ['application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  },
  xlsx: {
    extensions: ['xlsx'],
    mediaTypes: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  },
  txt: { extensions: ['txt'], mediaTypes: ['text/plain'] },
} as const satisfies Record<string, FileTypeFacts>;

export type FileType = keyof typeof FILE_TYPES;

export const FILE_TYPE_NAMES = Object.keys(FILE_TYPES) as [FileType, ...FileType[]];

/** The type whose files are named with this extension; null for one that is not known. */
export function typeOfExtension(extension: string): FileType | null {
  return typeWith(({ extensions }) => extensions.includes(extension.toLowerCase()));
}

/** The type that a media type names, without its parameters; null for one that is not known. */
export function typeOfMediaType(mediaType: string): FileType | null {
  const plain = mediaType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return typeWith(({ mediaTypes }) => mediaTypes.includes(plain));
}

function typeWith(holds: (facts: FileTypeFacts) => boolean): FileType | null {
  return FILE_TYPE_NAMES.find((name) => holds(FILE_TYPES[name])) ?? null;
}

/** The part of a name behind its last dot; null without one. */
export function extensionOf(fileName: string): string | null {
  return /[^.]\.([^.\s]{1,10})$/.exec(fileName)?.[1] ?? null;
}
