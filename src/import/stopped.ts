import type { Text } from '../lib/text.ts';

/** The import cannot begin or go on; the message says why and what is accepted. */
export class ImportStopped extends Error {
  override readonly name = 'ImportStopped';
  readonly text: Text;

  constructor(message: Text) {
    super(message.en);
    this.text = message;
  }
}
