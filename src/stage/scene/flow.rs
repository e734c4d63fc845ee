//! What happens to a producer's records besides being held in its accumulator.

use engine::World;
use engine::client::{Producer, TransactionState};

use super::super::geometry::Rect;
use super::super::recent::Recent;
use super::words::short_number;
use super::{Flow, Transaction};

/// A producer's transactions; `None` without `transactional.id`.
pub(super) fn transaction(producer: &Producer) -> Option<Transaction> {
    let id = producer.config.transactional_id.clone()?;
    let manager = producer.transactions()?;
    let state = manager.state();
    let (words, is_open) = match state {
        TransactionState::Uninitialized => ("not initialized", false),
        TransactionState::Initializing => ("initializing", false),
        TransactionState::Ready => ("ready", false),
        TransactionState::InTransaction => ("in a transaction", true),
        TransactionState::CommittingTransaction => ("committing", true),
        TransactionState::AbortingTransaction => ("aborting", true),
        TransactionState::AbortableError => ("can only abort", true),
        TransactionState::FatalError => ("can send no more", false),
    };
    let is_fenced = |error: &str| {
        matches!(
            error,
            "ProducerFencedException" | "InvalidProducerEpochException"
        )
    };
    let error = manager.transaction_error().map(|(exception, _)| exception);
    Some(Transaction {
        id,
        state: state.name(),
        words: match error.is_some_and(is_fenced) {
            true => "fenced by a newer producer",
            false => words,
        },
        error: error.map(str::to_owned),
        producer: manager
            .producer_id_and_epoch()
            .map(|it| (it.producer_id, it.epoch)),
        is_open,
    })
}

/// All that is told under an accumulator. `in_flight` are records that were
/// sent.
pub(super) fn flow(world: &World, producer: &Producer, recent: &Recent, in_flight: u32) -> Flow {
    let held = producer.batches().chain(producer.in_flight_batches());
    let blocked = producer.blocked();
    let mut flow = Flow {
        tally: recent.tally_of(producer.connection.number),
        retries: held.map(|(_, batch)| batch.attempts).sum(),
        memory: (producer.used_memory(), producer.config.buffer_memory),
        blocked: blocked.map(|(since, for_memory)| (world.now().us_since(since), for_memory)),
        max_block_ms: producer.config.max_block_ms,
        callbacks: producer.config.callbacks_on_poll.then(|| {
            producer
                .queued_callbacks()
                .map(|it| it.records as usize)
                .sum()
        }),
        is_flushing: producer.is_flushing(),
        lines: Vec::new(),
        rect: Rect::default(),
    };
    flow.lines = lines(&flow, in_flight, producer.waiting_records());
    flow
}

/// The first line is always there; the others only for who has to do with
/// them, so that a box seldom changes its size.
fn lines(flow: &Flow, in_flight: u32, waiting: usize) -> Vec<(String, bool)> {
    let tally = flow.tally;
    let delivered = short_number(tally.delivered as i64);
    let mut lines = vec![(
        format!("{in_flight} in flight · {delivered} delivered"),
        false,
    )];
    if tally.failed > 0 {
        lines.push((format!("✗ {} lost: send failed", tally.failed), true));
    }
    if flow.retries > 0 {
        lines.push((format!("↻ retried {}", times(flow.retries)), true));
    }
    if let Some((us, for_memory)) = flow.blocked {
        let what = if for_memory { "memory" } else { "metadata" };
        let since = seconds(us);
        let of = match flow.max_block_ms {
            // As the producers of Kafka Connect do.
            i64::MAX => String::new(),
            ms => format!(" of {}", seconds(ms.max(0) as u64 * 1_000)),
        };
        let text = format!("send() blocks: {waiting} wait for {what}, {since}{of}");
        lines.push((text, true));
    }
    match flow.callbacks {
        Some(0) => lines.push(("no callback waits for poll()".to_owned(), false)),
        Some(1) => lines.push(("1 callback waits for poll()".to_owned(), true)),
        Some(count) => lines.push((format!("{count} callbacks wait for poll()"), true)),
        None => {}
    }
    if flow.is_flushing {
        lines.push(("flush() waits".to_owned(), false));
    }
    lines
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

/// A stretch of virtual time, such as `1.2 s`, or `340 ms` below a second.
pub fn seconds(us: u64) -> String {
    match us {
        0..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => format!("{}.{} s", us / 1_000_000, us / 100_000 % 10),
        _ => format!("{} s", us / 1_000_000),
    }
}

/// An amount of memory, such as `3 kB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_024 => format!("{count} B"),
        1_024..1_048_576 => format!("{} kB", count / 1_024),
        _ => format!("{} MB", count / 1_048_576),
    }
}
