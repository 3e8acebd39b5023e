import { priceQuote } from '../domain/quote';
import { quoteAnswer, type QuoteAnswer } from '../domain/quote-answer';
import { parseQuote } from '../domain/quote-parsing';
import { readQuotedTariff } from '../domain/quoted-tariff';

export type RefusedQuote = Readonly<{
  refused: string;
  faults: readonly Readonly<{ path: string; message: string }>[];
}>;

/** What a quote answers, without a service around it. */
export const quotePrice = (body: unknown): QuoteAnswer | RefusedQuote => {
  const parsed = parseQuote(body, readQuotedTariff);
  if (!parsed.ok) return { refused: 'quote-invalid', faults: parsed.faults };
  const priced = priceQuote(parsed.quote);
  return priced.ok
    ? quoteAnswer(parsed.quote, priced)
    : { refused: priced.reason, faults: [priced.fault] };
};
