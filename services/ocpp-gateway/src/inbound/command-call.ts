import type { ChargerCommand, CommandEnd } from '../domain/charger-command';
import { callTimeoutMs, type RpcFault, type RpcPeer } from './charger-connection';
import type { EncodedCommand, Protocol } from './protocol';

const unreadable = new WeakSet<object>();

/** An answer of a charger broke its schema; the call that waits for it fails with this error. */
export const rememberUnreadable = (error: object): void => void unreadable.add(error);

const notInVersion = (detail: string): CommandEnd => ({
  kind: 'rejected',
  reason: 'not-in-version',
  detail,
  details: [],
});

const unknown = (detail: string): CommandEnd => ({
  kind: 'failed',
  reason: 'outcome-unknown',
  detail,
});

/** The command in the words of a version, held against the version's schema. */
export const checkedCommand = (protocol: Protocol, command: ChargerCommand): EncodedCommand => {
  const encoded = protocol.encodeCommand(command);
  if (encoded.kind === 'unsayable') return encoded;
  try {
    void protocol.validator.validate(`urn:${encoded.action}.req`, encoded.params);
    return encoded;
  } catch (error) {
    return { kind: 'unsayable', detail: `${encoded.action}: ${(error as Error).message}` };
  }
};

/** A CALLERROR is an answer; a time-out, a lost connection and an unreadable answer are none. */
const endOfError = (error: unknown): CommandEnd | 'not-sent' => {
  const { rpcErrorCode: code, message = '' } = error as RpcFault;
  if (unreadable.has(error as object)) return unknown(`the answer breaks its schema: ${message}`);
  if (typeof code === 'string') {
    return {
      kind: 'rejected',
      reason: 'error-of-charger',
      status: code,
      detail: message.slice(0, 500),
      details: [],
    };
  }
  // As ocpp-rpc says that it did not even try.
  if (message.includes('while socket not open')) return 'not-sent';
  return unknown(`it was sent, and there was no answer: ${message}`);
};

/** Sends a command once and says how that ended. Never rejects. */
export const carryOut = async (
  peer: RpcPeer,
  protocol: Protocol,
  command: ChargerCommand,
): Promise<CommandEnd | 'not-sent'> => {
  const encoded = checkedCommand(protocol, command);
  if (encoded.kind === 'unsayable') return notInVersion(encoded.detail);
  try {
    const result = await peer.call(encoded.action, encoded.params, { callTimeoutMs });
    return encoded.read(result as Readonly<Record<string, unknown>>);
  } catch (error) {
    return endOfError(error);
  }
};
