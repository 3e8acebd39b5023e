import type { LogPosition } from '@tallywatt/contracts';
import { placeText } from './log-access';

/** Something that is not as it has to be. */
export type Finding = Readonly<{
  kind:
    | 'record-unreadable'
    | 'record-contradicts'
    | 'stream-gap'
    | 'event-id-differs'
    | 'tariff-differs'
    | 'tariff-missing'
    | 'session-broken'
    | 'draw-differs'
    | 'draw-missing'
    | 'cdr-differs'
    | 'cdr-underivable'
    | 'cdr-missing'
    | 'fee-differs'
    | 'entry-differs'
    | 'entry-underivable'
    | 'entry-missing'
    | 'root-differs'
    | 'database-row-differs'
    | 'database-row-missing'
    | 'database-row-underivable'
    | 'database-refuses';
  /** What it is about: a stream's key, an entry, a row. */
  subject: string;
  position?: LogPosition;
  detail: string;
}>;

export const findingText = ({ kind, subject, position, detail }: Finding): string =>
  [kind, ...(position === undefined ? [] : [placeText(position)]), subject, detail].join('  ');
