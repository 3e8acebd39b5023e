import { derivedId } from '@tallywatt/contracts';
import { detailOf } from '../../domain/command-end';
import { reportPieces } from '../../domain/reported-variables';
import { storableText } from '../../outbound/storable-text';
import { type Answer, claimedInstant, int32 } from '../frame';
import { variableName } from './variable-name';

type Attribute = Readonly<{ type?: string; value?: string; mutability?: string }>;
type NotifyReport = Readonly<{
  requestId: number;
  generatedAt: string;
  seqNo: number;
  tbc?: boolean;
  reportData?: readonly Readonly<{ variableAttribute: readonly Attribute[] }>[];
}>;

/** OCPP 2.0.1 part 2, B07: a part of what a station says of itself. */
export const notifyReport: Answer<NotifyReport> = async (frame, { commits, notices }) => {
  const { connection, params, messageId } = frame;
  const { cpoId, chargePointId, connectionId } = connection;
  const { requestId, seqNo, tbc = false, reportData = [] } = params;
  const generatedAt = claimedInstant('generatedAt', params.generatedAt);
  const variables = reportData.flatMap((one) =>
    one.variableAttribute.map(({ type: attributeType = 'Actual', value, mutability }) => {
      const shown = detailOf(storableText(variableName(one)), value);
      return {
        ...shown,
        ...(shown.value === undefined ? {} : { value: storableText(shown.value) }),
        attributeType,
        ...(mutability === undefined ? {} : { mutability }),
      };
    }),
  );
  const part = int32('seqNo', seqNo);
  const type = 'VariablesReported';
  const id = derivedId(type, cpoId, connectionId, messageId, String(requestId), String(part));
  const pieces = reportPieces(variables);
  await commits.submit(async (tx) => {
    const command = await notices.commandOf(tx, connection, ['BaseReport'], requestId);
    const said = { type, cpoId, chargePointId, generatedAt, part, ...command } as const;
    for (const [piece, some] of pieces.entries()) {
      const isLast = !tbc && piece === pieces.length - 1;
      const notice = { ...said, isLast, variables: some, ...(piece === 0 ? {} : { piece }) };
      const pieceId = piece === 0 ? id : derivedId(id, String(piece));
      await notices.record(tx, notice, generatedAt, pieceId);
    }
  });
  return {};
};
