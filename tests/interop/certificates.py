"""A receiver that only lets in who shows a certificate, by Python's own TLS (OpenSSL).

    DIR/venv/bin/python certificates.py --cert FILE --key FILE --clients FILE

Listens on 127.0.0.1, prints `listening PORT`, then a line of JSON for each request, with the name in the certificate
that was shown. Answers 204. Ends when its standard input ends.
"""

import argparse
import json
import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

parser = argparse.ArgumentParser()
for name in ["--cert", "--key", "--clients"]:
    parser.add_argument(name, required=True)
files = parser.parse_args()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        names = dict(pair for part in self.connection.getpeercert()["subject"] for pair in part)
        print(json.dumps({"path": self.path, "client": names["commonName"]}), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=files.clients)
context.verify_mode = ssl.CERT_REQUIRED
context.load_cert_chain(files.cert, files.key)
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
# The handshake belongs to the thread of its connection.
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(f"listening {server.server_port}", flush=True)
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
