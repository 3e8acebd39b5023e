import { type MeterReading, sha256Hex, type SignedMeterValue } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import type { Station } from '../domain/session-message';
import { keyIdOf, sealedText } from './frame-cipher';
import type { FrameKeys } from './frame-keys';
import type { Commits } from './frame-log';
import { stationMark } from './frame-sealing';
import { storableText } from './storable-text';
import type { TokenMark } from './token-mark';

/** A signed value of a meter as it was said, and what was said about it. */
export type SaidSignedValue = Readonly<{
  data: string;
  encodingMethod?: string | undefined;
  signingMethod?: string | undefined;
  publicKey?: string | undefined;
  measurand?: string | undefined;
}>;

export type SealSignedValue = (said: SaidSignedValue) => SignedMeterValue;

/** As the schemas have it; what breaks them is cut there. */
const charactersMax = { encodingMethod: 50, signingMethod: 50, publicKey: 2_500, measurand: 50 };

const keyIdsIn = (readings: readonly MeterReading[]): string[] =>
  readings.flatMap(({ signedValues = [] }) =>
    signedValues.flatMap(({ sealedData }) => keyIdOf(sealedData) ?? []),
  );

/**
 * Encrypts signed values, byte for byte, as they are encrypted in their frame (ADR 32): under a key of
 * the token where the message names one, else of the charge point.
 */
export class SignedValues {
  constructor(
    private readonly keys: FrameKeys,
    private readonly tokenMark: TokenMark,
  ) {}

  /** For one message of a charge point. */
  sealing(station: Station, token?: string): SealSignedValue {
    const { cpoId } = station;
    return ({ data, ...about }) => {
      // Of more tokens than drivers come with none has a key of its own, as in frames.
      const own =
        token === undefined ? undefined : this.keys.keyFor(station, this.tokenMark(cpoId, token));
      const key = own ?? this.keys.keyOf(cpoId, stationMark(this.tokenMark, station));
      const words: Partial<Record<keyof typeof about, string>> = {};
      for (const name of ['encodingMethod', 'signingMethod', 'publicKey', 'measurand'] as const) {
        const word = about[name];
        if (word !== undefined) words[name] = storableText(word, charactersMax[name]);
      }
      return {
        sealedData: sealedText(key, data),
        dataMark: this.tokenMark(cpoId, `signed value\n${sha256Hex(data)}`),
        ...words,
      };
    };
  }

  /** Writes down the keys that readings need, in the transaction that writes the readings. */
  async keepKeys(tx: SqlClient, readings: readonly MeterReading[]): Promise<void> {
    const keyIds = keyIdsIn(readings);
    if (keyIds.length > 0) await this.keys.save(tx, keyIds);
  }

  /** Commits what is done with readings together with the keys that they need. */
  async committed<T>(
    commits: Pick<Commits, 'submit'>,
    readings: readonly MeterReading[],
    work: (tx: SqlClient) => Promise<T>,
  ): Promise<T> {
    const result = await commits.submit(async (tx) => {
      await this.keepKeys(tx, readings);
      return work(tx);
    });
    this.keys.saved(keyIdsIn(readings));
    return result;
  }
}
