import type { Pool } from 'pg';
import type { WebhookInbox } from '../outbound/webhook-inbox';
import { verifiedNotice, WebhookForged } from './webhook-signature';

export type WebhookReceptionOptions = Readonly<{
  pool: Pool;
  inbox: WebhookInbox;
  secrets: readonly string[];
  observe: (outcome: 'stored' | 'duplicate' | 'forged') => void;
}>;

/** Takes webhooks in: verified, durable, and only then acknowledged. */
export class WebhookReception {
  constructor(private readonly options: WebhookReceptionOptions) {}

  /** @throws WebhookForged; then nothing is stored. */
  async receive(body: Buffer, signature: string | undefined, bodySha256: string): Promise<void> {
    const { inbox, observe, pool, secrets } = this.options;
    try {
      const notice = verifiedNotice(body, signature, secrets);
      observe((await inbox.store(pool, notice, bodySha256)) ? 'stored' : 'duplicate');
    } catch (error) {
      if (error instanceof WebhookForged) observe('forged');
      throw error;
    }
  }
}
