export type { Decider, Decision } from './decider';
export { accept, fold, ignore, refuse, unreachable, UnreachableCase } from './decider';
