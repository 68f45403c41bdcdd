"""Why a run can't go on."""

class Failure(Exception):
    """Why a run can't go on; `code` is one of the protocol's."""

    def __init__(self, code, detail):
        # Both, so that it comes whole from one process to another.
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self):
        return self.detail


class Cancelled(Exception):
    """Nobody wants the run any more."""


def failure_of(error):
    # Ray wraps what an actor raises.
    cause = getattr(error, "cause", None)
    error = cause if isinstance(cause, Exception) else error
    if isinstance(error, Failure):
        return {"code": error.code, "detail": error.detail}
    if isinstance(error, Cancelled):
        return {"code": "cancelled", "detail": "cancelled"}
    text = f"{type(error).__name__}: {error}"
    starved = isinstance(error, MemoryError) or "OutOfMemory" in text or "can't allocate memory" in text
    return {"code": "memory" if starved else "pytorch", "detail": text}
