/** Nothing that OCPP knows is nested half as deep; who walks through much more runs out of stack. */
const levelsMax = 64;

export const isNestedTooDeeply = (value: unknown, levels = levelsMax): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((part) => isNestedTooDeeply(part, levels - 1)));

/** What a peer said as JSON, to be kept; of what is nested too deeply only that it was. */
export const saidText = (said: readonly unknown[]): string =>
  JSON.stringify(said.map((part) => (isNestedTooDeeply(part) ? 'nested too deeply' : part)));
