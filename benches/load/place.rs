//! Where something is measured: a database, what is in it, and the servers of one build that work on it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::client::Target;
use crate::options::Engine;
use crate::server::{Complaints, Server};

/// A build of Konto.
#[derive(Clone, Debug)]
pub struct Build {
    pub kind: BuildKind,
    pub program: PathBuf,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuildKind {
    Now,
    /// What it is compared with.
    Before,
}

impl BuildKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Before => "before",
        }
    }
}

/// What a database is for; rows are told apart by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Accounts, and nothing done yet: what the others are copied from.
    Seed,
    Transfers,
    Commands,
    OneServer,
    TwoServers,
    OpenBatch,
    Outbound,
    History,
    /// The same database, while a larger one has its turns beside it.
    Base,
    /// Ten times the accounts.
    Wide,
    /// Ten times the history.
    Long,
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::Transfers => "transfers",
            Self::Commands => "commands",
            Self::OneServer => "one_server",
            Self::TwoServers => "two_servers",
            Self::OpenBatch => "open_batch",
            Self::Outbound => "outbound",
            Self::History | Self::Base => "history",
            Self::Wide => "wide",
            Self::Long => "long",
        }
    }

    /// What is said of its rows, beside the scenario's name.
    pub fn remark(self) -> &'static str {
        match self {
            Self::OneServer => ", one server",
            Self::TwoServers => ", two servers",
            Self::Base => ", the smaller database",
            Self::Wide => ", 10 times the accounts",
            Self::Long => ", 10 times the history",
            Self::Seed | Self::Transfers | Self::Commands | Self::OpenBatch | Self::Outbound | Self::History => "",
        }
    }
}

/// A database with its servers.
pub struct Place {
    pub engine: Engine,
    pub build: Build,
    pub group: Group,
    pub url: String,
    /// From place 0 on; there may be others.
    pub accounts: u64,
    pub servers: Vec<Server>,
}

/// How many ids may be asked for at once.
const NODES: usize = 100;
/// How many are looked for at most.
const SAMPLE: usize = 500;

impl Place {
    /// The database's name, without what begins all names.
    pub fn database(&self) -> String {
        database(self.build.kind, self.group)
    }

    /// Who it is, for people.
    pub fn who(&self) -> String {
        who(self.engine, self.build.kind)
    }

    /// Starts one server more.
    pub async fn start(&mut self, folder: &Path, settings: &[String]) -> anyhow::Result<()> {
        self.servers.push(Server::start(&self.build.program, &self.url, folder, settings).await?);
        Ok(())
    }

    /// Stops the servers.
    pub async fn stop(&mut self) -> anyhow::Result<Complaints> {
        let mut all = Complaints::default();
        for server in self.servers.drain(..) {
            let Complaints { warnings, errors } = server.stop().await?;
            all.warnings.extend(warnings);
            all.errors.extend(errors);
        }
        Ok(all)
    }

    /// The first of its servers.
    pub fn server(&self) -> anyhow::Result<&Server> {
        self.servers.first().context("no server")
    }

    pub async fn targets(&self) -> anyhow::Result<Vec<Target>> {
        let mut targets = Vec::new();
        for server in &self.servers {
            targets.push(server.target().await?);
        }
        Ok(targets)
    }

    /// How many entries the tenant's journal has.
    pub async fn entries(&self) -> anyhow::Result<u64> {
        let newest = self.server()?.ask("{ entries(first: 1) { nodes { sequence } } }", json!({})).await?;
        match &newest["entries"]["nodes"][0]["sequence"] {
            Value::String(sequence) => Ok(sequence.parse()?),
            _ => Ok(0),
        }
    }

    /// What is wrong with what an answer said of these rows: each must be there, and as `holds` has it. Looks at some
    /// of them.
    pub async fn lacks(&self, ids: &[String], holds: impl Fn(&Value) -> bool) -> anyhow::Result<Option<String>> {
        let document = "query Look($ids: [ID!]!) { nodes(ids: $ids) { __typename id \
            ... on Account { status externalReference } } }";
        let some: Vec<&String> = ids.iter().step_by(ids.len().div_ceil(SAMPLE).max(1)).collect();
        let mut bad = 0;
        for ids in some.chunks(NODES) {
            let found = self.server()?.ask(document, json!({ "ids": ids })).await?;
            let nodes = found["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
            let good = nodes.iter().zip(ids).filter(|(node, id)| node["id"] == ***id && holds(node)).count();
            bad += ids.len() - good;
        }
        Ok((bad > 0).then(|| format!("of {} rows that were looked for, {bad} are not as acknowledged", some.len())))
    }
}

/// The name of a database, without what begins all names.
pub fn database(build: BuildKind, group: Group) -> String {
    format!("{}_{}", build.name(), group.name())
}

/// An engine and a build, for people.
pub fn who(engine: Engine, build: BuildKind) -> String {
    match build {
        BuildKind::Now => engine.name().into(),
        BuildKind::Before => format!("{}, before", engine.name()),
    }
}
