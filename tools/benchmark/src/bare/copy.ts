import type { Client, Connection } from 'pg';

type CopyConnection = Connection & {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
};

/** COPY table FROM STDIN through pg, which knows the protocol but has no method for it. */
export const copyInto = (client: Client, into: string, rows: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const submittable = {
      submit: (connection: Connection): void => {
        connection.query(`COPY ${into} FROM STDIN`);
      },
      handleCopyInResponse: (connection: CopyConnection): void => {
        connection.sendCopyFromChunk(Buffer.from(rows, 'utf8'));
        connection.endCopyFrom();
      },
      handleCommandComplete: (): void => undefined,
      handleError: (error: Error): void => {
        failure = error;
        reject(error);
      },
      handleReadyForQuery: (): void => {
        if (failure === undefined) resolve();
      },
    };
    client.query(submittable);
  });
