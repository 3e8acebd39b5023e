import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { isRetriable } from '@tallywatt/event-log';
import type { Logger } from './logger';

/** One fault in what a caller sent. */
export type Fault = Readonly<{ path: string; message: string }>;

export type ProblemDetails = Readonly<{
  status: number;
  /** kebab-case; becomes `urn:tallywatt:problem:<type>`. */
  type: string;
  title: string;
  detail?: string;
  faults?: readonly Fault[];
}>;

/** An error a caller can act on: RFC 9457 (Problem Details for HTTP APIs). */
export class Problem extends Error {
  constructor(readonly details: ProblemDetails) {
    super(details.detail ?? details.title);
    this.name = 'Problem';
  }
}

const titles: Readonly<Record<number, [type: string, title: string]>> = {
  400: ['request-malformed', 'The request cannot be read'],
  401: ['not-authenticated', 'A valid bearer token is needed'],
  403: ['not-permitted', 'The token does not permit this'],
  404: ['not-found', 'There is nothing here'],
  405: ['method-not-allowed', 'The method is not allowed here'],
  413: ['request-too-large', 'The request is too large'],
  415: ['media-type-unsupported', 'The media type is not supported'],
};

/** Answers every error as application/problem+json; what is our fault is logged, not shown. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const details = this.describe(error);
    if (response.headersSent) return;
    // RFC 9110, section 15.5.2: a 401 says how to authenticate.
    if (details.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    response
      .status(details.status)
      .type('application/problem+json')
      .send(JSON.stringify({ ...details, type: `urn:tallywatt:problem:${details.type}` }));
  }

  private describe(error: unknown): ProblemDetails {
    if (error instanceof Problem) return error.details;
    const status = statusOf(error);
    if (status !== undefined && status < 500) {
      const [type, title] = titles[status] ?? ['request-refused', 'The request was refused'];
      return { status, type, title, detail: (error as Error).message };
    }
    if (isUnstorable(error)) {
      const [type, title] = ['request-invalid', 'The request says something it may not'];
      return { status: 422, type, title, detail: 'a text in the request cannot be stored' };
    }
    this.logger.error({ err: error }, 'request failed');
    if (status === 503 || isRetriable(error)) {
      return { status: 503, type: 'unavailable', title: 'Something this needs is down; try again' };
    }
    return { status: 500, type: 'internal-error', title: 'Something went wrong on our side' };
  }
}

const statusOf = (error: unknown): number | undefined => {
  if (error instanceof HttpException) return error.getStatus();
  // Parsers say so when an error is the caller's; other errors with a status are somebody else's.
  const { status, expose } = (error ?? {}) as { status?: unknown; expose?: unknown };
  return typeof status === 'number' && expose === true ? status : undefined;
};

/** PostgreSQL keeps no NUL in a text (22021) nor in JSON (22P05); a path or a cursor can have one. */
const isUnstorable = (error: unknown): boolean =>
  ['22021', '22P05'].includes(String((error as { code?: unknown } | null)?.code));
