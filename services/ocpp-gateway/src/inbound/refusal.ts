import type { Socket } from 'node:net';

/** Whoever was refused has so long to read why and to hang up. */
const lingerMs = 2_000;

/**
 * The last words on a socket that becomes no WebSocket. A peer that never closes its side is hung up
 * on, so that it keeps no place among the connections.
 */
export const refuseSocket = (socket: Socket, words: string): void => {
  const limit = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(limit));
  socket.resume(); // unread, what it still says would turn the end into a reset
  socket.end(words);
};
