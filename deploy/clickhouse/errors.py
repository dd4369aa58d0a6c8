"""ClickHouse's errors as its HTTP interface tells them: a code, a name, a text and an HTTP status."""

import re

SYNTAX_ERROR = (62, "SYNTAX_ERROR")
BAD_ARGUMENTS = (36, "BAD_ARGUMENTS")
NOT_IMPLEMENTED = (48, "NOT_IMPLEMENTED")
READONLY = (164, "READONLY")
INTO_OUTFILE_NOT_ALLOWED = (358, "INTO_OUTFILE_NOT_ALLOWED")
UNKNOWN_TYPE_OF_QUERY = (78, "UNKNOWN_TYPE_OF_QUERY")
CANNOT_DECOMPRESS = (271, "CANNOT_DECOMPRESS")
SESSION_NOT_FOUND = (372, "SESSION_NOT_FOUND")
SESSION_IS_LOCKED = (373, "SESSION_IS_LOCKED")
INVALID_SESSION_TIMEOUT = (374, "INVALID_SESSION_TIMEOUT")
AUTHENTICATION_FAILED = (516, "AUTHENTICATION_FAILED")
ABORTED = (236, "ABORTED")
UNKNOWN_EXCEPTION = (1002, "UNKNOWN_EXCEPTION")

# Which status ClickHouse's server answers by error code; any other code is 500.
_STATUS = {
    400: (6, 10, 16, 25, 26, 27, 36, 38, 41, 44, 53, 56, 62, 72, 117, 167, 168, 171, 321, 376, 427, 441, 675, 676),
    401: (194,),
    403: (192, 193, 497, 512, 516),
    404: (46, 47, 50, 55, 60, 63, 73, 78, 81, 115, 132, 152, 336, 511),
    408: (159,),
    411: (381,),
    413: (174,),
    415: (763,),
    501: (48,),
    503: (76, 209, 236, 439),
}
_STATUS_BY_CODE = {code: status for status, codes in _STATUS.items() for code in codes}

_ENGINE_TEXT = re.compile(r"Code: (\d+)\. DB::Exception: ", re.DOTALL)


class ServerError(Exception):
    """A query's failure: ``code`` is ClickHouse's, ``text`` is ``Code: N. DB::Exception: what is wrong. (NAME)``."""

    def __init__(self, kind: tuple[int, str], message: str) -> None:
        self.code, name = kind
        self.text = f"Code: {self.code}. DB::Exception: {message} ({name})"
        super().__init__(self.text)

    @property
    def status(self) -> int:
        """The HTTP status that ClickHouse's server gives this code."""
        return _STATUS_BY_CODE.get(self.code, 500)


class EngineError(ServerError):
    """The engine's own failure, in its own words, without what its Python layer puts before them."""

    def __init__(self, error: Exception) -> None:
        super().__init__(UNKNOWN_EXCEPTION, str(error))
        found = _ENGINE_TEXT.search(str(error))
        if found:
            self.code = int(found[1])
            self.text = str(error)[found.start() :]
