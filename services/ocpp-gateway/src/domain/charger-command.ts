/** How a charger is restarted: OCPP 2.0.1 ResetEnumType, and the Hard of OCPP 1.6. */
export const resetTypes = ['Immediate', 'OnIdle', 'Hard'] as const;

/** Messages a charger can be asked to send (TriggerMessage, 1.6 also ExtendedTriggerMessage). */
export const triggerableMessages = [
  'BootNotification',
  'DiagnosticsStatusNotification',
  'FirmwareStatusNotification',
  'Heartbeat',
  'LogStatusNotification',
  'MeterValues',
  'PublishFirmwareStatusNotification',
  'SignChargingStationCertificate',
  'SignCombinedCertificate',
  'SignV2GCertificate',
  'StatusNotification',
  'TransactionEvent',
] as const;

/** Restarts the charger, or one EVSE of a 2.0.1 station. */
export type Reset = Readonly<{
  type: 'Reset';
  resetType: (typeof resetTypes)[number];
  connectorId?: number;
}>;
/** Releases the cable. */
export type ConnectorUnlock = Readonly<{ type: 'ConnectorUnlock'; connectorId: number }>;
/** Asks for a message that the charger would send of itself at another time. */
export type MessageTrigger = Readonly<{
  type: 'MessageTrigger';
  message: (typeof triggerableMessages)[number];
  connectorId?: number;
}>;

/**
 * What a charger can be told to do, in words of no OCPP version; each version's folder says it in
 * its own. Connectors are those of the registration. Stopping a session is `RemoteStops`.
 */
export type ChargerCommand = Reset | ConnectorUnlock | MessageTrigger;
export type CommandName = ChargerCommand['type'];

/** One thing a charger said in its answer. */
export type AnswerDetail = Readonly<{ name: string; value?: string }>;

/** How a command that was to be sent ended. */
export type CommandEnd =
  | Readonly<{ kind: 'accepted'; status?: string; details: readonly AnswerDetail[] }>
  | Readonly<{
      kind: 'rejected';
      /** `not-in-version`: the charger was not asked, as its OCPP version cannot say it. */
      reason: 'rejected-by-charger' | 'error-of-charger' | 'not-in-version';
      status?: string;
      detail: string;
      details: readonly AnswerDetail[];
    }>
  | Readonly<{ kind: 'failed'; reason: 'charger-away' | 'outcome-unknown'; detail: string }>;

/** Words of OCPP 1.6 and 2.0.1 for: it is done, or it is going to be. */
const agreements: readonly string[] = [
  'Accepted',
  'AcceptedCanceled',
  'RebootRequired',
  'Scheduled',
  'Unlocked',
];

/** What a charger's status means for the command that it answers. */
export const endOfStatus = (status: string, details: readonly AnswerDetail[] = []): CommandEnd =>
  agreements.includes(status)
    ? { kind: 'accepted', status, details }
    : {
        kind: 'rejected',
        reason: 'rejected-by-charger',
        status,
        detail: `the charger answered ${status}`,
        details,
      };
