//! Asking sources: whoever asks for a refresh has the source asked at once; a server in the background asks when that did
//! not come to an end.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::model::{AccountSource, Refresh, RefreshState, Told, ToldTransaction};
use super::note::{NoteRefresh, Outcome};
use super::store;
use crate::database::Database;
use crate::events::outbound::Outbound;
use crate::events::webhooks::{Message, Poster, sign};
use crate::ledger::LedgerFault;
use crate::primitives::clock::Micros;
use crate::primitives::{Clock, Currency, Money, Origin, RefreshId, TenantId};
use crate::work::{Failure, Mode, Priority, Workers, read};

/// How long whoever has asked has, before a server in the background asks as well.
pub const FIRST_PAUSE: Micros = 15_000_000;
/// How long it pauses at most.
const LONGEST_PAUSE: Micros = 3_600_000_000;
/// How often a source is asked in vain before a refresh has failed.
const TRIES: i32 = 8;
/// How often it is looked for what is to be asked.
const LOOK: Duration = Duration::from_secs(1);
/// Sources that are asked at once in the background.
const AT_ONCE: u64 = 8;
/// Answers that are taken at one go: then others have their turn.
const PAGES_AT_ONCE: usize = 20;

/// What a source answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    balance: SaidBalance,
    #[serde(default)]
    transactions: Vec<SaidTransaction>,
    #[serde(default)]
    more: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct SaidBalance {
    amount: String,
    currency: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SaidTransaction {
    id: String,
    amount: String,
    booked_on: String,
    description: Option<String>,
}

/// What an answer tells.
///
/// # Errors
/// What is wrong with it, for people.
pub fn read_answer(written: &[u8]) -> Result<Told, String> {
    let said: Said = serde_json::from_slice(written).map_err(|_| "what is no answer of the protocol")?;
    let amount = |text: &str| text.parse().map_err(|_| format!("an amount that is none: {}", shown(text)));
    let currency: Currency = said.balance.currency.parse().map_err(|_| "a currency that is none")?;
    let balance = Money { amount: amount(&said.balance.amount)?, currency };
    let transaction = |said: SaidTransaction| {
        let booked_on = said.booked_on.parse::<NaiveDate>();
        Ok::<_, String>(ToldTransaction {
            amount: amount(&said.amount)?,
            booked_on: booked_on.map_err(|_| format!("a day that is none: {}", shown(&said.booked_on)))?,
            id: said.id,
            description: said.description,
        })
    };
    let transactions = said.transactions.into_iter().map(transaction).collect::<Result<_, _>>()?;
    Ok(Told { balance, transactions, more: said.more })
}

/// The beginning of what somebody else has written, as far as it can be shown.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Asks sources. Cloning shares it.
#[derive(Clone)]
pub struct Mirrors(Arc<Inner>);

struct Inner {
    db: Database,
    clock: Clock,
    workers: Workers,
    outbound: Outbound,
    poster: OnceLock<Poster>,
}

impl Mirrors {
    /// One that does nothing yet.
    #[must_use]
    pub fn new(db: Database, clock: Clock, workers: Workers, outbound: Outbound) -> Self {
        Self(Arc::new(Inner { db, clock, workers, outbound, poster: OnceLock::new() }))
    }

    /// Asks what is to be asked, until it is told to stop.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let looked = async {
                tokio::time::sleep(LOOK).await;
                match store::to_ask(self.0.db.reader(), self.0.clock.micros(), AT_ONCE).await {
                    Err(fault) => tracing::warn!(%fault, "refreshes could not be looked for"),
                    Ok(due) => {
                        let asked = due.into_iter().map(|(tenant, refresh)| self.ask(tenant, refresh));
                        for outcome in futures_util::future::join_all(asked).await {
                            if let Err(fault) = outcome {
                                tracing::warn!(%fault, "a source could not be asked");
                            }
                        }
                    }
                }
            };
            if stop.run_until_cancelled(looked).await.is_none() {
                return;
            }
        }
    }

    /// Asks the source of a refresh, a page after the other, and notes the answers. Gives the refresh as it is then.
    ///
    /// # Errors
    /// The database's.
    pub async fn ask(&self, tenant: TenantId, refresh: RefreshId) -> Result<Option<Refresh>, Arc<LedgerFault>> {
        let mut found = read::by_id::<Refresh>(self.0.db.reader(), tenant, refresh).await?;
        for _ in 0..PAGES_AT_ONCE {
            let Some(refresh) = found.as_ref().filter(|refresh| refresh.state == RefreshState::Requested) else {
                break;
            };
            let (pages, outcome) = (refresh.pages, self.outcome(tenant, refresh).await?);
            let is_page = matches!(outcome, Outcome::Told(_));
            let note = |outcome| NoteRefresh { refresh: refresh.id, pages, outcome };
            let noted = match self.note(tenant, note(outcome)).await? {
                Ok(noted) => noted,
                // What it answered cannot be: that would not get better.
                Err(why) => match self.note(tenant, note(Outcome::No(format!("its answer was refused: {why}")))).await?
                {
                    Ok(noted) => noted,
                    Err(_) => break,
                },
            };
            found = Some(noted);
            if !is_page {
                break;
            }
        }
        Ok(found)
    }

    async fn outcome(&self, tenant: TenantId, refresh: &Refresh) -> Result<Outcome, Arc<LedgerFault>> {
        let id = AccountSource::id_of(refresh.account);
        let source = read::by_id::<AccountSource>(self.0.db.reader(), tenant, id).await?;
        let Some((source, url)) = source.and_then(|source| source.url.clone().map(|url| (source, url))) else {
            return Ok(Outcome::No("the account has a source no longer".into()));
        };
        let now = self.0.clock.micros();
        let (id, timestamp) = (format!("{}:{}", refresh.id, refresh.pages), now.div_euclid(1_000_000));
        let body = json!({
            "operation": "REFRESH",
            "refresh": refresh.id.to_string(),
            "account": refresh.account.to_string(),
            "currency": refresh.currency.code(),
            "after": source.last,
        })
        .to_string();
        let signatures = sign::signatures(std::iter::once(source.secret.0.as_str()), &id, timestamp, &body);
        let poster = self.0.poster.get_or_init(|| Poster::new(self.0.outbound.allows_private()));
        let (answer, written) = poster.ask(Message { url, id, timestamp, signatures, body }, now).await;
        let later = |why: String| {
            if refresh.attempts + 1 >= TRIES {
                return Outcome::No(why);
            }
            let pause = FIRST_PAUSE << refresh.attempts.clamp(0, 10);
            Outcome::Later(why, now + pause.min(LONGEST_PAUSE))
        };
        Ok(match (answer.status, answer.error) {
            (Some(_), None) => match written {
                Err(_) => later("it answered more than is read".into()),
                Ok(written) => {
                    read_answer(&written).map_or_else(|why| later(format!("it answered {why}")), Outcome::Told)
                }
            },
            (Some(400..=407 | 409..=424 | 426..=428 | 430..=499), error) => {
                Outcome::No(format!("it {}", error.unwrap_or_default()))
            }
            (_, error) => later(error.unwrap_or_default()),
        })
    }

    async fn note(&self, tenant: TenantId, command: NoteRefresh) -> Result<Result<Refresh, String>, Arc<LedgerFault>> {
        let origin = Origin::system(tenant);
        let answers = self.0.workers.run_all(&origin, vec![(None, command)], Mode::EachAlone, Priority::Front).await;
        match answers.into_iter().next() {
            Some(Ok(done)) => Ok(Ok(Arc::unwrap_or_clone(done.value))),
            Some(Err(Failure::Refused(refused, _))) => Ok(Err(refused.message)),
            Some(Err(Failure::Fault(fault))) => Err(fault),
            None => Err(Arc::new(LedgerFault::Inconsistent("no answer"))),
        }
    }
}
