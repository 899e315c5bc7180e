// recording.js - #/recording/ID: a recording is shown by a document of its own.

import { replayAddress } from "./addresses.js";

export const title = "Recording";

export function show(root, { path }) {
  location.replace(replayAddress(path[0] ?? ""));
}
