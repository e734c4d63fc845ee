"""Reads logs that the engine has written with kafka-python, which knows Kafka's
format and not ours, and compares all that is in them with what was written.

    read_back.py FOLDER

FOLDER is what `export_segment` (an example of the engine) has written;
`cargo xtask test --only segments` runs both.
"""

import json
import sys
from pathlib import Path

from kafka.record import MemoryRecords

TIMESTAMP_TYPES = ["CreateTime", "LogAppendTime"]


def hex_or_none(data):
    return None if data is None else bytes(data).hex()


def read_record(record):
    return {
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": hex_or_none(record.key),
        "value": hex_or_none(record.value),
        "headers": [[name, hex_or_none(value)] for name, value in record.headers],
    }


def read_batch(batch):
    assert batch.magic == 2, f"magic {batch.magic}"
    # Before the records: kafka-python checks what it has not taken apart yet.
    assert batch.validate_crc(), f"the CRC of the batch at {batch.base_offset} is wrong"
    return {
        "base_offset": batch.base_offset,
        "last_offset": batch.last_offset,
        "leader_epoch": batch.leader_epoch,
        "timestamp_type": TIMESTAMP_TYPES[batch.timestamp_type],
        "max_timestamp": batch.max_timestamp,
        "is_transactional": batch.is_transactional,
        "is_control": batch.is_control_batch,
        "producer_id": batch.producer_id,
        "producer_epoch": batch.producer_epoch,
        "base_sequence": batch.base_sequence,
        "records": [read_record(record) for record in batch],
    }


def read_segment(data):
    records = MemoryRecords(data)
    batches = [read_batch(batch) for batch in records]
    assert records.valid_bytes() == len(data), "bytes are left over at the end"
    return batches


def compare(expected, actual, place=""):
    """Says where the first difference is."""
    if isinstance(expected, dict):
        assert expected.keys() == actual.keys(), f"{place}: {actual.keys()}"
        for name, value in expected.items():
            compare(value, actual[name], f"{place}.{name}")
    elif isinstance(expected, list):
        assert len(expected) == len(actual), f"{place}: {len(actual)}, not {len(expected)}"
        for index, value in enumerate(expected):
            compare(value, actual[index], f"{place}[{index}]")
    else:
        assert expected == actual, f"{place}: {actual!r}, not {expected!r}"


def differs(expected, data):
    """Whether reading fails, or gives something else than was written."""
    try:
        compare(expected, read_segment(data))
    except Exception:  # kafka-python fails in many ways on what is not Kafka's format
        return True
    return False


def check_flipped_bytes(expected, data):
    """A comparison that a flipped byte escaped would show nothing."""
    for position in range(len(data)):
        flipped = bytearray(data)
        flipped[position] ^= 1
        assert differs(expected, bytes(flipped)), f"byte {position} can be flipped unnoticed"


def check_log(folder):
    """Reads a log segment by segment, each named after its first offset."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["batches"]
    files = sorted(folder.glob("*.log"))
    starts = [int(file.stem) for file in files]
    assert starts[0] == expected[0]["base_offset"], f"the log starts at {starts[0]}"
    size = 0
    for file, start, end in zip(files, starts, starts[1:] + [float("inf")]):
        of_segment = [batch for batch in expected if start <= batch["base_offset"] < end]
        data = file.read_bytes()
        compare(of_segment, read_segment(data), f"{folder.name}/{file.name}")
        assert of_segment[0]["base_offset"] == start, f"{file.name} starts elsewhere"
        check_flipped_bytes(of_segment, data)
        size += len(data)
    records = sum(len(batch["records"]) for batch in expected)
    print(
        f"{folder.name}: {records} records in {len(expected)} batches and {len(files)} segments"
        f" are as written; each of {size} bytes, flipped, is noticed"
    )


def main():
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        check_log(folder)


if __name__ == "__main__":
    main()
