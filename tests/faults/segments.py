"""The records of a log's segment files, read and damaged from outside.

common/record.h and common/spool_format.h draw the bytes. A record here is
whatever has the magic and lies where the one before ends; no CRC is checked,
so only undamaged logs are read with it.
"""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = 0x43455247
HEADER = 64
SPOOLED_HEAD = 16
DATA, CLOCK, SPOOLED = 1, 4, 7


@dataclass
class Record:
    path: Path
    at: int  # in the file
    offset: int  # in the log
    size: int  # header and payload, without padding
    kind: int
    payload: bytes

    @property
    def device(self):
        """Of the topic, in the agent's journal only."""
        if self.kind != DATA:
            return ""
        begin = 2 + self.payload[0]
        return self.payload[begin:begin + self.payload[1]].decode()

    @property
    def number(self):
        """Of the batch; None where it has none."""
        if self.kind == SPOOLED:
            return struct.unpack_from("<Q", self.payload)[0]
        found = re.search(rb"\n?#gong [^\n]* seq=([0-9]+)", self.payload)
        return int(found[1]) if self.kind == DATA and found else None

    def lines(self):
        """The line-protocol lines inside."""
        if self.kind == SPOOLED:
            body = self.payload[SPOOLED_HEAD:]
        elif self.kind == DATA:
            body = self.payload[2 + self.payload[0] + self.payload[1]:]
        else:
            return []
        return [line for line in body.decode(errors="replace").splitlines()
                if line and not line.startswith("#")]


def log_id(folder):
    return (Path(folder) / "log.meta").read_bytes()[8:24]


def read_segment(path, identity):
    data = path.read_bytes()
    if data[:4] != b"GSEG" and struct.unpack_from("<I", data)[0] != 0x47455347:
        return []
    if data[8:24] != identity:
        return []
    size, number = struct.unpack_from("<QQ", data, 24)
    at, records = HEADER, []
    while at + HEADER <= len(data):
        magic, version, kind, _, _, length = struct.unpack_from("<IBBBBI",
                                                                data, at)
        if magic != MAGIC or version != 1:
            break
        records.append(Record(path, at, number * size + at, HEADER + length,
                              kind, data[at + HEADER:at + HEADER + length]))
        at += (HEADER + length + 7) // 8 * 8
    return records


def read_log(folder):
    """All records, in order."""
    identity = log_id(folder)
    records = []
    for path in Path(folder).glob("*.segment"):
        records += read_segment(path, identity)
    records.sort(key=lambda record: record.offset)
    # A recycled segment may hold an earlier use after its end.
    return records


def flip(record, dice):
    """Inverts one bit of the payload."""
    at = record.at + HEADER + dice.randrange(record.size - HEADER)
    with open(record.path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << dice.randrange(8)]))


def cut(record, dice):
    """Zeros from inside the record to the end of its file: as after a power
    cut that lost the last pages. Something of the record stays: where it is
    gone as a whole, nobody can see that it was there."""
    keep = dice.randrange(1, record.size)
    length = record.path.stat().st_size
    with open(record.path, "r+b") as file:
        file.seek(record.at + keep)
        file.write(bytes(length - record.at - keep))


def sample_of(line):
    """(series key, number, stamp) of a fed line; None for others."""
    if not line.startswith(("load,", "sig,")):
        return None
    key, fields, stamp = line.split(" ")
    number = fields.rpartition("n=")[2].rstrip("i")
    return key, int(number), int(stamp)
