import type { ServerResponse } from 'node:http';
import { DomainError, Forbidden, NotFound } from '../../lib/errors.ts';
import { inLocale, type Locale, type Text } from '../../lib/text.ts';
import { answer } from '../../platform/http-answers.ts';
import { type FileRefusal, FileRefused } from '../rules.ts';

const STATUS: Record<FileRefusal, number> = {
  LINK_INVALID: 403,
  LINK_EXPIRED: 403,
  SIZE_DIFFERS: 400,
  CHECKSUM_DIFFERS: 422,
  TYPE_NOT_ACCEPTED: 415,
  NAME_DIFFERS: 415,
  HEADER_DIFFERS: 415,
  UPLOAD_USED: 409,
  CONTENT_REMOVED: 410,
};

/** An error of the file addresses: `{ "error": { code, message, … } }`, the message in the caller's language. */
export function answerRefusal(
  response: ServerResponse,
  locale: Locale,
  refusal: { readonly status: number; readonly code: string; readonly text: Text; readonly details?: object },
): void {
  response.setHeader('content-language', locale);
  answer(response, refusal.status, {
    error: { code: refusal.code, message: inLocale(refusal.text, locale), ...refusal.details },
  });
}

/** The HTTP status and facts of an expected failure; null for an error that is none. */
export function refusalOf(error: unknown): Parameters<typeof answerRefusal>[2] | null {
  if (error instanceof FileRefused)
    return { status: STATUS[error.code], code: error.code, text: error.text, details: error.details };
  if (error instanceof NotFound) return { status: 404, code: error.code, text: error.text };
  if (error instanceof Forbidden)
    return { status: 403, code: error.code, text: error.text, details: { required: error.required } };
  return error instanceof DomainError ? { status: 400, code: error.code, text: error.text } : null;
}
