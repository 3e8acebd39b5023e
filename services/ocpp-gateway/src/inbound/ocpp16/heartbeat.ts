import type { Answer } from '../frame';

/** OCPP 1.6, section 4.6: chargers set their clocks by the answer. */
export const heartbeat: Answer<object> = async ({ receivedAt }) => ({ currentTime: receivedAt });
