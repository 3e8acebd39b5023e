import { match, type Match } from '../domain/match';
import type { PayoutState } from '../domain/payout';
import type { SubjectFact } from '../domain/subject';
import { example, paidPayout, settledSession, subjectOf } from './example-sessions';

// A settled session, and ways to make another of it.

export type Payouts = Readonly<Record<string, PayoutState>>;
export const paid: Payouts = { 'po-1': paidPayout(1147n), 'po-2': paidPayout(-500n) };

export const matchOf = (facts: readonly SubjectFact[], payouts: Payouts = paid): Match =>
  match(subjectOf(facts), new Map(Object.entries(payouts)));

export const settled = settledSession(example);
export const isType = (type: string) => (fact: SubjectFact) => fact.type === type;
export const isEntry = (rule: string) => (fact: SubjectFact) =>
  fact.type === 'JournalEntryPosted' && fact.postingRule === rule;
export const without = (
  drop: (fact: SubjectFact) => boolean,
  from: readonly SubjectFact[] = settled,
): readonly SubjectFact[] => from.filter((fact) => !drop(fact));
export const replaced = (type: string, ...by: SubjectFact[]): readonly SubjectFact[] =>
  settled.flatMap((fact) => (fact.type === type ? by : [fact]));
