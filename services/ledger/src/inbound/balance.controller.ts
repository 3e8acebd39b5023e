import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { accountKind, defaultChart, taxAccount, type Account } from '@tallywatt/accounting';
import { Caller, Roles, validated, type CallerIdentity } from '@tallywatt/service-kit';
import { normalizeInstant } from '@tallywatt/time';
import { z } from 'zod';
import type { BalanceRow } from '../outbound/journal-queries';
import { JournalReader } from '../outbound/journal-reader';

const trialBalanceQuery = z.strictObject({
  asOf: z
    .string()
    .transform((text, context) => {
      try {
        return normalizeInstant(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    })
    .optional(),
});

/** What stands for the jurisdiction in which tax is owed. */
export const taxJurisdiction = Symbol('tax jurisdiction');

type Total = Omit<BalanceRow, 'account'>;

const totalsOf = (balances: readonly BalanceRow[]): Total[] => {
  const totals = new Map<string, Total>();
  for (const { currency, debitMinor, creditMinor, balanceMinor } of balances) {
    const sum = totals.get(currency);
    totals.set(currency, {
      currency,
      debitMinor: (sum?.debitMinor ?? 0n) + debitMinor,
      creditMinor: (sum?.creditMinor ?? 0n) + creditMinor,
      balanceMinor: (sum?.balanceMinor ?? 0n) + balanceMinor,
    });
  }
  return [...totals.values()];
};

@ApiTags('balances')
@Controller('v1')
export class BalanceController {
  constructor(
    @Inject(JournalReader) private readonly journal: JournalReader,
    @Inject(taxJurisdiction) private readonly jurisdiction: string,
  ) {}

  @Get('trial-balance')
  @Roles('finance', 'operator')
  @ApiOperation({ summary: 'What every account holds, as of an instant of booking' })
  @ApiQuery({
    name: 'asOf',
    required: false,
    description: 'RFC 3339; entries booked up to and including it count. Now if left out.',
  })
  async trialBalance(
    @Caller() caller: CallerIdentity,
    @Query(validated(trialBalanceQuery)) query: z.infer<typeof trialBalanceQuery>,
  ): Promise<object> {
    const asOf = query.asOf ?? new Date().toISOString();
    const balances = await this.journal.balances(caller.cpoId, asOf);
    return {
      asOf,
      accounts: balances.map((balance) => ({ ...balance, kind: accountKind(balance.account) })),
      totals: totalsOf(balances),
    };
  }

  @Get('accounts')
  @Roles('finance', 'operator')
  @ApiOperation({ summary: 'The chart of accounts' })
  accounts(): Readonly<{ items: readonly Account[]; next: null }> {
    const tax: Account = {
      code: '2000',
      path: taxAccount(this.jurisdiction),
      kind: 'liability',
      about: `output tax owed in ${this.jurisdiction}`,
    };
    const items = [...defaultChart, tax].sort((a, b) => (a.code < b.code ? -1 : 1));
    return { items, next: null };
  }
}
