//! What is measured, by name: a load, and from how many connections it comes.

use crate::load::Load;

/// A load with its number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub name: &'static str,
    pub load: Load,
    pub connections: u64,
}

const fn scenario(name: &'static str, load: Load, connections: u64) -> Scenario {
    Scenario { name, load, connections }
}

/// Many plain transfers.
pub const SPREAD: Scenario = scenario("spread-256", Load::Spread, 256);
const SPREAD_64: Scenario = scenario("spread-64", Load::Spread, 64);
/// The account read.
pub const READ: Scenario = scenario("read-64", Load::Read, 64);

/// In this order: one connection comes after many, so that it finds a server that has been running for a while, as the
/// baseline's one client finds a database that was filled right before.
pub const TRANSFERS: &[Scenario] = &[
    SPREAD_64,
    SPREAD,
    scenario("spread-1024", Load::Spread, 1_024),
    scenario("spread-1", Load::Spread, 1),
    scenario("hot-1", Load::Hot, 1),
    scenario("hot-64", Load::Hot, 64),
    scenario("hot-256", Load::Hot, 256),
    scenario("hot-1024", Load::Hot, 1_024),
    scenario("batch-1000", Load::Batch(1_000), 4),
];

/// What changes rows of its own. Each is compared with the plain transfers of as many connections, which are measured
/// among them.
pub const COMMANDS: &[Scenario] = &[
    SPREAD_64,
    scenario("create-customer-64", Load::CreateCustomer, 64),
    scenario("open-account-64", Load::OpenAccount, 64),
    scenario("open-new-owner-64", Load::OpenWithOwner, 64),
    scenario("update-account-64", Load::UpdateAccount, 64),
    scenario("close-account-64", Load::CloseAccount, 64),
    scenario("authorise-card-64", Load::Authorise, 64),
    SPREAD,
    scenario("create-customer-256", Load::CreateCustomer, 256),
    OPEN,
    scenario("open-new-owner-256", Load::OpenWithOwner, 256),
    scenario("update-account-256", Load::UpdateAccount, 256),
    scenario("close-account-256", Load::CloseAccount, 256),
    MIX,
];

/// One of the mix's two parts; the other is [`SPREAD`].
pub const OPEN: Scenario = scenario("open-account-256", Load::OpenAccount, 256);
/// The two together.
pub const MIX: Scenario = scenario("mix-256", Load::Mix, 256);

/// Names of what is no scenario of the lists above.
pub const BASELINE: &str = "baseline";
pub const SCALE: &str = "scale";
pub const TWO_SERVERS: &str = "two-servers";
pub const OPEN_BATCH: &str = "open-batch";
/// Events to a webhook and to a stream of NATS.
pub const OUTBOUND: &str = "outbound";

/// Every name that `--only` knows, groups included.
pub fn names() -> Vec<&'static str> {
    let groups = [BASELINE, "transfers", "commands", TWO_SERVERS, OPEN_BATCH, OUTBOUND, READ.name, SCALE];
    let scenarios = TRANSFERS.iter().chain(COMMANDS).map(|scenario| scenario.name);
    groups.into_iter().chain(scenarios).collect()
}

impl Scenario {
    /// The plain transfers that a command is compared with; none for transfers and reads.
    pub fn reference(&self) -> Option<Scenario> {
        match self.load {
            Load::Spread | Load::Hot | Load::Batch(_) | Load::Read => None,
            _ => [SPREAD_64, SPREAD].into_iter().find(|spread| spread.connections == self.connections),
        }
    }
}
