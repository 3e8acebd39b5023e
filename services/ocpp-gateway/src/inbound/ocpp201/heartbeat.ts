import type { Answer } from '../frame';

/** OCPP 2.0.1 part 2, G02: stations set their clocks by the answer. */
export const heartbeat: Answer<object> = async ({ receivedAt }) => ({ currentTime: receivedAt });
