import type { LogPosition } from '@tallywatt/contracts';

export type HeaderBytes = Readonly<Record<string, Buffer>>;

/** A record as it lies in the log, undecoded. */
export type LogRecord = Readonly<{
  position: LogPosition;
  key: Buffer | null;
  value: Buffer | null;
  headers: HeaderBytes;
}>;

/** A record on its way to the log. */
export type OutgoingRecord = Readonly<{
  topic: string;
  key: Buffer | string | null;
  value: Buffer | string | null;
  headers: Readonly<Record<string, string | Buffer>>;
}>;

/** Bytes as text if PostgreSQL can keep the text without loss: valid UTF-8 without NUL. */
export const exactText = (bytes: Buffer): string | undefined => {
  const text = bytes.toString('utf8');
  return !text.includes('\u0000') && Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
};

/** The key as text, also for keys that are no text; records without a key share the empty one. */
export const keyText = (key: Buffer | null): string =>
  key === null ? '' : (exactText(key) ?? `base64:${key.toString('base64')}`);

export type StoredHeaders = Readonly<Record<string, string | Readonly<{ base64: string }>>>;

/** Headers as jsonb keeps them without loss: bytes that are no text stand as base64. */
export const storedHeaders = (headers: HeaderBytes): StoredHeaders =>
  Object.fromEntries(
    Object.entries(headers).map(([name, bytes]) => [
      exactText(Buffer.from(name)) ?? `base64:${Buffer.from(name).toString('base64')}`,
      exactText(bytes) ?? { base64: bytes.toString('base64') },
    ]),
  );

export const headerBytes = (headers: StoredHeaders): HeaderBytes =>
  Object.fromEntries(
    Object.entries(headers).map(([name, content]) => [
      name,
      typeof content === 'string'
        ? Buffer.from(content, 'utf8')
        : Buffer.from(content.base64, 'base64'),
    ]),
  );

/** A text without what PostgreSQL cannot store, for reasons and stacks made of foreign words. */
export const storableText = (text: string, charactersMax = 4_000): string =>
  Buffer.from(text.replaceAll('\u0000', '\\u0000').slice(0, charactersMax), 'utf8').toString(
    'utf8',
  );
