//! A producer's sheet.

use engine::client::{Producer, ProducerBatch, TransactionCall, TransactionManager};
use engine::command::ClientNumber;
use engine::{Command, TopicPartition, World};

use super::settings;
use crate::panels::Panel;
use crate::panels::inspector::act::{Act, Deed, Field, Verb};
use crate::panels::inspector::sheet::{Section, Sheet, Text};
use crate::panels::inspector::words::{self, BYTES};
use crate::stage::{BoardAction, Subject, last_workload};

pub(super) fn sheet(world: &World, subject: &Subject, title: String, producer: &Producer) -> Sheet {
    let sentence = "Sends records. They gather in its accumulator, in a batch for each partition, \
        and a batch is sent when it is full or has lingered.";
    let sheet = Sheet::new(subject, title, sentence)
        .with(what_it_holds(producer))
        .with(batches(world, producer))
        .with(callbacks(producer));
    let sheet = match producer.transactions() {
        Some(manager) => sheet.with(idempotence(producer, manager)),
        None => sheet.with(Section::new("Idempotence").row(
            "enable.idempotence",
            "false",
            "a batch that is sent again may be stored twice, or out of order",
        )),
    };
    let sheet = sheet.with(settings::of_producer(producer));
    acts(sheet, world, producer)
}

fn what_it_holds(producer: &Producer) -> Section {
    let makes = match producer.workload() {
        Some(workload) => Text::from(format!(
            "{} every {} ms to ",
            words::counted(workload.burst.max(1) as usize, "record"),
            workload.interval_us / 1_000
        ))
        .then(words::topic(&workload.topic)),
        None => Text::from("nothing by itself"),
    };
    let held: i32 = producer
        .batches()
        .map(|(_, batch)| batch.record_count())
        .sum();
    let sent: i32 = producer
        .in_flight_batches()
        .map(|(_, batch)| batch.record_count())
        .sum();
    let memory = format!(
        "{} of {}",
        producer.used_memory(),
        producer.config.buffer_memory
    );
    Section::new("What it does")
        .row("Makes up", makes, "")
        .row(
            "Waiting in send()",
            producer.waiting_records(),
            "records, for metadata or for room in buffer.memory (max.block.ms)",
        )
        .row("In the accumulator", held, "records")
        .row(
            "In flight",
            sent,
            "records that were sent and are not answered",
        )
        .row("buffer.memory used", memory, BYTES)
        .row(
            "flush()",
            if producer.is_flushing() {
                "waits"
            } else {
                "nobody waits"
            },
            "",
        )
        .row(
            "close()",
            if producer.is_closing() {
                "was called"
            } else {
                "not called"
            },
            "",
        )
}

fn batches(world: &World, producer: &Producer) -> Section {
    let linger_ms = producer.config.linger_ms;
    let held = producer.batches().map(|(of, batch)| {
        let state = match (batch.is_full(), batch.attempts) {
            (_, 1..) => "waits to be sent again".to_owned(),
            (true, _) => "full, waits to be sent".to_owned(),
            (false, _) => format!(
                "fills; lingers, sent {}",
                words::due(world.now(), batch.lingers_until(linger_ms))
            ),
        };
        row(world, producer, of, batch, state)
    });
    let flying = producer
        .in_flight_batches()
        .map(|(of, batch)| row(world, producer, of, batch, "in flight".to_owned()));
    let rows = held.chain(flying).collect();
    Section::new("Batches").table(
        &[
            "partition",
            "state",
            "records",
            "bytes",
            "sequence",
            "sent in vain",
            "given up",
        ],
        rows,
    )
}

fn row(
    world: &World,
    producer: &Producer,
    of: &TopicPartition,
    batch: &ProducerBatch,
    state: String,
) -> Vec<Text> {
    let expires = batch.expires_at(producer.config.delivery_timeout_ms());
    let sequence = match batch.base_sequence() {
        ..0 => "–".to_owned(),
        base => format!("{base}–{}", batch.last_sequence()),
    };
    vec![
        words::partition(of),
        Text::from(state),
        Text::from(batch.record_count()),
        Text::from(format!(
            "{} of {}",
            batch.size_in_bytes(),
            batch.write_limit()
        )),
        Text::from(sequence),
        Text::from(batch.attempts),
        Text::from(words::due(world.now(), expires)),
    ]
}

fn callbacks(producer: &Producer) -> Section {
    let rows: Vec<Vec<Text>> = producer
        .queued_callbacks()
        .map(|callback| {
            let place = callback
                .partition
                .map(|it| TopicPartition::new(callback.topic.clone(), it));
            let place = place.map_or(words::topic(&callback.topic), |of| words::partition(&of));
            let outcome = match (&callback.error, callback.base_offset) {
                (Some((exception, message)), _) => format!("{exception}: {message}"),
                (None, Some(offset)) => format!("stored from offset {offset}"),
                (None, None) => "delivered".to_owned(),
            };
            vec![place, Text::from(callback.records), Text::from(outcome)]
        })
        .collect();
    let note = match producer.config.callbacks_on_poll {
        true => "they run at poll() or flush(), as in librdkafka (delivery.callbacks.on.poll)",
        false => "they run at once, as in the Java client",
    };
    Section::new("Callbacks")
        .row("Waiting", rows.len(), note)
        .table(&["for", "records", "outcome"], rows)
        .folded()
}

fn idempotence(producer: &Producer, manager: &TransactionManager) -> Section {
    let (id, epoch) = match manager.producer_id_and_epoch() {
        Some(it) => (it.producer_id.to_string(), it.epoch.to_string()),
        None => ("none yet".to_owned(), "none yet".to_owned()),
    };
    let mut section = Section::new("Idempotence and transactions")
        .row("State", manager.state().name(), "")
        .row("producerId", id, "given by InitProducerId")
        .row(
            "producerEpoch",
            epoch,
            "a producer with a lower one is fenced",
        );
    if let Some(transactional_id) = &producer.config.transactional_id {
        let partitions: Vec<_> = manager.partitions_in_transaction().cloned().collect();
        section = section
            .row("transactional.id", transactional_id.as_str(), "")
            .row("In the transaction", words::partitions(&partitions), "");
    }
    if let Some(error) = manager.fatal_error() {
        section = section.row("Error", error.to_string(), "it can send no more");
    }
    let held = producer.batches().chain(producer.in_flight_batches());
    let known: engine::collections::BTreeSet<&TopicPartition> = held.map(|(of, _)| of).collect();
    let rows = known.into_iter().map(|of| {
        vec![
            words::partition(of),
            Text::from(manager.next_sequence(of)),
            Text::from(words::maybe(manager.last_acked_sequence(of), "none")),
        ]
    });
    section.table(
        &["partition", "next sequence", "last acknowledged"],
        rows.collect(),
    )
}

fn acts(sheet: Sheet, world: &World, it: &Producer) -> Sheet {
    let producer: ClientNumber = it.connection.number;
    let mut sheet = sheet.can(Act::new(
        "Send a record",
        "send()",
        Deed::Open(Panel::SendRecord(Some(producer))),
    ));
    if let Some(name) = match (it.workload(), last_workload(world, producer)) {
        (Some(_), _) => Some("Stop making up records"),
        (None, Some(_)) => Some("Make up records again"),
        (None, None) => None,
    } {
        let toggle = Deed::Board(BoardAction::ToggleWorkload { producer });
        sheet = sheet.can(Act::new(
            name,
            "Its workload, as when it was started",
            toggle,
        ));
    }
    let makes = it.workload().cloned();
    if let Some(workload) = makes.or_else(|| last_workload(world, producer)) {
        let rate = 1_000_000.0 / workload.interval_us.max(1) as f64;
        let rate = (rate * 1_000.0).round() / 1_000.0;
        sheet = sheet.can(Act::ask(
            "Change its rate",
            "How many records it makes up",
            vec![Field::typed(
                "rate",
                "Records per second (0: none)",
                rate.to_string(),
            )],
            Verb::SetRate(producer, Box::new(workload)),
        ));
    }
    sheet = sheet.can(Act::command(
        "flush()",
        "Sends what it holds without lingering",
        Command::Flush { producer },
    ));
    if it.config.callbacks_on_poll {
        sheet = sheet.can(Act::command(
            "poll()",
            "Runs the callbacks that wait",
            Command::Poll { producer },
        ));
    }
    if it.config.transactional_id.is_some() {
        for (name, about, call) in [
            (
                "initTransactions()",
                "Gets an id and an epoch, and fences who had it before",
                TransactionCall::Init,
            ),
            (
                "beginTransaction()",
                "What is sent from now on belongs together",
                TransactionCall::Begin,
            ),
            (
                "commitTransaction()",
                "All of it counts",
                TransactionCall::Commit,
            ),
            (
                "abortTransaction()",
                "None of it counts",
                TransactionCall::Abort,
            ),
        ] {
            sheet = sheet.can(Act::command(
                name,
                about,
                Command::Transaction { producer, call },
            ));
        }
    }
    sheet.can(
        Act::command(
            "End without close()",
            "The program ends: what is in its accumulator is never sent",
            Command::CloseWithoutFlush { producer },
        )
        .grave(),
    )
}
