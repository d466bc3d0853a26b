import type { ServerResponse } from 'node:http';
import { noteCode } from './operations.ts';

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  response.end(JSON.stringify(body));
}

/** An error before GraphQL has its say, in GraphQL's form; the connection ends with it. */
export function answerError(response: ServerResponse, status: number, code: string, message: string): void {
  noteCode(code);
  response.setHeader('connection', 'close');
  answer(response, status, { errors: [{ message, extensions: { code } }] });
}

export function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location });
  response.end();
}
