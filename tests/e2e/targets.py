"""Things on this machine for the collector to look at, for tests."""

import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Web:
    """An HTTP server, or HTTPS with a fresh certificate in folder; it answers
    every path with the same text."""

    def __init__(self, text, folder=None):
        self.count = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.count += 1
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.ca_file = None
        if folder:
            self.encrypt(Path(folder))
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def encrypt(self, folder):
        key, self.ca_file = folder / "web.key", folder / "web.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
             "/CN=gong test", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", key, "-out", self.ca_file],
            check=True, capture_output=True, timeout=60)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key)
        self.server.socket = context.wrap_socket(self.server.socket,
                                                 server_side=True)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class NameServer:
    """Answers each question with: no error, and no addresses."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            packet, sender = self.socket.recvfrom(1500)
            if not packet:
                return
            self.socket.sendto(packet[:2] + bytes([packet[2] | 0x80])
                               + packet[3:], sender)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))


class BlackHole:
    """Takes connections and never says a word."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]

    def stop(self):
        self.socket.close()
