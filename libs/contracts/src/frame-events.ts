import type {
  Frame as FrameMessage,
  FramesRecorded as FramesRecordedMessage,
} from './gen/tallywatt/frame/v1/frame_events_pb';
import { FramesRecordedSchema } from './gen/tallywatt/frame/v1/frame_events_pb';
import { contractOf } from './event-contract';
import type { EventOf, Readable } from './readable';

/** One OCPP-J text frame as it is stored: sensitive fields replaced. */
export type RecordedFrame = Readable<FrameMessage>;
export type FramesRecorded = EventOf<'FramesRecorded', FramesRecordedMessage>;

/** Events of `charging.frames.v1`: what was said on connections, frame by frame. */
export type FrameEvent = FramesRecorded;

export const frameContracts = {
  FramesRecorded: contractOf('charging.frames.v1', FramesRecordedSchema),
} as const;
