import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Any JSON; texts in it may hold placeholders. */
export type Json =
  null | boolean | number | string | readonly Json[] | Readonly<{ [key: string]: Json }>;

/** The WebSocket subprotocols that cases are written in. */
export type Subprotocol = 'ocpp1.6' | 'ocpp2.0.1';

/** How a call has to be answered; a CALLRESULT of any payload where nothing is said. */
export type ExpectedAnswer = Readonly<{
  /** At least this in the payload of a CALLRESULT. */
  result?: Json;
  /** A CALLERROR with one of these codes. */
  error?: readonly string[];
}>;

/** `nothing` is no answer; `anything` is one or none, and what comes after is answered. */
export type ExpectedReply = 'nothing' | 'anything' | Readonly<{ error: readonly string[] }>;

export type CallStep = Readonly<{
  call: string;
  params: Json;
  /** A fresh one where it is left out. */
  messageId?: string;
  /** How often it is sent, each time with a fresh message id, and answered alike. */
  times?: number;
  expect?: ExpectedAnswer;
}>;

/** One thing that a charger does. */
export type Step =
  | Readonly<{ connect: Readonly<Record<string, never>> }>
  | Readonly<{ disconnect: 'close' | 'cut' }>
  /** Time passes in which the charger says nothing, in seconds: `11s`. */
  | Readonly<{ wait: string }>
  | CallStep
  /** Calls that leave before any of them is answered. */
  | Readonly<{ burst: readonly CallStep[] }>
  /** Text as it is, which need not be a frame. */
  | Readonly<{ send: string; expect: ExpectedReply }>;

/** One session as a server should have understood it; what is left out may be anything. */
export type ExpectedSession = Readonly<{
  connector?: number;
  transactionId?: Json;
  startedAt?: string;
  stoppedAt?: string | null;
  /** Whole or decimal Wh as text. */
  startRegisterWh?: string;
  stopRegisterWh?: string | null;
  energyWh?: string | null;
  stopReason?: string;
  closedBy?: string | null;
  closedAt?: string | null;
  /** Why it is held back from billing; left out: nothing holds it back. */
  heldBack?: readonly string[];
  /** Second stops with other words; left out: none. */
  conflictingStops?: number;
  duplicates?: number;
  /** All of them, in the order of their times. */
  readings?: readonly Json[];
  chargingStates?: readonly string[];
  /** Numbers of events that were missing while later ones had come (OCPP 2.0.1). */
  sequenceGaps?: readonly Json[];
  /** What the meter signed, byte for byte, in the order of their times. */
  signedValues?: readonly string[];
}>;

export type ExpectedFacts = Readonly<{
  /** All of them, in any order. */
  sessions: readonly ExpectedSession[];
  /** Stops and reports that belong to no session; left out: none. */
  orphanStops?: number;
  orphanReports?: number;
}>;

/** One misbehaviour: what a charger says, and what a server has to make of it. */
export type CorpusCase = Readonly<{
  /** Also the name of its file. */
  name: string;
  why: string;
  source: string;
  protocol: Subprotocol;
  station: Readonly<{
    connectors: readonly Readonly<{ id: number; powerKwMax: number }>[];
    /** The tariff there has a price for parking time; false where it is left out. */
    billsParkingTime?: boolean;
  }>;
  /** Tokens that the server has to know, and what it says of them. */
  tokens: Readonly<Record<string, string>>;
  steps: readonly Step[];
  /** The facts are those after all has been waited for that a server waits for. */
  afterTimeOuts?: boolean;
  facts: ExpectedFacts;
}>;

/** Where the cases of this package lie. */
export const corpusDirectory = join(__dirname, '..', '..', 'corpus');

/** All cases of a directory, by name. Files that are schemas are left out. */
export const readCorpus = (directory = corpusDirectory): CorpusCase[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.json') && !file.endsWith('.schema.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as CorpusCase);
