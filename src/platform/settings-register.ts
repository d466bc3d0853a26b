import type { z } from 'zod';

/** One entry of the configuration register (rulebook section 26). */
export interface SettingDefinition<Value = unknown> {
  /** Stable key, as the rulebook names it. */
  readonly key: string;
  readonly description: string;
  /** What applies while nobody has changed it. */
  readonly default: Value;
  /** S: stated in a source, changing it departs from policy; D: proposed by the product. */
  readonly origin: 'S' | 'D';
  /** The rules that use it. */
  readonly source: string;
  /** What is accepted. */
  readonly schema: z.ZodType<Value>;
}

export function setting<Value>(definition: SettingDefinition<Value>): SettingDefinition<Value> {
  return definition;
}

/** A changed value and from when it applies. */
export interface SettingChange {
  readonly key: string;
  readonly value: unknown;
  readonly validFrom: Date;
}

/** The register's values as they stand at one instant. */
export interface Settings {
  get<Value>(definition: SettingDefinition<Value>): Value;
}

export function settingsAt(changes: readonly SettingChange[], now: Date): Settings {
  const current = new Map<string, SettingChange>();
  for (const change of changes) {
    const known = current.get(change.key);
    if (change.validFrom <= now && (!known || known.validFrom <= change.validFrom))
      current.set(change.key, change);
  }
  return {
    get<Value>(definition: SettingDefinition<Value>): Value {
      const change = current.get(definition.key);
      return change ? definition.schema.parse(change.value) : definition.default;
    },
  };
}
