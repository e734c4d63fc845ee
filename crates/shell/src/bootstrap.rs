//! Addresses given to `--bootstrap-server`: which of them reach the cluster.

use engine::World;

/// Where addresses lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To a broker of this world.
    Cluster,
    /// To a machine on which nobody listens: as a client logs it
    /// (`localhost/127.0.0.1:1`).
    Nobody(String),
    /// No machine of that name is known.
    UnknownHost { host: String, address: String },
    /// Not an address at all.
    NotAnAddress(String),
}

/// The ports under which the first broker is reached, besides those of the
/// brokers in order from 9092.
const PORTS: [u16; 3] = [9092, 19092, 29092];

/// Names that a broker, or the machine it runs on, goes by.
const HOSTS: [&str; 7] = [
    "localhost",
    "127.0.0.1",
    "0.0.0.0",
    "kafka",
    "broker",
    "kafka-broker",
    "host.docker.internal",
];

/// Where a comma-separated list of addresses leads: one that reaches a broker
/// is enough.
pub(crate) fn reach(world: &World, addresses: &str) -> Reach {
    let mut nobody = None;
    let mut unknown = None;
    for address in addresses
        .split(',')
        .map(str::trim)
        .filter(|a| !a.is_empty())
    {
        let Some((host, port)) = split(address) else {
            return Reach::NotAnAddress(address.to_owned());
        };
        if !is_known_host(world, host) {
            unknown = Some(Reach::UnknownHost {
                host: host.to_owned(),
                address: address.to_owned(),
            });
        } else if is_broker_port(world, port) {
            return Reach::Cluster;
        } else {
            nobody = nobody.or_else(|| Some(Reach::Nobody(logged(host, port))));
        }
    }
    nobody
        .or(unknown)
        .unwrap_or(Reach::NotAnAddress(addresses.to_owned()))
}

/// Whether each address names a host and a port
/// (`ToolsUtils.validateBootstrapServer`).
pub(crate) fn are_addresses(addresses: &str) -> bool {
    !addresses.is_empty() && addresses.split(',').all(|address| split(address).is_some())
}

/// `HOST:PORT`, `[IPV6]:PORT`, also with a protocol before it.
fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.trim().rsplit_once(':')?;
    let host = host.rsplit_once("//").map_or(host, |(_, host)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let legal = |c: char| c.is_ascii_alphanumeric() || "-.%_:".contains(c);
    let is_host = !host.is_empty() && host.chars().all(legal);
    is_host.then_some(())?;
    Some((host, port.parse().ok()?))
}

fn is_known_host(world: &World, host: &str) -> bool {
    if HOSTS.contains(&host) || is_ip(host) {
        return true;
    }
    let names_broker = |id: &i32| {
        ["kafka", "kafka-", "broker", "broker-"]
            .iter()
            .any(|name| host.strip_prefix(name) == Some(&id.to_string()))
    };
    world.brokers().keys().any(names_broker)
}

fn is_ip(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
}

fn is_broker_port(world: &World, port: u16) -> bool {
    let brokers = world.brokers().len();
    PORTS.contains(&port)
        || (9092..)
            .take(brokers)
            .any(|of_broker: u16| of_broker == port)
}

/// An address as a client logs it, with the number its name stands for.
fn logged(host: &str, port: u16) -> String {
    match host {
        _ if is_ip(host) => format!("/{host}:{port}"),
        "localhost" => format!("localhost/127.0.0.1:{port}"),
        host => format!("{host}/172.18.0.2:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::WorldConfig;

    #[test]
    fn addresses_lead_somewhere() {
        let world = World::new(1, WorldConfig::playground());
        let to = |addresses| reach(&world, addresses);
        for address in [
            "localhost:9092",
            "localhost:19092",
            "127.0.0.1:9092",
            "kafka:9092",
            "kafka:19092",
            "broker-1:9092",
            "PLAINTEXT://localhost:9092",
            "localhost:1,localhost:9092",
        ] {
            assert_eq!(to(address), Reach::Cluster, "{address}");
        }
        assert_eq!(
            to("localhost:1"),
            Reach::Nobody("localhost/127.0.0.1:1".to_owned())
        );
        assert_eq!(to("10.0.0.1:1"), Reach::Nobody("/10.0.0.1:1".to_owned()));
        assert!(matches!(to("broker-2:9092"), Reach::UnknownHost { .. }));
        assert!(matches!(
            to("nowhere.example:9092"),
            Reach::UnknownHost { .. }
        ));
        for address in [
            "localhost",
            "",
            ":9092",
            "localhost:port",
            "localhost:99999",
        ] {
            assert_eq!(to(address), Reach::NotAnAddress(address.to_owned()));
        }
    }
}
