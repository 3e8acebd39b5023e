import type { Subject } from './subject';

const doubtsOf = ({ quarantineReason, furtherQuarantineReasons = [] }: Subject): string[] =>
  quarantineReason === undefined ? [] : [quarantineReason, ...furtherQuarantineReasons];

const withDoubts = (
  { quarantineReason: _, furtherQuarantineReasons: __, ...subject }: Subject,
  reasons: Iterable<string>,
): Subject => {
  const [first, ...further] = [...reasons].sort();
  return {
    ...subject,
    ...(first === undefined ? {} : { quarantineReason: first }),
    ...(further.length === 0 ? {} : { furtherQuarantineReasons: further }),
  };
};

/** A session in one more doubt, or in one that it is in already. */
export const withDoubt = (subject: Subject, reason: string): Subject =>
  withDoubts(subject, new Set([...doubtsOf(subject), reason]));

/** Each doubt is released by itself: a session is held back until the last of them is. */
export const withoutDoubt = (subject: Subject, reason: string): Subject =>
  withDoubts(
    subject,
    doubtsOf(subject).filter((doubt) => doubt !== reason),
  );
