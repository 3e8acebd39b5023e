import { type AnswerDetail, detailOf } from '../../domain/command-end';
import { fieldsOf } from '../readable';

/** StatusInfoType: why the station answered as it did, in its own words. */
export const statusDetails = (statusInfo: unknown): AnswerDetail[] =>
  Object.entries(fieldsOf(statusInfo))
    .filter(([name]) => name === 'reasonCode' || name === 'additionalInfo')
    .map(([name, value]) => detailOf(name, value));
