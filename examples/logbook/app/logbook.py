"""A logbook: notes are appended, never changed. A note is acknowledged once it is on the disk."""

import hmac
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PORT = 9000
STATE = "/var/lib/logbook"
NOTE_LIMIT = 64 * 1024
# One that stopped sending must not hold up a stop: below stop_grace.
CLIENT_TIMEOUT_SECONDS = 3


class Book:
    """Notes in a file, one line of JSON each."""

    def __init__(self, directory):
        self.lock = threading.Lock()
        path = os.path.join(directory, "notes.jsonl")
        self.file = open(path, "a+b", buffering=0)
        sync_directory(directory)
        self.file.seek(0)
        content = self.file.read()
        whole, newline, torn = content.rpartition(b"\n")
        self.size = len(whole) + len(newline)
        if torn:
            # A crash cut this line short: nobody was told that it was written.
            self._cut()
        self.notes = [json.loads(line) for line in whole.splitlines()]

    def append(self, text):
        """Returns when the note is on the disk; raises OSError when it cannot be."""
        with self.lock:
            note = {"number": len(self.notes) + 1, "at": int(time.time()), "text": text}
            line = json.dumps(note).encode() + b"\n"
            try:
                if os.fstat(self.file.fileno()).st_size != self.size:
                    self._cut()
                if self.file.write(line) != len(line):
                    raise OSError("the disk is full")
                os.fsync(self.file.fileno())
            except OSError:
                self._cut()
                raise
            self.size += len(line)
            self.notes.append(note)
            return note

    def _cut(self):
        self.file.truncate(self.size)
        os.fsync(self.file.fileno())


def sync_directory(directory):
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.0: a connection ends with its answer, so nginx never meets one that is being closed."""

    timeout = CLIENT_TIMEOUT_SECONDS
    book = None
    title = ""
    token = ""

    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/healthz":
            self.answer(200, {"status": "ok", "title": self.title, "notes": len(self.book.notes)})
        elif path == "/notes" and self.allowed():
            self.answer(200, self.book.notes)
        elif path != "/notes":
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        if urlsplit(self.path).path != "/notes":
            self.answer(404, {"error": "not found"})
        elif self.allowed():
            self.write_note()

    def write_note(self):
        said = self.headers.get("Content-Length", "")
        length = int(said) if said.isdecimal() else 0
        if not 0 < length <= NOTE_LIMIT:
            return self.answer(413 if length else 400, {"error": f"a note has 1 to {NOTE_LIMIT} bytes"})
        body = self.rfile.read(length)
        if len(body) != length:
            return None
        try:
            return self.answer(201, self.book.append(body.decode("utf-8", "replace")))
        except OSError as error:
            return self.answer(507, {"error": f"not written: {error.strerror or error}"})

    def allowed(self):
        sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(sent.encode(), self.token.encode()):
            return True
        self.answer(401, {"error": "send the token as Authorization: Bearer TOKEN"})
        return False

    def answer(self, status, value):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    # A stop waits for what is in flight.
    daemon_threads = False
    request_queue_size = 128


def main():
    Handler.token = os.environ.get("LOGBOOK_TOKEN", "")
    Handler.title = os.environ.get("LOGBOOK_TITLE", "Logbook")
    if not Handler.token:
        sys.exit("LOGBOOK_TOKEN is not set: give the token that clients must send")
    Handler.book = Book(STATE)
    server = Server(("0.0.0.0", PORT), Handler)
    # shutdown waits for the loop, which this thread runs.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"logbook serves {len(Handler.book.notes)} notes", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    print("logbook stopped", flush=True)


if __name__ == "__main__":
    main()
