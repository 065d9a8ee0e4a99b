//! A tenant's rules of what waits for a second person, and how a command is decided under them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::APPROVAL_REQUIRED;
use super::events::{self, APPROVAL_REQUESTED, APPROVAL_RULES_SET};
use super::model::{Approval, ApprovalState, hex, key_digest};
use super::store::KEY;
use crate::ledger::Entry;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, ApprovalRulesId, Currency, Minor, Money, ProductId, TenantId};
use crate::refused::{IDEMPOTENCY_KEY_REUSED, Refused};
use crate::work::house::{About, Decided, House, Stored};
use crate::work::{AnyCommand, Command, Decision, Idempotency, Stop, Wants, Work};

/// Rules of a tenant, at most.
const MOST: usize = 100;
/// Products of a rule, at most.
const MOST_PRODUCTS: usize = 100;
/// What keeps a command that waits, in the audit trail.
const REQUEST: &str = "requestApproval";
/// Hours that a command waits when the rule does not say.
pub const HOURS: u32 = 72;
/// The same, at most.
const MOST_HOURS: u32 = 24 * 366;
const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// Which commands wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Of this operation.
    pub operation: String,
    /// Only those that move more than this, in its currency; all when absent.
    pub above: Option<Money>,
    /// Only those that touch an account of one of these products; all when empty.
    pub products: Vec<ProductId>,
    /// Hours that it waits at most.
    pub hours: u32,
}

/// The rules of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRules {
    /// The tenant's.
    pub id: ApprovalRulesId,
    /// In the order in which they were given.
    pub rules: Vec<Rule>,
}

impl ApprovalRulesId {
    /// Of a tenant.
    #[must_use]
    pub fn of_tenant(tenant: TenantId) -> Self {
        Self(tenant.0)
    }
}

impl Rule {
    /// What asks for a second person each time, whatever the tenant has decided.
    fn always(operation: &str) -> Self {
        Self { operation: operation.to_owned(), above: None, products: Vec::new(), hours: HOURS }
    }

    /// Whether it asks for a second person: `moved` by currency.
    fn asks(&self, moved: &[(Currency, Minor)], products: &[ProductId]) -> bool {
        let above = self.above.is_none_or(|above| {
            let of_it = moved.iter().find(|(currency, _)| *currency == above.currency);
            of_it.is_some_and(|(currency, amount)| amount.in_currency(*currency).amount > above.amount)
        });
        above && (self.products.is_empty() || self.products.iter().any(|product| products.contains(product)))
    }
}

/// Mutations that never wait, and why. Batches besides: their items wait as if they had been asked for alone.
pub const NEVER: &[(&str, &str)] = &[
    ("approve", "it is the second person's own"),
    ("rejectApproval", "it is the second person's own"),
    ("withdrawApproval", "it takes back what waits"),
    ("rotateWebhookSecret", "its answer is a secret, which is told once and to whoever asked for it"),
    ("rotateCustomActionSecret", "its answer is a secret, which is told once and to whoever asked for it"),
    ("printDocument", "it only puts on paper what is there"),
    ("runAction", "what its script asks for is asked about one by one"),
];

impl Rule {
    /// Whether this one, which comes first, asks whenever the other one does.
    fn covers(&self, other: &Self) -> bool {
        let above = match (self.above, other.above) {
            (None, _) => true,
            (Some(own), Some(others)) => own.currency == others.currency && own.amount <= others.amount,
            (Some(_), None) => false,
        };
        let among = |product| self.products.contains(product);
        let products = self.products.is_empty() || (!other.products.is_empty() && other.products.iter().all(among));
        self.operation == other.operation && above && products
    }
}

/// Replaces a tenant's rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetApprovalRules {
    /// The rules from now on; none, and nothing waits.
    pub rules: Vec<Rule>,
}

impl Command for SetApprovalRules {
    const OPERATION: &'static str = "setApprovalRules";
    type Made = ApprovalRules;

    /// Refused as: `INVALID_INPUT`, `NOT_FOUND` for a product, rule by rule. A rule that could never ask is refused.
    fn decide(&self, work: &mut Work) -> Decision<Arc<ApprovalRules>> {
        if self.rules.len() > MOST {
            return Err(Refused::invalid("rules", format!("at most {MOST}")).into());
        }
        for (place, rule) in self.rules.iter().enumerate() {
            checked(work, rule, &self.rules[..place]).map_err(|stop| match stop {
                Stop::Refused(refused) => Stop::from(refused.at("rules", place)),
                stop => stop,
            })?;
        }
        let id = ApprovalRulesId::of_tenant(work.tenant());
        let rules = self.rules.clone();
        let rules = match work.get::<ApprovalRules>(id)? {
            None => work.insert(ApprovalRules { id, rules })?,
            Some(_) => work.change::<ApprovalRules, Refused>(id, |row| {
                row.rules = rules;
                Ok(())
            })?,
        };
        work.tell(events::of_rules(APPROVAL_RULES_SET, &rules));
        Ok(rules)
    }

    fn weight(&self) -> usize {
        2
    }
}

fn checked(work: &mut Work, rule: &Rule, before: &[Rule]) -> Decision<()> {
    let Some(house) = work.house else { return Err(Stop::damaged("rules without a house")) };
    let Some(about) = house.about(&rule.operation) else {
        return Err(Refused::invalid("operation", never(&rule.operation)).into());
    };
    if rule.above.is_some() && !about.has_amount() {
        let message = format!("would never ask: {} is about no amount", rule.operation);
        return Err(Refused::invalid("above", message).into());
    }
    if !rule.products.is_empty() && !about.has_accounts() {
        let message = format!("would never ask: {} touches no account", rule.operation);
        return Err(Refused::invalid("products", message).into());
    }
    if let Some(above) = rule.above
        && above.to_minor().map_or(true, |above| above.0 < 0)
    {
        return Err(Refused::invalid("above", "must be an amount of its currency, and not negative").into());
    }
    if rule.products.len() > MOST_PRODUCTS {
        return Err(Refused::invalid("products", format!("at most {MOST_PRODUCTS}")).into());
    }
    if rule.hours == 0 || rule.hours > MOST_HOURS {
        return Err(Refused::invalid("expiresAfterHours", format!("must be 1 to {MOST_HOURS}")).into());
    }
    for product in &rule.products {
        if !house.has_product(work, *product)? {
            return Err(Refused::not_found("products", "product").into());
        }
    }
    if let Some(place) = before.iter().position(|first| first.covers(rule)) {
        let message = format!("would never ask: rule {place} asks for all of it, and comes first");
        return Err(Refused::invalid("operation", message).into());
    }
    Ok(())
}

/// Why commands of an operation never wait.
fn never(operation: &str) -> String {
    match NEVER.iter().find(|(name, _)| *name == operation) {
        Some((_, why)) => format!("cannot wait: {why}"),
        None if operation.ends_with("Batch") => "is a batch: name the mutation of its items, which wait alone".into(),
        None => "is not a mutation that can wait".into(),
    }
}

/// The rules that commands are decided under, with what the domains know.
#[derive(Debug)]
pub struct TheHouse {
    /// The commands that can be stored, of all domains.
    pub commands: fn() -> Vec<Stored>,
    /// The product of an account.
    pub product_of: fn(&mut Work, AccountId) -> Decision<Option<ProductId>>,
    /// Whether there is such a product.
    pub has_product: fn(&mut Work, ProductId) -> Decision<bool>,
    /// What ends with an account that is closed, of all domains.
    pub closed: fn(&mut Work, AccountId) -> Decision<()>,
    /// What becomes of open items when something is booked.
    pub booked: Booked,
}

/// What becomes of an account's open items when an entry brings this amount there, or takes it back.
pub type Booked = fn(&mut Work, &Entry, Option<&Entry>, (AccountId, Minor)) -> Decision<()>;

/// What a command did that was tried.
struct Tried {
    moved: Vec<(Currency, Minor)>,
    account: Option<AccountId>,
    product: Option<ProductId>,
}

impl TheHouse {
    /// The rule that asks for a second person, if one does, with what the command did.
    fn asked(
        &self,
        work: &mut Work,
        rules: &[&Rule],
        (moved, accounts): (Vec<(Currency, Minor)>, Vec<AccountId>),
    ) -> Decision<Option<(Rule, Tried)>> {
        let mut products = Vec::new();
        for account in &accounts {
            products.extend((self.product_of)(work, *account)?);
        }
        let Some(rule) = rules.iter().find(|rule| rule.asks(&moved, &products)) else { return Ok(None) };
        let (account, product) = (accounts.first().copied(), products.first().copied());
        Ok(Some(((**rule).clone(), Tried { moved, account, product })))
    }

    /// Keeps a command that waits.
    fn keep(
        work: &mut Work,
        command: &dyn AnyCommand,
        key: Option<&Idempotency>,
        (rule, tried): (&Rule, Tried),
    ) -> Decision<Arc<Approval>> {
        let stored = command.stored().ok_or_else(|| Stop::damaged("a command that cannot be stored"))?;
        let origin = work.origin().clone();
        let wanted = rule.above.and_then(|above| tried.moved.iter().find(|(currency, _)| *currency == above.currency));
        let amount = wanted.or(tried.moved.first()).map(|(currency, amount)| (*amount, *currency));
        let hours = i64::from(rule.hours);
        let approval = Approval {
            id: work.id(),
            ordinal: work.ordinal(),
            operation: command.operation().to_owned(),
            command: stored,
            key: key.map(|key| key.key.clone()),
            key_digest: key.map(|key| key_digest(&origin, &key.key)),
            request_hash: key.map(|key| hex(&key.request_hash)),
            client: origin.client.to_string(),
            customer: origin.customer,
            request_id: origin.request_id.to_string(),
            amount,
            account: tried.account,
            product: tried.product,
            state: ApprovalState::Pending,
            requested_at: work.now(),
            expires_at: expiry(work.now(), hours),
            ended_at: None,
            checker: None,
            comment: None,
            result: None,
            refusal: None,
            done_by: None,
        };
        let approval = work.insert(approval)?;
        work.tell(events::of(APPROVAL_REQUESTED, &approval));
        Ok(approval)
    }
}

fn expiry(now: Micros, hours: i64) -> Micros {
    now.saturating_add(hours.saturating_mul(MICROS_PER_HOUR))
}

impl House for TheHouse {
    fn looks_at(&self, tenant: TenantId, wants: &mut Wants) {
        wants.row::<ApprovalRules>(ApprovalRulesId::of_tenant(tenant));
    }

    fn decide(
        &self,
        work: &mut Work,
        command: &dyn AnyCommand,
        key: Option<&Idempotency>,
        atomic: bool,
    ) -> Decision<Decided> {
        let rules = match work.is_by_itself() {
            true => None,
            false => work.get::<ApprovalRules>(ApprovalRulesId::of_tenant(work.tenant()))?,
        };
        let operation = command.operation();
        let mut of_it: Vec<&Rule> =
            rules.iter().flat_map(|row| &row.rules).filter(|rule| rule.operation == operation).collect();
        // After the tenant's own rules, which may say how long it waits.
        let always = Rule::always(operation);
        of_it.extend((command.needs_approval() && !work.is_by_itself()).then_some(&always));
        if of_it.is_empty() {
            return command.decide(work).map(Decided::Done);
        }
        if let Some(key) = key
            && let Some(known) = work.find::<Approval>(&KEY, &key_digest(&work.origin().clone(), &key.key))?
        {
            if known.request_hash != Some(hex(&key.request_hash)) {
                let message = "the idempotency key was used before with another request";
                return Err(Refused::of_field(IDEMPOTENCY_KEY_REUSED, "idempotencyKey", message).into());
            }
            return Err(known.answer(work.now()).into());
        }
        let mark = work.mark();
        let outcome = command.decide(work)?;
        let (mut moved, accounts) = work.measured(mark);
        if let Some(amount) = command.amount(&outcome) {
            moved = amount.to_minor().map(|minor| (amount.currency, minor)).into_iter().collect();
        }
        let Some((rule, tried)) = self.asked(work, &of_it, (moved, accounts))? else {
            return Ok(Decided::Done(outcome));
        };
        work.roll_back(mark);
        if atomic {
            let message =
                "a second person has to say yes first, and what is done all or nothing cannot wait: ask for it alone";
            return Err(Refused::new(APPROVAL_REQUIRED, message).into());
        }
        // The refusal did nothing: what is kept is a command's of its own.
        let approval = work.do_aside(REQUEST, |work| {
            let approval = Self::keep(work, command, key, (&rule, tried))?;
            let id = approval.id.to_string();
            Ok((approval, id))
        })?;
        Ok(Decided::Waits(Box::new(approval.answer(work.now()))))
    }

    fn read(&self, operation: &str, stored: &str) -> Option<Box<dyn AnyCommand>> {
        let of_it = (self.commands)().into_iter().find(|command| command.operation == operation)?;
        (of_it.read)(stored)
    }

    fn about(&self, operation: &str) -> Option<About> {
        (self.commands)().iter().find(|command| command.operation == operation).map(|command| command.about)
    }

    fn has_product(&self, work: &mut Work, product: ProductId) -> Decision<bool> {
        (self.has_product)(work, product)
    }

    fn closed(&self, work: &mut Work, account: AccountId) -> Decision<()> {
        (self.closed)(work, account)
    }

    fn booked(
        &self,
        work: &mut Work,
        entry: &Entry,
        original: Option<&Entry>,
        brought: (AccountId, Minor),
    ) -> Decision<()> {
        (self.booked)(work, entry, original, brought)
    }
}
