/** A message to a person, in both languages of the product. Codes never change with the language; texts do. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}

export type Locale = 'en' | 'zh-CN';

export function text(en: string, zh: string): Text {
  return { en, zh };
}

export function inLocale(value: Text, locale: Locale): string {
  return locale === 'zh-CN' ? value.zh : value.en;
}

/** Replaces each `{name}` by its value; a name without a value stays as it is, so that a gap is seen. */
export function fill(template: Text, values: Readonly<Record<string, unknown>>): Text {
  return { en: fillOne(template.en, values), zh: fillOne(template.zh, values) };
}

function fillOne(template: string, values: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{(\w+)\}/g, (gap, name: string) =>
    values[name] === undefined || values[name] === null ? gap : String(values[name]),
  );
}

/** The best of the two languages for an `Accept-Language` header; English when neither is asked for. */
export function preferredLocale(header: string | null | undefined): Locale {
  const ranked = (header ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const quality = parameters.map((p) => /^\s*q=([\d.]+)\s*$/.exec(p)?.[1]).find((q) => q !== undefined);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, quality }) => quality > 0 && /^(zh|en)(-|$)/.test(tag))
    .sort((a, b) => b.quality - a.quality);
  return ranked[0]?.tag.startsWith('zh') ? 'zh-CN' : 'en';
}
