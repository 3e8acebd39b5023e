import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { normalizeInstant } from '@tallywatt/time';
import { laterLists } from './readable';

/** A value that does not keep its contract; `path` says where, as `lines[2].amountMinor`. */
export class ContractViolation extends Error {
  constructor(
    fault: string,
    readonly path: string,
  ) {
    super(`${path}: ${fault}`);
    this.name = 'ContractViolation';
  }
}

/** Allowed texts of fields whose set of values is closed, by JSON name. */
export type ClosedSets = Readonly<Record<string, readonly string[]>>;

type Plain = Record<string, unknown>;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const timestampName = 'google.protobuf.Timestamp';
const int64Pattern = /^(0|-?[1-9][0-9]{0,18})$/;
const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

type FieldPlan = Readonly<{
  field: DescField;
  localName: string;
  jsonName: string;
  isList: boolean;
  /** Lists are required as well, but for those that came later. */
  isRequired: boolean;
}>;

type MessagePlan = Readonly<{
  /** As the contract declares them. */
  fields: readonly FieldPlan[];
  /** In the order of canonical JSON. */
  sorted: readonly FieldPlan[];
  known: ReadonlySet<string>;
}>;

const plans = new WeakMap<DescMessage, MessagePlan>();

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What is asked of a message's fields, looked up once for all messages. */
const planOf = (desc: DescMessage): MessagePlan => {
  const planned = plans.get(desc);
  if (planned !== undefined) return planned;
  const late: readonly string[] = (laterLists as ClosedSets)[desc.typeName] ?? [];
  const fields = desc.fields.map((field) => ({
    field,
    localName: field.localName,
    jsonName: field.jsonName,
    isList: field.fieldKind === 'list',
    isRequired: !late.includes(field.localName) && field.proto.proto3Optional !== true,
  }));
  const plan: MessagePlan = {
    fields,
    sorted: [...fields].sort((a, b) => byText(a.jsonName, b.jsonName)),
    known: new Set(['type', ...fields.map(({ localName }) => localName)]),
  };
  plans.set(desc, plan);
  return plan;
};

/**
 * Writes a readable value as proto3 JSON: int64 as text, every required field present even when it
 * is zero, nothing that the contract does not name. Members are in canonical order (RFC 8785), and
 * no number is other than a whole one: `JSON.stringify` of the result is its canonical JSON.
 *
 * @throws ContractViolation when a required field is missing, a field is of another kind, a text
 *   is not of its closed set, or the value has a field that the contract does not know.
 */
export const encodeMessage = (
  desc: DescMessage,
  value: Plain,
  closed: ClosedSets = {},
  path = desc.name,
): Json => {
  const json: { [key: string]: Json } = {};
  const { sorted, known } = planOf(desc);
  for (const { field, localName, jsonName, isList, isRequired } of sorted) {
    const at = `${path}.${localName}`;
    const content = value[localName];
    if (isList) {
      if (!isRequired && isEmptyList(content)) continue;
      if (!Array.isArray(content)) throw new ContractViolation('must be a list', at);
      json[jsonName] = content.map((item, index) => encodeSingle(field, item, `${at}[${index}]`));
    } else if (content === undefined) {
      if (isRequired) throw new ContractViolation('is missing', at);
    } else {
      json[jsonName] = encodeSingle(field, content, at);
      checkClosed(closed[localName], content, at);
    }
  }
  for (const key of Object.keys(value)) {
    if (!known.has(key)) throw new ContractViolation('is not in the contract', `${path}.${key}`);
  }
  return json;
};

const isEmptyList = (content: unknown): boolean =>
  content === undefined || (Array.isArray(content) && content.length === 0);

const checkClosed = (
  allowed: readonly string[] | undefined,
  content: unknown,
  path: string,
): void => {
  if (allowed !== undefined && !allowed.includes(content as string)) {
    throw new ContractViolation(`'${String(content)}' is none of ${allowed.join(', ')}`, path);
  }
};

const encodeSingle = (field: DescField, content: unknown, path: string): Json => {
  if (field.message !== undefined) {
    if (field.message.typeName === timestampName) return instant(content, path);
    if (typeof content !== 'object' || content === null) {
      throw new ContractViolation('must be an object', path);
    }
    return encodeMessage(field.message, content as Plain, {}, path);
  }
  switch (field.scalar) {
    case ScalarType.INT64:
      if (typeof content !== 'bigint' || content > int64Max || content < int64Min) {
        throw new ContractViolation('must be a bigint within 64 bits', path);
      }
      return content.toString();
    default:
      return plainScalar(field, content, path);
  }
};

/**
 * Reads proto3 JSON into a readable value. Fields that this version does not know are passed over
 * (evolution is additive); a required field that is missing or of another kind is refused.
 *
 * @throws ContractViolation with the path of the first fault.
 */
export const decodeMessage = (
  desc: DescMessage,
  json: unknown,
  closed: ClosedSets = {},
  path = desc.name,
): Plain => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ContractViolation('must be an object', path);
  }
  const value: Plain = {};
  for (const { field, localName, jsonName, isList, isRequired } of planOf(desc).fields) {
    const at = `${path}.${localName}`;
    const content = (json as Plain)[jsonName];
    if (isList) {
      if (!isRequired && isEmptyList(content)) continue;
      if (!Array.isArray(content)) throw new ContractViolation('must be a list', at);
      value[localName] = content.map((item, index) => decodeSingle(field, item, `${at}[${index}]`));
    } else if (content === undefined || content === null) {
      if (isRequired) throw new ContractViolation('is missing', at);
    } else {
      const single = decodeSingle(field, content, at);
      checkClosed(closed[localName], single, at);
      value[localName] = single;
    }
  }
  return value;
};

const decodeSingle = (field: DescField, content: unknown, path: string): unknown => {
  if (field.message !== undefined) {
    return field.message.typeName === timestampName
      ? instant(content, path)
      : decodeMessage(field.message, content, {}, path);
  }
  switch (field.scalar) {
    case ScalarType.INT64: {
      if (typeof content !== 'string' || !int64Pattern.test(content)) {
        throw new ContractViolation('must be an int64 as text', path);
      }
      const number = BigInt(content);
      if (number > int64Max || number < int64Min) {
        throw new ContractViolation('does not fit 64 bits', path);
      }
      return number;
    }
    default:
      return plainScalar(field, content, path);
  }
};

const plainScalar = (field: DescField, content: unknown, path: string): Json => {
  switch (field.scalar) {
    case ScalarType.INT32:
      if (typeof content !== 'number' || (content | 0) !== content) {
        throw new ContractViolation('must be a whole number within 32 bits', path);
      }
      return content;
    case ScalarType.STRING:
      if (typeof content !== 'string') throw new ContractViolation('must be a text', path);
      return content;
    case ScalarType.BOOL:
      if (typeof content !== 'boolean') throw new ContractViolation('must be true or false', path);
      return content;
    default:
      throw new ContractViolation('has a kind that contracts do not use', path);
  }
};

const instant = (content: unknown, path: string): string => {
  if (typeof content !== 'string') throw new ContractViolation('must be an RFC 3339 text', path);
  try {
    return normalizeInstant(content);
  } catch {
    throw new ContractViolation(`'${content}' is not an RFC 3339 instant`, path);
  }
};
