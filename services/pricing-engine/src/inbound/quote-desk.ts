import { Problem, type Fault } from '@tallywatt/service-kit';
import type { JsonObject } from '@tallywatt/tariffs';
import { priceQuote } from '../domain/quote';
import { quoteAnswer, type QuoteAnswer } from '../domain/quote-answer';
import { changedNumbers } from '../domain/quote-numbers';
import { parseQuote } from '../domain/quote-parsing';
import { readQuotedTariff, type QuotedTariff } from '../domain/quoted-tariff';

/** Where prices are asked for. It keeps nothing but what it has read of recent tariffs. */
export class QuoteDesk {
  private readonly tariffs = new Map<string, QuotedTariff>();
  private rememberedLength = 0;

  /**
   * Prices a quote.
   * @throws Problem 422 with every fault by its JSON path, or with the reason why it has no price.
   */
  quote(body: unknown, text: string): QuoteAnswer {
    const changed = changedNumbers(text);
    const parsed = parseQuote(body, (document) => this.tariffOf(document));
    if (!parsed.ok || changed.length > 0) {
      throw invalidQuote([...(parsed.ok ? [] : parsed.faults), ...changed]);
    }
    const priced = priceQuote(parsed.quote);
    if (priced.ok) return quoteAnswer(parsed.quote, priced);
    const { path, message } = priced.fault;
    throw new Problem({
      status: 422,
      type: priced.reason,
      title: 'There is no price for this that would not be a guess',
      detail: `${path}: ${message}`,
      faults: [priced.fault],
    });
  }

  // The same tariff is asked about again and again, and reading it takes longer than pricing.
  private tariffOf(document: JsonObject): QuotedTariff {
    const text = textOf(document);
    const known = text === undefined ? undefined : this.tariffs.get(text);
    if (known !== undefined) return known;
    const read = readQuotedTariff(document);
    if (text !== undefined && text.length <= longestRemembered) this.remember(text, read);
    return read;
  }

  private remember(text: string, read: QuotedTariff): void {
    if (this.rememberedLength + text.length > mostRemembered) {
      this.tariffs.clear();
      this.rememberedLength = 0;
    }
    this.tariffs.set(text, read);
    this.rememberedLength += text.length;
  }
}

const longestRemembered = 100_000;
const mostRemembered = 4_000_000;

const textOf = (document: JsonObject): string | undefined => {
  try {
    return JSON.stringify(document);
  } catch {
    // Nested deeper than the stack: it will be refused.
    return undefined;
  }
};

/** A problem shows this many faults in its one sentence, and all of them in its list. */
const mostInDetail = 10;

const invalidQuote = (faults: readonly Fault[]): Problem => {
  const named = faults.slice(0, mostInDetail).map(({ path, message }) => `${path}: ${message}`);
  const more = faults.length - named.length;
  return new Problem({
    status: 422,
    type: 'quote-invalid',
    title: 'The quote cannot be read',
    detail: `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    faults,
  });
};
