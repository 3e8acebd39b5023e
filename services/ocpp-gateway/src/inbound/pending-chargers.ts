import { createRPCError } from 'ocpp-rpc';
import type { SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import type { CommitQueue } from '../outbound/commit-queue';
import { decidedAmong, type PendingChargePoints } from '../outbound/pending-charge-points';
import type { Station } from '../outbound/session-store';
import { storableText } from '../outbound/storable-text';
import { type Call, laneOf, now, type RpcPeer } from './charger-connection';
import type { HandshakeVerdict } from './handshake';
import { protocols } from './protocols';
import { fieldsOf } from './readable';

export type PendingAdmission = HandshakeVerdict & { kind: 'pending' };
export type PendingPeer = Omit<RpcPeer, 'session'> & Readonly<{ session: PendingAdmission }>;

type Held = Readonly<{ station: Station; peer: PendingPeer }>;
type BootAnswer = Readonly<{ askedMs: number; status: Promise<'Pending' | 'Rejected'> }>;

/** For so long one answer stands: strangers may not keep the database busy. */
const answerMs = 10_000;

/** A waiting charger says BootNotification so often; one that has not said it once is hung up on. */
const bootIntervalSeconds = 60;

type Parts = Readonly<{
  sql: SqlClient;
  /** Theirs alone: nobody who charges waits for what strangers say. */
  commits: Pick<CommitQueue, 'submit'>;
  pending: PendingChargePoints;
  logger: Logger;
  /** Open connections of waiting chargers in this process. */
  connectionsMax: number;
}>;

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? storableText(value) : undefined;

/** What a charger says of itself at boot: in 1.6 flat, in 2.0.1 of its chargingStation. */
const described = (params: unknown) => {
  const said = fieldsOf(params);
  const station = fieldsOf(said['chargingStation']);
  const serialNumber = textOf(said['chargePointSerialNumber'] ?? station['serialNumber']);
  const firmwareVersion = textOf(said['firmwareVersion'] ?? station['firmwareVersion']);
  return {
    vendor: textOf(said['chargePointVendor'] ?? station['vendorName']) ?? '',
    model: textOf(said['chargePointModel'] ?? station['model']) ?? '',
    ...(serialNumber === undefined ? {} : { serialNumber }),
    ...(firmwareVersion === undefined ? {} : { firmwareVersion }),
  };
};

/**
 * Chargers that nobody has registered, where the operator lets them wait (OCPP 1.6, 4.2; 2.0.1 part 2,
 * B02). They may say BootNotification, which is answered Pending, and nothing else: nothing they say is a
 * fact of a session, and their frames are not recorded.
 */
export class PendingChargers {
  private readonly held = new Map<string, Held>();
  private readonly answers = new WeakMap<PendingPeer, BootAnswer>();

  constructor(private readonly parts: Parts) {}

  /** Whether one more may open a connection here. */
  get hasRoom(): boolean {
    return this.held.size < this.parts.connectionsMax;
  }

  welcome(peer: PendingPeer): void {
    const { station, subprotocol } = peer.session;
    const lane = laneOf(station);
    this.held
      .get(lane)
      ?.peer.close({ code: 1000, reason: 'replaced', force: true })
      .catch(() => 0);
    this.held.set(lane, { station, peer });
    this.parts.logger.info(station, 'an unknown charger waits for the operator');
    const silence = setTimeout(
      () => void this.close(peer, 1008, 'no BootNotification'),
      bootIntervalSeconds * 1_000,
    ).unref();
    for (const { action } of protocols[subprotocol].routes) {
      peer.handle(action, (call) => {
        if (action === 'BootNotification') {
          clearTimeout(silence);
          return this.answerBoot(peer, call);
        }
        return Promise.reject(
          createRPCError('SecurityError', 'wait until you are accepted') as Error,
        );
      });
    }
    peer.on('disconnect', () => {
      clearTimeout(silence);
      if (this.held.get(lane)?.peer === peer) this.held.delete(lane);
    });
    peer.on('socketError', () => undefined);
  }

  /** Has those that the operator has decided on come again, or go. */
  async closeDecided(): Promise<void> {
    const stations = [...this.held.values()].map(({ station }) => station);
    for (const { isRegistered, ...station } of await decidedAmong(this.parts.sql, stations)) {
      const held = this.held.get(laneOf(station));
      if (held === undefined) continue;
      // Nobody waits for one that does not answer.
      if (isRegistered) void this.close(held.peer, 1012, 'registered: connect again');
      else void this.close(held.peer, 1008, 'refused');
    }
  }

  closeAll(): void {
    for (const { peer } of this.held.values()) void this.close(peer, 1012, 'service restart');
  }

  private async answerBoot(peer: PendingPeer, call: Call): Promise<object> {
    const known = this.answers.get(peer);
    const askedMs = performance.now();
    const isFresh = known !== undefined && askedMs - known.askedMs < answerMs;
    const answer = isFresh ? known : { askedMs, status: this.boot(peer, call) };
    this.answers.set(peer, answer);
    try {
      const status = await answer.status;
      return { status, currentTime: now(), interval: bootIntervalSeconds };
    } catch (error) {
      const { station } = peer.session;
      this.parts.logger.warn({ ...station, err: error }, 'an unknown charger is not written down');
      throw createRPCError('InternalError', 'send the message again') as Error;
    }
  }

  private async boot(peer: PendingPeer, { params }: Call): Promise<'Pending' | 'Rejected'> {
    const { commits, pending } = this.parts;
    const { station, subprotocol, remoteAddress } = peer.session;
    const { version: ocppVersion } = protocols[subprotocol];
    const boot = { ...station, ocppVersion, remoteAddress, bootedAt: now(), ...described(params) };
    // On nobody's behalf: one after the other, so that they are no more than they may be.
    const standing = await commits.submit((tx) => pending.booted(tx, boot));
    return standing === 'pending' ? 'Pending' : 'Rejected';
  }

  private async close(peer: PendingPeer, code: number, reason: string): Promise<void> {
    await peer.close({ code, reason }).catch(() => undefined);
  }
}
