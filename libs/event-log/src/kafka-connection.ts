/** How a cluster is reached: without more than brokers in the clear and without a name. */
export type KafkaConnection = Readonly<{
  /** host:port of some brokers of the cluster. */
  brokers: readonly string[];
  tls?: KafkaTls | undefined;
  sasl?: KafkaSasl | undefined;
}>;

/** Asked at every connection that is opened, so that a file that was rotated is followed. */
export type Credential = () => string;

export type KafkaTls = Readonly<{
  /** Whose brokers to believe, PEM; the authorities that Node knows if not given. */
  ca?: Credential | undefined;
  /** For a cluster that asks for certificates of its clients, PEM. */
  client?: Readonly<{ certificate: Credential; key: Credential }> | undefined;
  /** The name the brokers' certificates are for, where it is not the one they are reached by. */
  serverName?: string | undefined;
}>;

export const saslMechanisms = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'] as const;

export type KafkaSasl = Readonly<{
  mechanism: (typeof saslMechanisms)[number];
  username: string;
  password: Credential;
}>;

/** Only what says how to connect, out of options that say more. */
export const connectionOf = ({ brokers, tls, sasl }: KafkaConnection): KafkaConnection => ({
  brokers,
  tls,
  sasl,
});
