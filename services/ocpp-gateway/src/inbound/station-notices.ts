import { derivedId } from '@tallywatt/contracts';
import type { CommandName } from '../domain/charger-command';
import { storableText } from '../outbound/storable-text';
import { type Answer, claimedInstant, type Frame } from './frame';

type Progress = Readonly<{ status: string; requestId?: number }>;

/** A message that comes again, under whatever id a charger gives its messages, says the same. */
const noticeId = ({ connection, messageId, params }: Frame<unknown>, type: string): string =>
  derivedId(type, connection.cpoId, connection.connectionId, messageId, JSON.stringify(params));

/** Both versions say how something goes on in the same words. 0 and less are no command's number. */
const progressOf =
  (
    type: 'FirmwareStatusChanged' | 'DiagnosticsStatusChanged' | 'LogStatusChanged',
    commands: readonly CommandName[],
  ): Answer<Progress> =>
  async (frame, { commits, notices }) => {
    const { connection, params, receivedAt: reportedAt } = frame;
    const { cpoId, chargePointId } = connection;
    const { status, requestId } = params;
    await commits.submit(async (tx) => {
      // Idle answers a trigger: nothing is going on.
      const isOfCommand = status !== 'Idle' && (requestId === undefined || requestId > 0);
      const command = isOfCommand
        ? await notices.commandOf(tx, connection, commands, requestId)
        : {};
      const notice = { type, cpoId, chargePointId, reportedAt, status, ...command } as const;
      await notices.record(tx, notice, reportedAt, noticeId(frame, type));
    });
    return {};
  };

/** OCPP 1.6, 4.5 and security whitepaper; 2.0.1 part 2, L01. */
export const firmwareStatus = progressOf('FirmwareStatusChanged', ['FirmwareUpdate']);

/** OCPP 1.6, 4.4. */
export const diagnosticsStatus = progressOf('DiagnosticsStatusChanged', ['DiagnosticsUpload']);

/** OCPP 1.6 security whitepaper; 2.0.1 part 2, N01, which has no other word for diagnostics. */
export const logStatus = progressOf('LogStatusChanged', ['LogUpload', 'DiagnosticsUpload']);

type SecurityEvent = Readonly<{ type: string; timestamp: string; techInfo?: string }>;

/** OCPP 1.6 security whitepaper; 2.0.1 part 2, A04. */
export const securityEvent: Answer<SecurityEvent> = async (frame, { commits, notices }) => {
  const { connection, params } = frame;
  const { cpoId, chargePointId } = connection;
  const happenedAt = claimedInstant('timestamp', params.timestamp);
  const { techInfo } = params;
  const notice = {
    type: 'SecurityEventReported',
    cpoId,
    chargePointId,
    happenedAt,
    eventType: storableText(params.type),
    ...(techInfo === undefined ? {} : { technicalDetail: storableText(techInfo) }),
  } as const;
  const id = noticeId(frame, notice.type);
  await commits.submit((tx) => notices.record(tx, notice, happenedAt, id));
  return {};
};
