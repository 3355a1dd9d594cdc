#!/usr/bin/env python3
"""A timestamp-echo server in one thread around select().

Written from docs/protocol.md alone, as an independent peer for tests. What one
recv(1024) returns is one message; it goes back as it came behind `<t2>:`. The
server closes on a first byte 0xFF and at the end of the stream. It does not read
from a client while a reply to it is still under way, so it holds at most one
reply for each.

Prints `listening on HOST:PORT` once it is bound. SIGTERM and SIGINT end it with 0.
"""

import argparse
import resource
import select
import signal
import socket
import sys
import time

MESSAGE = 1024  # the most that one receive takes
FD_SETSIZE = 1024  # select() cannot watch descriptors from here on
MAX_CLIENTS = 1000


def timestamp(digits):
    """The time now: as Python prints it, or with so many fractional digits."""
    if digits is None:
        return f"{time.time()}"
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    if digits == 0:
        return f"{seconds}"
    return f"{seconds}.{nanoseconds // 10 ** (9 - digits):0{digits}d}"


def accept(listener, pending):
    try:
        conn, _ = listener.accept()
    except OSError:  # it went away before it was accepted
        return
    if conn.fileno() >= FD_SETSIZE:
        conn.close()
        return
    conn.setblocking(False)
    pending[conn] = b""


def handle(conn, out, digits):
    """Receive a message unless output is left from the last one, then send.

    Returns what could not be sent yet, or None if the connection is over.
    """
    try:
        if not out:
            data = conn.recv(MESSAGE)
            if not data or data[0] == 0xFF:
                return None
            out = timestamp(digits).encode() + b":" + data
        return out[conn.send(out):]
    except BlockingIOError:
        return out
    except OSError:  # reset, broken pipe
        return None


def serve(listener, limit, digits):
    pending = {}  # client socket -> output not sent yet
    while True:
        reading = [conn for conn, out in pending.items() if not out]
        writing = [conn for conn, out in pending.items() if out]
        if len(pending) < limit:
            reading.append(listener)
        readable, writable, _ = select.select(reading, writing, [])
        for sock in readable + writable:
            if sock is listener:
                accept(listener, pending)
                continue
            left = handle(sock, pending[sock], digits)
            if left is None:
                del pending[sock]
                sock.close()
            else:
                pending[sock] = left


def main():
    parser = argparse.ArgumentParser(description="timestamp-echo server around select()")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--digits", type=int, choices=range(10), metavar="N",
                        help="fractional digits of t2, 0 to 9 (default: as Python prints time.time())")
    args = parser.parse_args()

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: sys.exit(0))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = MAX_CLIENTS if soft < 0 else max(1, min(MAX_CLIENTS, soft - 24))
    # create_server sets SO_REUSEADDR by itself
    with socket.create_server((args.host, args.port), backlog=1024, reuse_port=True) as listener:
        listener.setblocking(False)
        host, port = listener.getsockname()[:2]
        print(f"listening on {host}:{port}", flush=True)
        serve(listener, limit, args.digits)


if __name__ == "__main__":
    main()
