//! Exactly once, and work that is handed out record by record.

use engine::client::{
    AcknowledgementRule, Acknowledging, ConsumerConfig, ProducerConfig, ShareConsumerConfig,
};
use engine::protocol::{AcknowledgeType, IsolationLevel};
use engine::{Command, WorldConfig};

use super::ReadyMade;
use super::building::{named, of_group, random_keys, records};
use crate::playground::{BOARD_METADATA_MAX_AGE_MS, Playground};
use crate::stage::By;

/// Read, transform, write: all of it or nothing.
pub(super) const TRANSACTIONS: ReadyMade = ReadyMade {
    id: "transactions",
    title: "Transactions",
    sentence: "An application turns orders into payments within transactions; it crashes in the \
               middle of one, and the bank, which reads only what is committed, sees each payment \
               once.",
    by: By::Topic,
    config: WorldConfig::playground,
    set: transactions,
};

/// The queue beside the log.
pub(super) const WORK_QUEUE: ReadyMade = ReadyMade {
    id: "work-queue",
    title: "A work queue beside a log",
    sentence: "Four workers of a share group take single jobs off two partitions, and a job that \
               is handed back five times is given up, while an audit group reads the same records \
               in order.",
    by: By::Topic,
    config: WorldConfig::playground,
    set: work_queue,
};

/// The `transactional.id` of the application and of the one that replaces it.
const APPLICATION: &str = "cashier";

fn cashier() -> Command {
    Command::AddProcessor {
        consumer: ConsumerConfig {
            max_poll_records: 3,
            session_timeout_ms: 10_000,
            isolation_level: IsolationLevel::ReadCommitted,
            ..named("", "cashier")
        },
        producer: ProducerConfig {
            client_id: APPLICATION.to_owned(),
            transactional_id: Some(APPLICATION.to_owned()),
            metadata_max_age_ms: BOARD_METADATA_MAX_AGE_MS,
            ..ProducerConfig::default()
        },
        input: vec!["orders".into()],
        output: "payments".into(),
    }
}

fn transactions(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("orders", 2), ("payments", 2)])?;
    let workload = records("orders", 1_200, random_keys("cart-", 5), "order ");
    playground.set_producer("shop", workload)?;
    let application = playground.execute(cashier())?;
    let application = application.ok_or("The application did not start.")?;
    let committed = ConsumerConfig {
        isolation_level: IsolationLevel::ReadCommitted,
        ..of_group("bank")
    };
    playground.add_consumer(committed, &["payments"])?;
    playground.add_consumer(of_group("curious"), &["payments"])?;
    playground.advance_us(18_000_000);
    playground.later(
        12,
        Command::Crash {
            client: application,
        },
    );
    playground.later(20, cashier());
    Ok(())
}

fn work_queue(playground: &mut Playground) -> Result<(), String> {
    playground.set_topics(&[("jobs", 2)])?;
    for number in 1..=4 {
        let config = ShareConsumerConfig {
            client_id: format!("worker-{number}"),
            max_poll_records: 2,
            processing_us: 900_000,
            metadata_max_age_ms: BOARD_METADATA_MAX_AGE_MS,
            acknowledging: Acknowledging::ByRule(AcknowledgementRule {
                every: 5,
                with: AcknowledgeType::Release,
            }),
            ..ShareConsumerConfig::of_group("workers")
        };
        let topics = vec!["jobs".into()];
        playground.execute(Command::AddShareConsumer { config, topics })?;
    }
    playground.set_group("audit", "jobs", 1)?;
    playground.advance_us(6_000_000);
    let workload = records("jobs", 500, random_keys("job-", 8), "do ");
    playground.set_producer("office", workload)?;
    playground.advance_us(12_000_000);
    Ok(())
}
