"""Reads messages with Python's own e-mail parser and prints what it finds, a line of JSON for each.

    DIR/venv/bin/python read_mail.py FILE...
"""

import email
import hashlib
import json
import sys
from email import policy
from pathlib import Path


def header(message, name):
    value = message[name]
    return None if value is None else str(value)


def headers(message):
    """A header that is there more than once has its values on one line each."""
    found = {}
    for name, value in message.items():
        found[name] = f"{found[name]}\n{value}" if name in found else str(value)
    return found


def structure(part):
    if part.is_multipart():
        return [part.get_content_type(), *map(structure, part.iter_parts())]
    return part.get_content_type()


def content(part, problems):
    """The text with lines that end in a plain newline."""
    if part is None:
        return None
    try:
        text = part.get_content(errors="strict")
    except (LookupError, UnicodeError) as error:
        problems.append(f"{type(error).__name__}: {error}")
        text = part.get_payload(decode=True).decode("ascii", "replace")
    return text.replace("\r\n", "\n")


def attachment(part):
    data = part.get_payload(decode=True)
    return {
        "name": part.get_filename(),
        "type": part.get_content_type(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
    }


def defects(message):
    """Those of the parts and those of their headers; a part's are complete when it has been decoded."""
    for part in message.walk():
        for value in part.values():
            yield from value.defects
        yield from part.defects


def read(file):
    # Not message_from_binary_file: that changes the line ends in attachments.
    message = email.message_from_bytes(Path(file).read_bytes(), policy=policy.default)
    text, html = message.get_body(["plain"]), message.get_body(["html"])
    leaves = [part for part in message.walk() if not part.is_multipart()]
    problems = []
    return {
        "file": file,
        "subject": header(message, "Subject"),
        "from": header(message, "From"),
        "to": header(message, "To"),
        "message_id": header(message, "Message-ID"),
        "headers": headers(message),
        "structure": structure(message),
        "text": content(text, problems),
        "html": content(html, problems),
        "text_charset": None if text is None else text.get_content_charset(),
        "attachments": [attachment(part) for part in leaves if part is not text and part is not html],
        "defects": problems + [f"{type(defect).__name__}: {defect}" for defect in defects(message)],
    }


for file in sys.argv[1:]:
    print(json.dumps(read(file)))
