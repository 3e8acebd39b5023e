import {
  Body,
  Controller,
  Delete,
  Get,
  HttpStatus,
  Inject,
  Param,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { PricingRuleSet } from '@tallywatt/contracts';
import { isBaseInForce, pricingRuleJson } from '@tallywatt/derivations';
import {
  ApiPage,
  Caller,
  decodeCursor,
  pageOf,
  pageQuerySchema,
  Problem,
  Roles,
  validated,
  type CallerIdentity,
  type Page,
} from '@tallywatt/service-kit';
import type { Pool } from 'pg';
import { z } from 'zod';
import { findRule, listRules } from '../outbound/pricing-rule-table';
import { adjustmentOf, findVersion } from '../outbound/tariff-tables';
import { database } from './database';
import { RuleDesk, unknownRule, type RemovedRule, type SetRule } from './rule-desk';

const isRuleId = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);

const ruleSchema = {
  type: 'object',
  description: 'What adjusts a tariff, and how far (docs/dynamic-pricing.md)',
  required: ['tariffId', 'baseVersion', 'locationIds', 'steps', 'bounds', 'dwellMinutes'],
  example: {
    tariffId: 'ac',
    baseVersion: 3,
    locationIds: ['LOC-1'],
    steps: [
      {
        utilisationPercent: { from: 80, stayFrom: 60 },
        adjustments: [{ dimension: 'ENERGY', percent: 20 }],
      },
      {
        startTime: '22:00',
        endTime: '06:00',
        sessionsStartedInHour: { to: 2, stayTo: 4 },
        adjustments: [{ dimension: 'ENERGY', amountPerUnit: -0.08 }],
      },
    ],
    bounds: [{ dimension: 'ENERGY', lowest: 0.35, highest: 0.65, largestChange: 0.1 }],
    dwellMinutes: 15,
  },
};

/** Rules that adjust a tariff by what goes on at a site, within bounds that a person sets. */
@ApiTags('pricing rules')
@Controller('v1/pricing-rules')
export class PricingRulesController {
  constructor(
    @Inject(RuleDesk) private readonly desk: RuleDesk,
    @Inject(database) private readonly db: Pool,
  ) {}

  @Put(':id')
  @Roles('operator')
  @ApiOperation({ summary: 'Lets a rule adjust a tariff from the next minute on' })
  @ApiParam({ name: 'id', description: 'Id of the rule: letters, digits, dots and dashes' })
  @ApiBody({ schema: ruleSchema })
  @ApiResponse({ status: 201, description: 'Set, in place of what the rule said before' })
  @ApiResponse({ status: 200, description: 'The rule says the same already' })
  @ApiResponse({
    status: 409,
    description: 'The tariff has another rule, or the rule another tariff',
  })
  @ApiResponse({ status: 422, description: 'No rule to adjust with: every fault by JSON path' })
  async set(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') ruleId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: { status(code: number): unknown },
  ): Promise<Omit<SetRule, 'isNew'>> {
    if (!isRuleId(ruleId)) throw unusableId;
    const { isNew, ...set } = await this.desk.set({ cpoId, ruleId }, body, subject);
    response.status(isNew ? HttpStatus.CREATED : HttpStatus.OK);
    return set;
  }

  @Delete(':id')
  @Roles('operator')
  @ApiOperation({ summary: 'Removes a rule, and publishes the base of its tariff again' })
  @ApiResponse({ status: 200, description: 'Removed; which version is in force now' })
  @ApiResponse({ status: 404, description: 'No such rule' })
  async remove(
    @Caller() { cpoId, subject }: CallerIdentity,
    @Param('id') ruleId: string,
  ): Promise<RemovedRule> {
    if (!isRuleId(ruleId)) throw unknownRule(ruleId);
    return this.desk.remove({ cpoId, ruleId }, subject);
  }

  @Get()
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Lists rules by id' })
  @ApiPage()
  async list(
    @Caller() { cpoId }: CallerIdentity,
    @Query(validated(pageQuerySchema)) { limit, cursor }: z.infer<typeof pageQuerySchema>,
  ): Promise<Page<object>> {
    const [afterId = ''] = decodeCursor(cursor, 1) ?? [];
    const rules = await listRules(this.db, cpoId, afterId, limit + 1);
    return pageOf(rules, limit, ruleItem, ({ ruleId }) => [ruleId]);
  }

  @Get(':id')
  @Roles('operator', 'finance')
  @ApiOperation({ summary: 'Shows a rule, and the version that is in force' })
  @ApiResponse({ status: 404, description: 'No such rule' })
  async show(@Caller() { cpoId }: CallerIdentity, @Param('id') ruleId: string): Promise<object> {
    const rule = isRuleId(ruleId) ? await findRule(this.db, cpoId, ruleId) : undefined;
    if (rule === undefined) throw unknownRule(ruleId);
    const latest = await findVersion(this.db, { cpoId, tariffId: rule.base.tariffId });
    if (latest === undefined) throw new Error(`the tariff of rule ${ruleId} is not there`);
    const version = BigInt(latest.version);
    const adjustedBy = adjustmentOf(latest);
    return {
      ...ruleItem(rule),
      standsStill: !isBaseInForce(rule, { version, adjustedBy }),
      inForce: { version, publishedAt: latest.published_at, adjustedBy },
    };
  }
}

const ruleItem = (rule: PricingRuleSet) => ({
  ruleId: rule.ruleId,
  revision: rule.revision,
  setBy: rule.setBy,
  setAt: rule.setAt,
  rule: pricingRuleJson(rule),
});

const unusableId = new Problem({
  status: 422,
  type: 'pricing-rule-invalid',
  title: 'The rule cannot adjust a tariff',
  detail: 'the id of a rule has 1 to 64 letters, digits, dots, underscores and dashes',
});
