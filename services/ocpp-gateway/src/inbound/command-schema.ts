import { parseInstant, instantFromEpochMs } from '@tallywatt/time';
import { z } from 'zod';
import {
  type CommandName,
  networkInterfaces,
  resetTypes,
  rootCertificateUses,
  tokenTypes,
  triggerableMessages,
} from '../domain/charger-command';

const connectorId = z.number().int().min(1).max(1_000);
const anyConnector = { connectorId: connectorId.optional() };
const int32 = (min: number) =>
  z
    .number()
    .int()
    .min(min)
    .max(2 ** 31 - 1);
// Nothing that would end a line or a text: no control characters.
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{C}*$/u, 'must be printable');

// NUL and halves of characters are kept by no database.
const anyText = (max: number, min = 0) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^[^\0\p{Cs}]*$/u, 'must be whole characters without NUL');

const instant = z
  .string()
  .max(40)
  .transform((said, context) => {
    try {
      return instantFromEpochMs(parseInstant(said));
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });

const token = { token: text(36), tokenType: z.enum(tokenTypes).default('Central') };
const retries = {
  retries: z.number().int().min(0).max(100).optional(),
  retryIntervalSeconds: z.number().int().min(0).max(86_400).optional(),
};
const location = anyText(512)
  .regex(/^(https?|ftps?|sftp):\/\/[^\s/]+/i, 'must be an http, https, ftp, ftps or sftp address')
  // A slash within a password would hide it from what masks passwords.
  .refine((said) => URL.canParse(said), 'must be an address; encode what is special in a password');
const period = { from: instant.optional(), to: instant.optional() };

/** Credentials have a way of their own, which knows both the old and the new one. */
const isCredential = (name: string): boolean =>
  /^(AuthorizationKey|BasicAuthPassword)$/i.test(name);
const variable = z.strictObject({
  component: text(50).optional(),
  componentInstance: text(50).optional(),
  connectorId: connectorId.optional(),
  variable: text(50).refine((name) => !isCredential(name), 'is no matter of configuration'),
  variableInstance: text(50).optional(),
  attributeType: z.enum(['Actual', 'Target', 'MinSet', 'MaxSet']).optional(),
});

/** One certificate in PEM; whether it is one is looked at where its fingerprint is taken. */
const certificate = anyText(5_500, 1).regex(
  /^\s*-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*$/,
  'must be one certificate in PEM',
);
const hash = z.string().regex(/^[0-9A-Fa-f]{1,128}$/, 'must be hexadecimal');

const slot = z.number().int().min(0).max(1_000);
const networkProfile = z
  .strictObject({
    slot,
    csmsUrl: text(512).regex(
      /^wss:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/i,
      'must be a wss address without user, query and fragment',
    ),
    messageTimeoutSeconds: z.number().int().min(1).max(3_600).default(30),
    networkInterface: z.enum(networkInterfaces),
    // Without another slot behind it a station that fails in the new one is lost.
    priority: z.array(slot).min(1).max(20),
  })
  .refine(({ slot: own, priority }) => priority.includes(own), 'priority must have the slot');

/** What may be said of a command besides its parameters. */
const envelope = {
  commandId: z.uuid().toLowerCase().optional(),
  waitForCharger: z.boolean().default(false),
};

const commandOf = <Name extends CommandName, Shape extends z.ZodRawShape>(
  name: Name,
  shape: Shape,
) =>
  z.strictObject({
    ...envelope,
    command: z.literal(name),
    parameters: z.strictObject(shape),
  });

/** `POST /v1/charge-points/{id}/commands`. */
export const commandSchema = z.discriminatedUnion('command', [
  commandOf('Reset', { resetType: z.enum(resetTypes).default('Immediate'), ...anyConnector }),
  commandOf('ConnectorUnlock', { connectorId }),
  commandOf('MessageTrigger', { message: z.enum(triggerableMessages), ...anyConnector }),
  commandOf('RemoteStart', { ...token, ...anyConnector }),
  commandOf('Reservation', { ...token, ...anyConnector, expiresAt: instant }),
  commandOf('ReservationCancellation', { reservationId: z.uuid().toLowerCase() }),
  commandOf('AvailabilityChange', {
    availability: z.enum(['Operative', 'Inoperative']),
    ...anyConnector,
  }),
  commandOf('ConfigurationChange', { variable, value: anyText(1_000) }),
  commandOf('ConfigurationReport', { variables: z.array(variable).max(200).default([]) }),
  commandOf('BaseReport', {
    reportBase: z.enum(['ConfigurationInventory', 'FullInventory', 'SummaryInventory']),
  }),
  commandOf('DiagnosticsUpload', { location, ...period, ...retries }),
  commandOf('LogUpload', {
    logType: z.enum(['DiagnosticsLog', 'SecurityLog']),
    location,
    ...period,
    ...retries,
  }),
  commandOf('FirmwareUpdate', {
    location,
    retrieveAt: instant,
    installAt: instant.optional(),
    signing: z
      .strictObject({
        certificate: anyText(5_500, 1),
        signature: anyText(800, 1),
      })
      .optional(),
    ...retries,
  }),
  commandOf('LocalListUpdate', {
    listVersion: int32(1),
    updateType: z.enum(['Full', 'Differential']),
    entries: z
      .array(
        z.strictObject({
          ...token,
          status: z.enum(['Accepted', 'Blocked', 'Expired', 'Invalid']).optional(),
          expiresAt: instant.optional(),
        }),
      )
      .max(1_000)
      .default([]),
  }),
  commandOf('LocalListVersion', {}),
  commandOf('CacheClearing', {}),
  commandOf('VendorMessage', {
    vendorId: text(255),
    messageId: text(50).optional(),
    data: anyText(100_000).optional(),
  }),
  commandOf('DisplayMessage', {
    messageId: int32(0),
    priority: z.enum(['AlwaysFront', 'InFront', 'NormalCycle']).default('NormalCycle'),
    state: z.enum(['Charging', 'Faulted', 'Idle', 'Unavailable']).optional(),
    text: anyText(512, 1),
    format: z.enum(['ASCII', 'HTML', 'URI', 'UTF8']).default('UTF8'),
    language: text(8).optional(),
    sessionId: z.uuid().toLowerCase().optional(),
    ...period,
  }),
  commandOf('PriceDisplay', { text: text(512), forToken: text(36).optional() }),
  commandOf('DisplayMessageRemoval', { messageId: int32(0) }),
  commandOf('CertificateInstallation', {
    certificateUse: z.enum(rootCertificateUses),
    certificate,
  }),
  commandOf('CertificateDeletion', {
    hashAlgorithm: z.enum(['SHA256', 'SHA384', 'SHA512']),
    issuerNameHash: hash,
    issuerKeyHash: hash,
    serialNumber: text(40),
  }),
  commandOf('InstalledCertificatesReport', {
    certificateUse: z.enum([...rootCertificateUses, 'V2GCertificateChain']).optional(),
  }),
  commandOf('SecurityProfileRaise', {
    securityProfile: z.union([z.literal(2), z.literal(3)]),
    networkProfile: networkProfile.optional(),
  }),
  commandOf('TransactionStatus', { sessionId: z.uuid().toLowerCase().optional() }),
]);

export type CommandRequest = z.infer<typeof commandSchema>;
