"""A mail server that keeps what it gets: mail_server.py FOLDER PORT OPTIONS.

OPTIONS is JSON: cert, key: files for TLS; starttls: offered; smtps: TLS from the
first byte; user, password: nobody else may send. Runs on the Debian package
python3-aiosmtpd, unpacked. Recipients that begin with no- are refused for good,
with later- for now.
"""

import json
import ssl
import sys
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Keeper:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.count = 0

    # The names are the server's.
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("no-"):
            return "550 5.1.1 no such user"
        if address.startswith("later-"):
            return "451 4.3.0 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        about = {"from": envelope.mail_from, "to": envelope.rcpt_tos,
                 "tls": session.ssl is not None,
                 "user": session.auth_data.login.decode()
                 if session.auth_data else ""}
        name = self.folder / f"{self.count}"
        name.with_suffix(".eml").write_bytes(envelope.original_content)
        name.with_suffix(".part").write_text(json.dumps(about))
        name.with_suffix(".part").rename(name.with_suffix(".json"))
        return "250 OK kept"


def main():
    folder, port, options = sys.argv[1], int(sys.argv[2]), json.loads(
        sys.argv[3])
    context = None
    if "cert" in options:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["cert"], options["key"])

    def may(server, session, envelope, mechanism, data):
        good = (data.login.decode() == options["user"]
                and data.password.decode() == options["password"])
        return AuthResult(success=good, handled=good,
                          auth_data=data if good else None)

    more = {}
    if options.get("smtps"):
        more["ssl_context"] = context
    elif options.get("starttls"):
        more["tls_context"] = context
    if "user" in options:
        more.update(authenticator=may, auth_required=True,
                    auth_require_tls=not options.get("smtps"))
    Controller(Keeper(folder), hostname="127.0.0.1", port=port,
               **more).start()
    threading.Event().wait()


main()
