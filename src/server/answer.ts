import type { ServerResponse } from 'node:http';
import { statusOf } from '#api/status.ts';
import { BerthError } from '#lib/errors.ts';

/** Answers with JSON (or without body) and ends. */
export function sendJson(response: ServerResponse, status: number, body?: unknown): void {
  if (response.headersSent) return;
  if (body === undefined || status === 204 || status === 304) {
    response.writeHead(status).end();
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** Answers with an error as the Engine API writes it: `message`, and for clients that show them `why` and `hint`. */
export function sendError(response: ServerResponse, error: unknown): void {
  sendJson(response, statusOf(error), errorBody(error));
}

export function errorBody(error: unknown): { message: string; why?: string; hint?: string } {
  const message = error instanceof Error ? error.message : String(error);
  const { why, hint } = error instanceof BerthError ? error : {};
  return { message, ...(why !== undefined && { why }), ...(hint !== undefined && { hint }) };
}
