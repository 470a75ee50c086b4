"""What a decoding child says on its output: frames of one letter, a length, and so many bytes.

::

    R  ready: what it needs is loaded, its limits hold, and nothing of the recording has been looked at
    H  JSON: sample_rate_hz, channels, container, codec of the first frame
    S  float32 samples
    P  JSON: seconds decoded so far (instead of samples, when only the facts are wanted)
    F  JSON: the facts, after the last sample
    E  JSON: reason and detail of AudioUnreadableError; with too_long true, of AudioTooLongError
"""

import struct

READY, HEAD, SAMPLES, PROGRESS, FACTS, ERROR = b"R", b"H", b"S", b"P", b"F", b"E"
KINDS = (READY, HEAD, SAMPLES, PROGRESS, FACTS, ERROR)
HEADER = struct.Struct("<cI")
# A receiver refuses longer ones; samples are sent in several.
LONGEST_BYTES = 1 << 20
