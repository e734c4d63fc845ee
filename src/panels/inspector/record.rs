//! A record's sheet.

use engine::log::PartitionLog;
use engine::log::record_batch::{EndTransactionMarker, RecordBatch, RecordView, TimestampType};
use engine::{TopicPartition, World};

use super::act::{Act, Deed};
use super::shared;
use super::sheet::{Section, Sheet, Text};
use super::words::{self, BYTES, Reading};
use crate::panels::{Panel, bytes};
use crate::stage::KeyToPartition;
use crate::stage::Subject;
use crate::stage::scene::readable;

/// All about a record.
pub(super) fn sheet(world: &World, subject: &Subject, of: &TopicPartition, offset: i64) -> Sheet {
    let title = format!("Record {offset} of {of}");
    let Some(partition) = world.partition(of) else {
        let why = format!("There is no partition {of} any more, and its records went with it.");
        return Sheet::gone(subject, title, why);
    };
    let log = &partition.log;
    let Some(batch) = batch_of(log, offset) else {
        return Sheet::gone(subject, title, why_gone(log, of, offset));
    };
    let found = batch.records().filter_map(Result::ok);
    let Some(record) = found.into_iter().find(|record| record.offset == offset) else {
        let why = format!("Compaction has removed the record {offset}: a later one has its key.");
        return Sheet::gone(subject, title, why);
    };
    let sentence = match control(&record, batch) {
        Some(marker) => format!(
            "A control record: the transaction of producer {} was {} here. No application sees it.",
            batch.producer_id(),
            marker
        ),
        None => format!(
            "{} in partition {} of {}; its offset never changes and is never given again.",
            match record.key {
                Some(key) => format!("A record with the key {}", readable(key)),
                None => "A record without a key".to_owned(),
            },
            of.partition,
            of.topic
        ),
    };
    let mut sheet = Sheet::new(subject, title, sentence)
        .with(contents(&record))
        .with(where_it_is(world, log, batch, &record, of));
    if let Some(key) = record.key {
        sheet = sheet.with(lane(world, of, key));
    }
    sheet = sheet.with(readers(world, of, offset));
    sheet.sections.extend(shared::of_record(world, of, offset));
    sheet = sheet.with(of_batch(log, batch, &record)).with(hex(&record));
    neighbours(sheet, log, of, offset)
}

/// The batch that holds an offset which is still in the log.
fn batch_of(log: &PartitionLog, offset: i64) -> Option<&RecordBatch> {
    if offset < log.start_offset() || offset >= log.end_offset() {
        return None;
    }
    let found = log.batches_from(offset).next();
    found.filter(|batch| batch.base_offset() <= offset && offset <= batch.last_offset())
}

fn why_gone(log: &PartitionLog, of: &TopicPartition, offset: i64) -> String {
    if offset >= log.end_offset() {
        return format!(
            "There is no record {offset} in {of}: the log ends at {}. It was never written, \
                 or was lost.",
            log.end_offset()
        );
    }
    if offset < log.start_offset() {
        return format!(
            "The record {offset} of {of} is gone: the log starts at {} now, by retention or \
                 because records were deleted.",
            log.start_offset()
        );
    }
    format!("Compaction has removed the record {offset} of {of}: a later one has its key.")
}

fn control(record: &RecordView<'_>, batch: &RecordBatch) -> Option<&'static str> {
    let marker = batch
        .is_control()
        .then(|| EndTransactionMarker::from_record(record));
    Some(match marker?.map(|marker| marker.result.name()) {
        Some("COMMIT") => "committed",
        Some(_) => "aborted",
        None => "ended",
    })
}

fn where_it_is(
    world: &World,
    log: &PartitionLog,
    batch: &RecordBatch,
    record: &RecordView<'_>,
    of: &TopicPartition,
) -> Section {
    let state = match record.offset < log.high_watermark() {
        true => "committed: every in-sync replica has it, and consumers can read it",
        false => {
            "not committed yet: the high watermark is not beyond it, and consumers cannot read it"
        }
    };
    let timestamp_note = match batch.timestamp_type() {
        TimestampType::CreateTime => "CreateTime: its producer said so",
        TimestampType::LogAppendTime => "LogAppendTime: its leader said so",
    };
    Section::new("Where and when")
        .row("Topic", words::topic(&of.topic), "")
        .row("Partition", words::partition(of), "")
        .row("Offset", record.offset, "")
        .row(
            "Leader",
            words::maybe_broker(world.image().partition(of).and_then(|it| it.leader)),
            "",
        )
        .row("Replication", state, "")
        .row(
            "Timestamp",
            words::timestamp(record.timestamp_ms),
            timestamp_note,
        )
        .row("Transaction", transaction(log, batch, record.offset), "")
}

fn transaction(log: &PartitionLog, batch: &RecordBatch, offset: i64) -> &'static str {
    if !batch.is_transactional() {
        return "none";
    }
    let id = batch.producer_id();
    let mut aborted = log.producer_state().aborted().entries().iter();
    let holds = |from: i64, to: i64| (from..=to).contains(&offset);
    if aborted.any(|it| it.producer_id == id && holds(it.first_offset, it.last_offset)) {
        return "aborted: read_committed passes it over";
    }
    let open = log.producer_state().producer(id);
    let open = open.and_then(|entry| entry.transaction_first_offset());
    match open {
        Some(first) if first <= offset => "open: read_committed waits for its end",
        _ => "committed",
    }
}

fn contents(record: &RecordView<'_>) -> Section {
    let size = |bytes: Option<&[u8]>| match bytes {
        Some(bytes) => words::counted(bytes.len(), "byte"),
        None => "null".to_owned(),
    };
    let mut section = Section::new("Contents").row(
        "Key",
        record.key.map_or("null".to_owned(), readable),
        &size(record.key),
    );
    for (name, value) in record.headers {
        let value_text = value.map_or("null".to_owned(), readable);
        section = section.row(format!("Header {name}"), value_text, &size(value));
    }
    section = section.row("Headers", record.headers.len(), "");
    let (value, note) = match record.value {
        None => (
            "null".to_owned(),
            "null: in a compacted topic it deletes the key (a tombstone)",
        ),
        Some(value) => match bytes::pretty_json(value) {
            Some(json) => (json, "JSON, put in lines"),
            None => (bytes::text(value), ""),
        },
    };
    section.row("Value", size(record.value), note).text(value)
}

fn lane(world: &World, of: &TopicPartition, key: &[u8]) -> Section {
    let partitions = world
        .topics()
        .get(&of.topic)
        .map_or(0, |topic| topic.partitions.len());
    let partitions = i32::try_from(partitions).unwrap_or(i32::MAX);
    let section = Section::new("Why this partition");
    let Some(way) = KeyToPartition::of(key, partitions) else {
        return section;
    };
    let agrees = way.partition == of.partition;
    let section = way
        .steps()
        .into_iter()
        .fold(section, |section, (step, result)| {
            section.row(step, result, "")
        });
    let verdict = match agrees {
        true => format!("the key's partition is {}: here", way.partition),
        false => format!(
            "a record with this key would go to {} today: there were fewer partitions when \
                 this one came, or its producer chose otherwise",
            way.partition
        ),
    };
    section.row("So", verdict, "")
}

fn readers(world: &World, of: &TopicPartition, offset: i64) -> Section {
    let rows = Reading::all(world).into_iter().filter_map(|reading| {
        let group = &reading.group;
        let processed = world.processed_by(group).and_then(|all| all.get(of));
        let times = processed.map_or(0, |counts| counts.count(offset));
        let progress = reading.progress(of);
        if progress.is_none() && times == 0 {
            return None;
        }
        let committed = progress.as_ref().and_then(|it| it.committed);
        let position = progress.as_ref().and_then(|it| it.owner?.1);
        let state = match (times, position, committed) {
            (1, ..) => "processed once".to_owned(),
            (2.., ..) => format!("processed {times} times"),
            (0, _, Some(committed)) if committed > offset => {
                "passed over: committed beyond it".to_owned()
            }
            (0, Some(position), _) if position > offset => "read, not processed yet".to_owned(),
            _ => "not read yet".to_owned(),
        };
        let by = consumers_of(world, of, offset, group);
        Some(vec![
            words::group(group),
            Text::from(state),
            by,
            Text::from(committed.is_some_and(|committed| committed > offset)),
        ])
    });
    Section::new("Who has read it").table(
        &["group", "what became of it", "by", "committed"],
        rows.collect(),
    )
}

fn consumers_of(world: &World, of: &TopicPartition, offset: i64, group: &str) -> Text {
    let of_group = words::consumers(world).filter(|it| it.config.group_id == group);
    let has = of_group.filter(|it| {
        it.processed()
            .get(of)
            .is_some_and(|counts| counts.count(offset) > 0)
    });
    Text::list(
        has.map(|it| words::client(world, it.connection.number)),
        "–",
    )
}

fn of_batch(log: &PartitionLog, batch: &RecordBatch, record: &RecordView<'_>) -> Section {
    let none = |is_none: bool, value: i64| match is_none {
        true => format!("{value} (none)"),
        false => value.to_string(),
    };
    let segment = log
        .segments()
        .take_while(|it| it.base_offset() <= record.offset)
        .last();
    let segment = segment.map(|it| format!("{:020}.log", it.base_offset()));
    let without = !batch.has_producer_id();
    let first = batch.base_offset();
    Section::new("Its batch")
        .row(
            "Size of the record",
            record.size_in_bytes,
            "bytes in the batch, its length field included",
        )
        .row("baseOffset", first, "")
        .row("lastOffset", batch.last_offset(), "")
        .row("count", batch.record_count(), "records in the batch")
        .row("batchLength", batch.size_in_bytes(), BYTES)
        .row("partitionLeaderEpoch", batch.partition_leader_epoch(), "")
        .row("magic", i32::from(batch.magic()), "format v2")
        .row(
            "crc",
            format!("{:#010x}", batch.crc()),
            if batch.is_crc_valid() {
                "CRC-32C; valid"
            } else {
                "CRC-32C; not valid"
            },
        )
        .row("compression", batch.compression_type().name(), "")
        .row("producerId", none(without, batch.producer_id()), "")
        .row(
            "producerEpoch",
            none(without, i64::from(batch.producer_epoch())),
            "",
        )
        .row(
            "sequence",
            none(record.sequence < 0, i64::from(record.sequence)),
            "of this record",
        )
        .row("isTransactional", batch.is_transactional(), "")
        .row("isControl", batch.is_control(), "")
        .maybe("Segment", segment, "the file it lies in")
}

fn hex(record: &RecordView<'_>) -> Section {
    let mut parts = Vec::new();
    if let Some(key) = record.key {
        parts.push(format!("key\n{}", bytes::hex(key)));
    }
    if let Some(value) = record.value {
        parts.push(format!("value\n{}", bytes::hex(value)));
    }
    for (name, value) in record.headers {
        if let Some(value) = value {
            parts.push(format!(
                "header {}\n{}",
                readable(name.as_bytes()),
                bytes::hex(value)
            ));
        }
    }
    Section::new("Bytes").text(parts.join("\n\n")).folded()
}

fn neighbours(mut sheet: Sheet, log: &PartitionLog, of: &TopicPartition, offset: i64) -> Sheet {
    let inside = log.start_offset()..log.end_offset();
    for (name, about, other) in [
        (
            "Previous record",
            "the one before it in its partition",
            offset - 1,
        ),
        (
            "Next record",
            "the one after it in its partition",
            offset + 1,
        ),
    ] {
        if inside.contains(&other) {
            let to = Subject::Record(of.clone(), other);
            sheet = sheet.can(Act::new(name, about, Deed::Open(Panel::Inspector(to))));
        }
    }
    sheet.can(Act::new(
        "Browse messages",
        "All records of its topic, with filters",
        Deed::Open(Panel::Browser(of.topic.clone())),
    ))
}
