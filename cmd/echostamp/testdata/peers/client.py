#!/usr/bin/env python3
"""A strict timestamp-echo client: client.py HOST PORT [--messages N] [--size BYTES] [--clients C]

Written from docs/protocol.md alone, as an independent peer for tests. It opens C
connections at once and works in rounds: a message on every connection, then the
reply on every connection. N rounds of messages of --size bytes, one with every byte
there is (not UTF-8), one of exactly 1024 bytes; then 0xFF, on which the server must
close. Client and server must run on the same machine: t2 has to lie between t1 and t3.

Prints `ok: ...` and exits 0, or says on stderr what was wrong and exits 1.
"""

import argparse
import re
import socket
import string
import sys
import time

TIMEOUT = 10  # seconds
LIMIT = 1024  # bytes in a message
SMALLEST = 36  # t1, colon, number of the client and of the message
SLACK = 10**6  # nanoseconds by which t2 may lie outside of t1 to t3
STAMP = re.compile(rb"([0-9]{1,20})(?:\.([0-9]{1,9}))?")
LETTERS = string.ascii_letters.encode() * 20
EVERY_BYTE = bytes(range(256))


class Wrong(Exception):
    """The server did something that the protocol does not allow."""


def send(sock, client, number, size, tail=LETTERS):
    """Send a message that is unlike any other; returns t1 in nanoseconds and the message."""
    t1 = time.time_ns()
    head = f"{t1 // 10**9}.{t1 % 10**9:09d}:{client:05x}-{number:08x}-"
    message = (head.encode() + tail)[:size]
    sock.sendall(message)
    return t1, message


def receive(sock, t1, sent):
    """Read until the reply to `sent` is whole, and check it."""
    reply = b""
    while True:
        data = sock.recv(65536)
        t3 = time.time_ns()
        if not data:
            raise Wrong(f"the stream ended after {reply[:80]!r}, in reply to {sent[:80]!r}")
        reply += data
        stamp, colon, echo = reply.partition(b":")
        match = STAMP.fullmatch(stamp)
        if (colon or len(reply) > 40) and not (colon and match):
            raise Wrong(f"no timestamp and colon in front: {reply[:80]!r}")
        if not sent.startswith(echo):
            raise Wrong(f"sent {len(sent)} bytes {sent!r}, echo is {len(echo)} bytes {echo!r}")
        if colon and len(echo) == len(sent):
            break

    fraction = match.group(2) or b""
    t2 = int(match.group(1)) * 10**9 + int(fraction.ljust(9, b"0"))
    unit = 10 ** (9 - len(fraction))  # t2 was cut to this: the time was in [t2, t2+unit)
    if t2 + unit - 1 < t1 - SLACK or t2 > t3 + SLACK:
        raise Wrong(f"t2 {stamp.decode()} is not between t1 {t1} ns and t3 {t3} ns")


def leave(sock):
    sock.sendall(b"\xff")
    data = sock.recv(65536)
    if data:
        raise Wrong(f"0xFF was answered with {data[:80]!r}, not with the end of the stream")


def run(socks, messages, size):
    rounds = [(size, LETTERS)] * messages + [(SMALLEST + 256, EVERY_BYTE), (LIMIT, LETTERS)]
    for number, (length, tail) in enumerate(rounds):
        sent = [send(sock, i, number, length, tail) for i, sock in enumerate(socks)]
        for sock, (t1, message) in zip(socks, sent):
            receive(sock, t1, message)
    for sock in socks:
        leave(sock)


def main():
    parser = argparse.ArgumentParser(description="strict timestamp-echo client")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--messages", type=int, default=10, metavar="N", help="messages on each connection")
    parser.add_argument("--size", type=int, default=64, metavar="BYTES", help="size of a whole message, with t1")
    parser.add_argument("--clients", type=int, default=1, metavar="C", help="connections at once")
    args = parser.parse_args()
    if not SMALLEST <= args.size <= LIMIT or args.messages < 0 or args.clients < 1:
        parser.error(f"--size is {SMALLEST} to {LIMIT}, --messages at least 0, --clients at least 1")

    socks = []
    try:
        for _ in range(args.clients):
            socks.append(socket.create_connection((args.host, args.port), TIMEOUT))
        run(socks, args.messages, args.size)
    except (Wrong, OSError) as err:  # OSError: refused, reset, timed out
        sys.exit(f"client.py: {err}")
    finally:
        for sock in socks:
            sock.close()
    print(f"ok: {args.clients} clients, {args.messages} messages each")


if __name__ == "__main__":
    main()
