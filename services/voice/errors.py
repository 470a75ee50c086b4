"""Errors of the voice library: plain exceptions with a machine-readable code, mapped by the services that use it.

VoiceError
├── PackError         a voice pack is missing, altered or does not fit its own description
├── CheckpointError   a weights file cannot be read safely, or belongs to another family
├── LanguageError     no text front end speaks the language
├── AudioUnreadableError, AudioTooLongError    a recording is refused
└── DecoderLostError  the process that decodes was lost, through no fault of the recording
"""


class VoiceError(Exception):
    """Something the voice library cannot do; `code` names it for machines, the text is for logs."""

    code = "INTERNAL"


class PackError(VoiceError):
    """A voice pack that cannot be used; the text is one sentence that says which file and why."""

    code = "PACK_INVALID"


class CheckpointError(VoiceError):
    """A weights file that is refused; the text is one sentence that says why."""

    code = "CHECKPOINT_INVALID"


class LanguageError(VoiceError):
    """A language without a text front end; the text names the ones there are."""

    code = "LANGUAGE_UNSUPPORTED"


class AudioUnreadableError(VoiceError):
    """The recording is not sound, or too damaged to use.

    `reason` is "empty", "not_audio", "no_sound" (a film without sound), "unsupported" or "damaged"; from a decoder in a
    process of its own also "takes_too_long", "needs_memory" and "breaks_decoder".
    """

    code = "AUDIO_UNREADABLE"

    def __init__(self, reason: str, *, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class AudioTooLongError(VoiceError):
    """Decoding went past the limit."""

    code = "AUDIO_TOO_LONG"

    def __init__(self, max_seconds: float, *, detail: str = "") -> None:
        super().__init__(detail or f"longer than {max_seconds:g} s")
        self.max_seconds = max_seconds


class DecoderLostError(VoiceError):
    """The process that decodes did not start, or somebody ended it; the recording may be good."""

    code = "UNAVAILABLE"
