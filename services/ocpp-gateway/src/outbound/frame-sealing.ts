import type { RecordedFrame } from '@tallywatt/contracts';
import { type SensitivePart, sensitivePartsOf, withParts } from '../domain/frame-privacy';
import { type DataKey, sealedText, sealedToken } from './frame-cipher';
import type { FrameKeys } from './frame-keys';
import type { Station } from './session-store';
import { isStandardName } from './standard-names';
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
export class RememberedMarks {
  private readonly marks = new Map<string, string>();

  constructor(private readonly tokenMark: TokenMark) {}

  readonly of: TokenMark = (cpoId, idTag) => {
    const said = `${cpoId}\n${idTag}`;
    const known = this.marks.get(said);
    if (known !== undefined) return known;
    if (this.marks.size >= rememberedMax) this.marks.clear();
    const mark = this.tokenMark(cpoId, idTag);
    this.marks.set(said, mark);
    return mark;
  };

  /** Nobody finds the tokens of these in this memory any more, however they were written. */
  forget(forgotten: ReadonlySet<string>): void {
    for (const [said, known] of this.marks) if (forgotten.has(known)) this.marks.delete(said);
  }
}

/** So many tokens no message of a charger names; of a frame with more, none gets a key of its own. */
const tokensMax = 8;
/** So many parts are encrypted one by one: of those that a charger makes as many as it likes. */
const partsMax = 256;

const isExcessive = (parts: readonly SensitivePart[]): boolean => {
  const tokens = new Set(parts.flatMap(({ said }) => said ?? []));
  const cheap = parts.filter(({ kind }) => kind === 'secret' || kind === 'signed').length;
  return tokens.size > tokensMax || parts.length - cheap > partsMax;
};

/** What a frame may take up in an event, escapes of JSON included. */
export const frameBytesMax = 600_000;

/** The mark of what belongs to a charge point and to no token that is known. No idTag has a newline. */
export const stationMark = (tokenMark: TokenMark, { cpoId, chargePointId }: Station): string =>
  tokenMark(cpoId, `charge point\n${chargePointId}`);

const asJson = (sealed: string): string => `{"enc":"${sealed}"}`;

/**
 * A frame with what is sensitive encrypted or masked; one that cannot be read, or would not fit, or in
 * which a charger says more than it can mean, is encrypted whole under the charge point's key.
 * Undefined when it does not fit even then.
 */
export const sealFrame = (
  { keys, tokenMark }: FrameSealing,
  station: Station,
  { direction, at, text }: SaidFrame,
): SealedFrame | undefined => {
  const { cpoId } = station;
  const keyIds = new Set<string>();
  const seal = (key: DataKey, value: string, sealed = sealedText): string => {
    keyIds.add(key.keyId);
    return asJson(sealed(key, value));
  };
  const stationKey = (): DataKey => keys.keyOf(cpoId, stationMark(tokenMark, station));
  const isSaidByCharger = direction === 'received';
  const parts = sensitivePartsOf(text, isSaidByCharger ? isStandardName : undefined);
  const isWhole = parts === undefined || (isSaidByCharger && isExcessive(parts));
  const ownerOf = tokenIn(parts ?? []);
  const tokenKey = (token: string): DataKey | undefined => {
    const mark = tokenMark(cpoId, token);
    // Local lists are long, and ours.
    return isSaidByCharger ? keys.keyFor(station, mark) : keys.keyOf(cpoId, mark);
  };
  const replacementOf = ({ kind, said }: SensitivePart, value: string): string => {
    if (kind === 'secret') return '"***"';
    if (kind === 'userinfo') return '***';
    const token = said ?? (kind === 'signed' ? ownerOf : undefined);
    const own = token === undefined ? undefined : tokenKey(token);
    if (own === undefined) return seal(stationKey(), value);
    return seal(own, value, said === undefined ? sealedText : sealedToken);
  };
  let stored = isWhole ? undefined : withParts(text, parts, replacementOf);
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
