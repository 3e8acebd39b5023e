import type { VariablesReported } from '@tallywatt/contracts';

type ReportedVariable = VariablesReported['variables'][number];

/**
 * How many characters of variables one event holds. A frame names a component and a variable once for
 * up to four attributes, an event for each of them: of 262,144 bytes become more than the 900,000 that a
 * record of the log may have. A character has three bytes at most.
 */
export const reportedCharsMax = 250_000;

/** Variables as they are shared out among events; one piece, perhaps empty, where they fit into one. */
export const reportPieces = (variables: readonly ReportedVariable[]): ReportedVariable[][] => {
  const pieces: ReportedVariable[][] = [[]];
  let chars = 0;
  for (const variable of variables) {
    const size = JSON.stringify(variable).length + 1;
    if (chars > 0 && chars + size > reportedCharsMax) {
      pieces.push([]);
      chars = 0;
    }
    pieces.at(-1)?.push(variable);
    chars += size;
  }
  return pieces;
};
