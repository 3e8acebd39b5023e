import type { RecordedFrame } from '@tallywatt/contracts';
import { type SensitivePart, sensitivePartsOf, withParts } from '../domain/frame-privacy';
import { type DataKey, sealedText } from './frame-cipher';
import type { FrameKeys } from './frame-keys';
import type { Station } from './session-store';
import type { TokenMark } from './token-mark';

/** A frame as it was said. */
export type SaidFrame = Readonly<{ direction: 'received' | 'sent'; at: string; text: string }>;
/** As it may be stored, and under which keys. */
export type SealedFrame = Readonly<{
  frame: RecordedFrame;
  bytes: number;
  keyIds: readonly string[];
}>;

export type FrameSealing = Readonly<{ keys: FrameKeys; tokenMark: TokenMark }>;

const rememberedMax = 20_000;

/** Remembers marks: the same tags come again and again, and a mark is the dearest part of a frame. */
export const rememberedMarks = (tokenMark: TokenMark): TokenMark => {
  const marks = new Map<string, string>();
  return (cpoId, idTag) => {
    const said = `${cpoId}\n${idTag}`;
    const known = marks.get(said);
    if (known !== undefined) return known;
    if (marks.size >= rememberedMax) marks.clear();
    const mark = tokenMark(cpoId, idTag);
    marks.set(said, mark);
    return mark;
  };
};

/** What a frame may take up in an event, escapes of JSON included. */
export const frameBytesMax = 600_000;

/** The mark of what belongs to a charge point and to no token that is known. No idTag has a newline. */
export const stationMark = (tokenMark: TokenMark, { cpoId, chargePointId }: Station): string =>
  tokenMark(cpoId, `charge point\n${chargePointId}`);

const asJson = (sealed: string): string => `{"enc":"${sealed}"}`;

/**
 * A frame with what is sensitive encrypted or masked; one that cannot be read, or would not fit, is
 * encrypted whole. Undefined when it does not fit even then.
 */
export const sealFrame = (
  { keys, tokenMark }: FrameSealing,
  station: Station,
  { direction, at, text }: SaidFrame,
): SealedFrame | undefined => {
  const { cpoId } = station;
  const keyIds = new Set<string>();
  const seal = (key: DataKey, value: string): string => {
    keyIds.add(key.keyId);
    return asJson(sealedText(key, value));
  };
  const stationKey = (): DataKey => keys.keyOf(cpoId, stationMark(tokenMark, station));
  const parts = sensitivePartsOf(text);
  const ownerOf = tokenIn(parts ?? []);
  const replacementOf = ({ kind, said }: SensitivePart, value: string): string => {
    if (kind === 'secret') return '"***"';
    if (kind === 'userinfo') return '***';
    const token = said ?? (kind === 'signed' ? ownerOf : undefined);
    const key = token === undefined ? stationKey() : keys.keyOf(cpoId, tokenMark(cpoId, token));
    return seal(key, value);
  };
  let stored = parts && withParts(text, parts, replacementOf);
  if (stored === undefined || bytesOf(stored) > frameBytesMax) {
    keyIds.clear();
    stored = seal(stationKey(), text);
  }
  const bytes = bytesOf(stored);
  if (bytes > frameBytesMax) return undefined;
  return { frame: { direction, at, text: stored }, bytes, keyIds: [...keyIds] };
};

/** The one token that a frame names, if it is one. */
const tokenIn = (parts: readonly SensitivePart[]): string | undefined => {
  const [token, ...others] = new Set(parts.flatMap(({ said }) => said ?? []));
  return others.length === 0 ? token : undefined;
};

const bytesOf = (text: string): number =>
  // Most frames are so short that nobody has to count what escapes add.
  text.length * 6 <= frameBytesMax ? text.length : Buffer.byteLength(JSON.stringify(text));
