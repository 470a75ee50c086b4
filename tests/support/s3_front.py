"""A door in front of an S3 endpoint that a test can shut: requests then fail, hang, or find nobody."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP_HEADERS = ("connection", "transfer-encoding", "content-length", "keep-alive")


class S3Front:
    """Forwards every request while ``mode`` is "open"; "broken" answers 500, "silent" answers nothing."""

    def __init__(self, endpoint: str) -> None:
        self._target = urlsplit(endpoint)
        self.mode = "open"
        self.refused: Counter[str] = Counter()  # methods of the requests that did not get through
        self._opened = threading.Event()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                front._answer(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def shut(self, mode: str) -> None:
        """Let nothing through from now on."""
        self._opened.clear()
        self.mode = mode

    def open(self) -> None:
        """Let everything through again."""
        self.mode = "open"
        self._opened.set()

    def close(self) -> None:
        """End it."""
        self.open()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        if self.mode == "open":
            self._forward(request, body)
            return
        self.refused[request.command] += 1
        if self.mode == "silent":
            self._opened.wait(60)
            request.close_connection = True
            return
        request.send_response(500)
        request.send_header("content-length", "0")
        request.end_headers()

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        assert self._target.hostname is not None
        connection = http.client.HTTPConnection(self._target.hostname, self._target.port, timeout=60)
        try:
            connection.request(request.command, request.path, body, dict(request.headers.items()))
            response = connection.getresponse()
            data = response.read()
            request.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in HOP_HEADERS:
                    request.send_header(name, value)
            size = response.getheader("content-length", "0") if request.command == "HEAD" else str(len(data))
            request.send_header("content-length", size)
            request.end_headers()
            request.wfile.write(data)
        finally:
            connection.close()
