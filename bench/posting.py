"""Posts JSON over kept connections, each the next as soon as it has its answer; a process of its own.

Reads one JSON object: `port`, `path`, how many `connections`, for how many `seconds`, and the `body`, to which each
post adds an email of its own that begins with `name`. Prints as JSON the `seconds` until the last answer, those of each
answer, and how often each status came. Plain sockets on one event loop: a client library would take more of the
processor than the server does.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from typing import Any


async def _post(task: dict[str, Any]) -> dict[str, Any]:
    numbers, answers, statuses = itertools.count(1), list[float](), Counter[int]()
    began = time.monotonic()

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", task["port"])
        while time.monotonic() - began < task["seconds"]:
            number = next(numbers)
            email = f"{task['name']}{number}@example-{number % 500}.org"
            body = json.dumps(task["body"] | {"email": email}).encode()
            head = f"POST {task['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            asked = time.monotonic()
            writer.write(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            statuses[await _status(reader)] += 1
            answers.append(time.monotonic() - asked)
        writer.close()

    await asyncio.gather(*(one_connection() for _ in range(task["connections"])))
    return {"seconds": time.monotonic() - began, "answers": answers, "statuses": statuses}


async def _status(reader: asyncio.StreamReader) -> int:
    """Read one answer to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return int(head.split(maxsplit=2)[1])


if __name__ == "__main__":
    json.dump(asyncio.run(_post(json.load(sys.stdin))), sys.stdout)
