//! Leases: which server does a kind of a tenant's background work, and until when.
//!
//! A lease saves work, it protects nothing: whatever is done under one is done by commands that a second run leaves
//! without effect. It runs by the servers' wall clocks, which agree to within seconds, and not by the tenant's, which
//! jumps where the tenant is a sandbox.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::ledger::LedgerFault;
use crate::primitives::clock::Micros;
use crate::primitives::{LeaseId, Origin, TenantId};
use crate::refused::{RefusalCode, Refused};
use crate::work::row::{Row, Table};
use crate::work::{Command, Decision, Failure, Mode, Owned, Priority, Wants, Work, Workers};
use entity::lease::{Entity, Model};

crate::open_words! { RefusalCode:
    /// What background work is refused for.
    CODES {
        /// Another server does it.
        LEASE_HELD,
    }
}

/// Who does a kind of background work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// A digest of its name.
    pub id: LeaseId,
    /// The kind of work.
    pub name: String,
    /// The server.
    pub holder: String,
    /// When it runs out, by the wall clock.
    pub until: Micros,
}

impl LeaseId {
    /// Of a kind of work.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(name).into();
        Self(Uuid::from_bytes(std::array::from_fn(|place| digest[place])))
    }
}

impl Row for Lease {
    type Id = LeaseId;
    type Entity = Entity;

    const TABLE: Table = Table::Lease;
    const WHAT: &'static str = "lease";

    fn id(&self) -> LeaseId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        let Self { id, name, holder, until } = self.clone();
        Model { tenant_id: tenant.0, id: id.0, name, holder, until_us: until }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self { id: LeaseId(row.id), name: row.name, holder: row.holder, until: row.until_us })
    }
}

impl Owned for Lease {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

/// Takes a lease, or renews one's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakeLease {
    /// The kind of work.
    pub name: String,
    /// The server that wants it.
    pub holder: String,
    /// The wall clock.
    pub now: Micros,
    /// Until when.
    pub until: Micros,
}

impl Command for TakeLease {
    const OPERATION: &'static str = "takeLease";
    type Made = Lease;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Lease>(LeaseId::named(&self.name));
    }

    /// Refused as: `LEASE_HELD`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Lease>> {
        let id = LeaseId::named(&self.name);
        let Some(held) = work.get::<Lease>(id)? else {
            let (name, holder) = (self.name.clone(), self.holder.clone());
            return work.insert(Lease { id, name, holder, until: self.until });
        };
        if held.holder != self.holder && held.until > self.now {
            return Err(Refused::new(LEASE_HELD, "another server does it").into());
        }
        work.change::<Lease, Refused>(id, |lease| {
            lease.holder.clone_from(&self.holder);
            lease.until = self.until;
            Ok(())
        })
    }

    fn weight(&self) -> usize {
        2
    }
}

/// Gives a lease back before it runs out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReleaseLease {
    /// The kind of work.
    pub name: String,
    /// The server that had it.
    pub holder: String,
}

impl Command for ReleaseLease {
    const OPERATION: &'static str = "releaseLease";
    type Made = Lease;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Lease>(LeaseId::named(&self.name));
    }

    /// Refused as: `LEASE_HELD`, when it is another server's by now, or nobody's.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Lease>> {
        let id = LeaseId::named(&self.name);
        let held = work.get::<Lease>(id)?.filter(|lease| lease.holder == self.holder);
        let held = held.ok_or_else(|| Refused::new(LEASE_HELD, "another server does it"))?;
        work.remove::<Lease>(id)?;
        Ok(held)
    }

    fn weight(&self) -> usize {
        2
    }
}

/// A lease that this server holds.
#[derive(Debug)]
pub struct Held {
    tenant: TenantId,
    name: String,
    until: Micros,
}

/// How long a lease is taken for. A server that dies is taken over after it.
pub const LEASE: Duration = Duration::from_secs(20);

/// Takes a lease for this server; none when another holds it.
///
/// # Errors
/// The database's.
pub async fn hold(workers: &Workers, tenant: TenantId, name: &str) -> Result<Option<Held>, Arc<LedgerFault>> {
    let (now, length) = (workers.clock().micros(), i64::try_from(LEASE.as_micros()).unwrap_or(i64::MAX));
    let until = now.saturating_add(length);
    let command = TakeLease { name: name.to_owned(), holder: workers.server().to_owned(), now, until };
    match run(workers, tenant, command).await? {
        true => Ok(Some(Held { tenant, name: name.to_owned(), until })),
        false => Ok(None),
    }
}

impl Held {
    /// Renews it when half of it is over. Whether it is still this server's.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep(&mut self, workers: &Workers) -> Result<bool, Arc<LedgerFault>> {
        let half = i64::try_from(LEASE.as_micros() / 2).unwrap_or(i64::MAX);
        if workers.clock().micros() < self.until - half {
            return Ok(true);
        }
        match hold(workers, self.tenant, &self.name).await? {
            Some(renewed) => {
                self.until = renewed.until;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Gives it back, so that another server need not wait until it runs out.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(self, workers: &Workers) -> Result<(), Arc<LedgerFault>> {
        let command = ReleaseLease { name: self.name, holder: workers.server().to_owned() };
        run(workers, self.tenant, command).await.map(|_| ())
    }
}

/// Whether it was done, and not refused.
async fn run<C: Command>(workers: &Workers, tenant: TenantId, command: C) -> Result<bool, Arc<LedgerFault>> {
    let items = vec![(None, command)];
    let origin = Origin::system(tenant);
    let answers = workers.run_all(&origin, items, Mode::EachAlone, Priority::Background).await;
    match answers.into_iter().next() {
        Some(Ok(_)) => Ok(true),
        Some(Err(Failure::Fault(fault))) => Err(fault),
        Some(Err(Failure::Refused(..))) | None => Ok(false),
    }
}
