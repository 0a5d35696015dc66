"""A real SMTP server, aiosmtpd, that keeps each message in a folder for a test to look at.

    DIR/venv/bin/python smtp_server.py --dir MAIL [--port N] [--cert PEM --key PEM [--tls-implicit]]
                                       [--user U --password P] [--refuse 'CODE words']

Listens on 127.0.0.1 and prints {"port": N} when ready. Ends on SIGTERM and when its standard input ends.
A message is MAIL/<n>.eml, its exact bytes, and beside it MAIL/<n>.json, which is there first.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import ssl
import threading
import warnings
from pathlib import Path

from aiosmtpd.smtp import SMTP


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--dir", type=Path, required=True, help="where the messages go")
    parser.add_argument("--cert", help="then STARTTLS must come before anything else")
    parser.add_argument("--key")
    parser.add_argument("--tls-implicit", action="store_true", help="TLS from the first byte in place of STARTTLS")
    parser.add_argument("--user", help="then AUTH, PLAIN or LOGIN, must come before MAIL")
    parser.add_argument("--password")
    parser.add_argument("--refuse", metavar="'CODE words'", help="the answer to every message, after its last line")
    args = parser.parse_args()
    if bool(args.cert) != bool(args.key) or (args.tls_implicit and not args.cert):
        parser.error("--cert and --key go together, and --tls-implicit needs both")
    if (args.user is None) != (args.password is None):
        parser.error("--user and --password go together")
    return args


class Connection(SMTP):
    # What most servers ask; some clients know no other words.
    AuthLoginUsernameChallenge = "Username:"
    AuthLoginPasswordChallenge = "Password:"


class Mailbox:
    """Answers EHLO and DATA for every connection."""

    def __init__(self, args):
        self.args = args
        args.dir.mkdir(parents=True, exist_ok=True)
        # Goes on from what an earlier server left in the folder.
        self.count = max((int(path.stem) for path in args.dir.glob("*.eml")), default=0)

    def knows(self, mechanism, user, password):
        return (user.decode(), password.decode()) == (self.args.user, self.args.password)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if self.args.user is None:
            return [line for line in responses if not line.startswith("250-AUTH")]
        return responses

    async def handle_DATA(self, server, session, envelope):
        if self.args.refuse:
            return self.args.refuse
        about = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "authenticated": bool(session.authenticated),
        }
        self.count += 1
        self.write(f"{self.count}.json", json.dumps(about).encode())
        self.write(f"{self.count}.eml", envelope.original_content)
        return f"250 OK, kept as {self.count}"

    def write(self, name, content):
        """Renames at the end, so that nobody sees half a file."""
        unfinished = self.args.dir / f"{name}.unfinished"
        unfinished.write_bytes(content)
        unfinished.rename(self.args.dir / name)


async def serve(args):
    tls = None
    if args.cert:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(args.cert, args.key)
    starttls = tls is not None and not args.tls_implicit
    mailbox = Mailbox(args)
    loop = asyncio.get_running_loop()

    def connection():
        return Connection(
            mailbox,
            hostname="localhost",
            enable_SMTPUTF8=True,
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            auth_required=args.user is not None,
            auth_require_tls=starttls,
            auth_callback=mailbox.knows,
            loop=loop,
        )

    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)

    def wait_for_end_of_input():
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop.set)

    server = await loop.create_server(connection, "127.0.0.1", args.port, ssl=tls if args.tls_implicit else None)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    threading.Thread(target=wait_for_end_of_input, daemon=True).start()
    await stop.wait()
    server.close()


if __name__ == "__main__":
    # aiosmtpd warns about passwords without TLS, which some tests want.
    warnings.filterwarnings("ignore", module="aiosmtpd")
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    asyncio.run(serve(arguments()))
