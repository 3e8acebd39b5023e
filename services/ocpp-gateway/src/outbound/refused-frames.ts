import { sha256Hex } from '@tallywatt/contracts';
import type { SqlClient } from '@tallywatt/event-log';
import { maskedFrame, storableText } from './storable-text';

export type RefusedFrame = Readonly<{
  cpoId: string;
  chargePointId: string;
  frame: string;
  errorCode: string;
  detail: string;
}>;

/** Keeps a frame that was answered with an error; a charger that repeats it only counts up. */
export const keepRefusedFrame = async (sql: SqlClient, refused: RefusedFrame): Promise<void> => {
  const frame = maskedFrame(refused.frame);
  await sql.query(
    `INSERT INTO refused_frames
       (cpo_id, charge_point_id, frame_hash, frame, error_code, detail)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (cpo_id, charge_point_id, frame_hash) DO UPDATE
       SET times_seen = refused_frames.times_seen + 1, last_seen_at = now()`,
    [
      refused.cpoId,
      refused.chargePointId,
      // Of the masked text: a plain hash of a frame would let its short tag be guessed.
      sha256Hex(frame),
      frame,
      refused.errorCode,
      storableText(refused.detail, 500),
    ],
  );
};
