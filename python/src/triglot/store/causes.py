"""What obstore's errors are about, which they say in words alone."""

import re


def is_missing_object(error: Exception) -> bool:
    """Whether there is no such object; a folder's error has no code, nor has the answer to a HEAD."""
    return isinstance(error, FileNotFoundError) and _code(error) in (None, "NoSuchKey")


def cause_of(error: Exception) -> str:
    """What went wrong, in few words.

    The full text has the path of a file, or a refusal's access key and signature, and much besides.
    """
    code = _code(error)
    if code == "NoSuchBucket":
        return "there is no such bucket"
    if code:
        return f"it answers {code}"
    if status := re.search(r"status code: (\d{3} [A-Za-z ]+)", str(error)):
        return f"it answers {status[1].strip()}"
    if kind := re.search(r'message: "([^"\n]+)"', str(error)):
        return kind[1]
    return str(error).split("\n", 1)[0]


def _code(error: Exception) -> str | None:
    match = re.search(r"<Code>(\w+)</Code>", str(error))
    return match[1] if match else None
