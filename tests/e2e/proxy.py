"""Faulty things between honest parts: what the negative controls need."""

import gzip
import socket
import threading
import urllib.request
import urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PUBLISH, PUBACK = 3, 4


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def read_packet(sock):
    """One MQTT packet: (first byte, whole packet, body)."""
    head = read_exactly(sock, 1)
    length, shift, digits = 0, 0, b""
    while True:
        digit = read_exactly(sock, 1)
        digits += digit
        length |= (digit[0] & 0x7F) << shift
        shift += 7
        if not digit[0] & 0x80:
            break
    body = read_exactly(sock, length)
    return head[0], head + digits + body, body


class DroppingMqttProxy:
    """Passes MQTT on, but swallows the nth data PUBLISH and answers PUBACK for
    it: what a broker does whose queue is full."""

    def __init__(self, upstream_port, nth=20):
        self.upstream_port = upstream_port
        self.nth = nth
        self.seen = 0
        self.dropped = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(
                ("127.0.0.1", self.upstream_port))
            threading.Thread(target=self.upward, args=(client, server),
                             daemon=True).start()
            threading.Thread(target=self.downward, args=(server, client),
                             daemon=True).start()

    def upward(self, client, server):
        try:
            while True:
                first, packet, body = read_packet(client)
                if first >> 4 == PUBLISH and self.take(first, body, client):
                    continue
                server.sendall(packet)
        except OSError:
            client.close()
            server.close()

    def take(self, first, body, client):
        topic_len = int.from_bytes(body[:2], "big")
        topic = body[2:2 + topic_len]
        if not topic.endswith(b"/data"):
            return False
        with self.lock:
            self.seen += 1
            if self.seen != self.nth:
                return False
        if first >> 1 & 3:
            packet_id = body[2 + topic_len:4 + topic_len]
            client.sendall(bytes([PUBACK << 4, 2]) + packet_id)
        self.dropped.append(body)
        return True

    @staticmethod
    def downward(server, client):
        try:
            while True:
                data = server.recv(65536)
                if not data:
                    break
                client.sendall(data)
        except OSError:
            pass
        client.close()
        server.close()

    def stop(self):
        self.listener.close()


class RefusingStoreProxy:
    """A store that refuses one point: cuts the first streetlight line out of
    the first body that has one and answers as InfluxDB does."""

    def __init__(self, upstream_url, marker=b"streetlight,"):
        self.refused = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.forward(None)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                lines = body.splitlines(keepends=True)
                for i, line in enumerate(lines):
                    if not outer.refused and line.startswith(marker):
                        outer.refused.append(line)
                        del lines[i]
                        self.forward(b"".join(lines), refuse=True)
                        return
                self.forward(body)

            def forward(self, body, refuse=False):
                request = urllib.request.Request(
                    upstream_url + self.path, data=body, method=self.command)
                try:
                    with urllib.request.urlopen(request, timeout=20) as reply:
                        status, text = reply.status, reply.read()
                except urllib.error.HTTPError as reply:
                    status, text = reply.code, reply.read()
                if refuse:
                    status = 400
                    text = (b'{"error":"partial write: field type conflict '
                            b'dropped=1"}')
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
