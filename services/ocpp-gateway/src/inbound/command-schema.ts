import { z } from 'zod';
import {
  type ChargerCommand,
  type CommandName,
  resetTypes,
  triggerableMessages,
} from '../domain/charger-command';

const connectorId = z.number().int().min(1).max(1_000);

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
  commandOf('Reset', {
    resetType: z.enum(resetTypes).default('Immediate'),
    connectorId: connectorId.optional(),
  }),
  commandOf('ConnectorUnlock', { connectorId }),
  commandOf('MessageTrigger', {
    message: z.enum(triggerableMessages),
    connectorId: connectorId.optional(),
  }),
]);

export type CommandRequest = z.infer<typeof commandSchema>;

export const decodeCommand = ({ command, parameters }: CommandRequest): ChargerCommand =>
  ({ type: command, ...parameters }) as ChargerCommand;
