import type { BuildEvent } from '#engine/builder/progress/events.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import { STATUS_RESPONSE } from '../buildkit/messages/control.ts';
import { createStatusEvents } from '../buildkit/status-events.ts';

/** Turns what a build tells into the messages of version 2 of `POST /build`: BuildKit's status, each piece as base64 of its protobuf form. */
export function createTraceOutput(show: (message: object) => void): (event: BuildEvent) => void {
  const toStatus = createStatusEvents(() => undefined);
  return (event) => {
    const pieces = toStatus(event);
    if (pieces === undefined) return;
    show({ id: 'moby.buildkit.trace', aux: encodeMessage(STATUS_RESPONSE, pieces).toString('base64') });
  };
}
