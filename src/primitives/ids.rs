//! Typed ids: swapped ids do not compile, and an id tells on sight what it names.
//!
//! In the database an id is a UUIDv7; outside it is `prefix_` and its 32 hexadecimal digits.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use uuid::Uuid;

use super::clock::Clock;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct InvalidId;

/// An id of a row: which table it is of is in its type.
pub trait RowId: Copy + Eq + Ord + std::hash::Hash + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// As it is stored.
    fn uuid(self) -> Uuid;

    /// Of its stored form.
    fn of(uuid: Uuid) -> Self;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl RowId for $name {
            fn uuid(self) -> Uuid {
                self.0
            }

            fn of(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl $name {
            /// What the text form starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let hex = text.strip_prefix(concat!($prefix, "_")).ok_or(InvalidId)?;
                parse_hex(hex).map(Self)
            }
        }
    )*};
}

ids! {
    /// A tenant.
    TenantId = "ten";
    /// An OAuth client.
    ClientRowId = "cli";
    /// A customer: a person or a company.
    CustomerId = "cus";
    /// A number by which a state knows a customer.
    CustomerIdentifierId = "cid";
    /// An address of a customer's.
    AddressId = "adr";
    /// A product.
    ProductId = "prd";
    /// A customer's account. Never a row in the books: that is a [`LedgerAccountId`].
    AccountId = "acc";
    /// Somebody who takes part in an account beside its owner.
    ParticipantId = "apt";
    /// A row in the books: a component of an account, or an internal account of the tenant.
    LedgerAccountId = "led";
    /// A journal entry.
    EntryId = "ent";
    /// A block on a customer, an account or a card.
    BlockId = "blk";
    /// An application for a higher credit limit.
    LimitApplicationId = "lap";
    /// A hold.
    HoldId = "hld";
    /// A command that was decided: a record of the audit trail.
    AuditId = "aud";
    /// A card.
    CardId = "crd";
    /// What was spent with a card in a month.
    CardUsageId = "cru";
    /// What was loaded onto a prepaid account and taken off it in a month.
    PrepaidUsageId = "ppu";
    /// A chargeback: a purchase that is disputed with the card's scheme.
    ChargebackId = "cbk";
    /// A mandate: what a customer has allowed to be collected.
    MandateId = "mdt";
    /// A credit transfer: money on its way to a bank account.
    CreditTransferId = "ctr";
    /// A direct debit.
    DirectDebitId = "ddb";
    /// A template of messages.
    MessageTemplateId = "mtp";
    /// A message to a debtor.
    MessageId = "msg";
    /// How messages of a tenant are sent.
    MessageSettingsId = "mst";
    /// What holds when a debtor is written to.
    DebtorContactId = "dco";
    /// How claims are pursued.
    CollectionStrategyId = "cst";
    /// How that was defined, and when.
    StrategyVersionId = "csv";
    /// A claim on its way through a strategy.
    ClaimJourneyId = "jny";
    /// A link to a debtor's page.
    PageLinkId = "plk";
    /// What a debtor said on the page of a claim.
    DebtorAnswerId = "dan";
    /// A payment that was matched with what is open on a receivable.
    PaymentMatchId = "pmh";
    /// A promise to pay some of a claim by a day.
    PromiseToPayId = "ptp";
    /// What insurance is sold as.
    InsurancePackageId = "ipk";
    /// An insurance on an account.
    InsuranceContractId = "ict";
    /// What was recorded of an insurance.
    InsuranceEventId = "iev";
    /// What was charged for a period of an insurance.
    InsurancePremiumId = "ipm";
    /// Something that seeks money of investors.
    InvestmentOfferId = "ivo";
    /// What an investor would give to an offer.
    InvestmentBidId = "bid";
    /// What an investor has in an offer.
    InvestmentPositionId = "ivp";
    /// What an issuer paid to the positions of an offer at once.
    InvestmentDistributionId = "ivd";
    /// Where an account that is kept outside is asked: the account's id.
    AccountSourceId = "asr";
    /// What became of asking there once.
    RefreshId = "rfr";
    /// What is kept of a transaction that was told there.
    MirroredTransactionId = "mir";
    /// That a party is paid what is bought from it with cards.
    MerchantContractId = "mct";
    /// What a merchant is paid at once.
    MerchantPaymentId = "mpy";
    /// What was bought from a merchant: the entry's id.
    MerchantTransactionId = "mtx";
    /// How the accounts of a product are billed: its id is the product's.
    BillingPlanId = "bpl";
    /// Where an account stands in its billing: its id is the account's.
    BillingAccountId = "bac";
    /// A statement of an account.
    StatementId = "sta";
    /// A bill, or a reminder of one.
    BillId = "bil";
    /// A statement that was asked for again.
    StatementReprintId = "rpr";
    /// What purchases on a product's accounts go by: the product's id.
    PurchaseTermsId = "ptm";
    /// An account that purchases are on: the account's id.
    PurchaseAccountId = "pua";
    /// A purchase.
    PurchaseId = "pur";
    /// Who vouches for customers.
    IdentificationProviderId = "idp";
    /// That a customer was identified.
    IdentificationId = "idt";
    /// A payment service provider.
    PaymentProviderId = "ppr";
    /// A payment through a provider.
    ProviderPaymentId = "ppm";
    /// A due: what an account owes by a day.
    DueId = "due";
    /// What an entry has settled of a due.
    DueSettlementId = "dst";
    /// A model of instalment credits.
    InstalmentModelId = "imd";
    /// A credit that is repaid in instalments.
    InstalmentContractId = "icn";
    /// An instalment of one.
    InstalmentId = "ins";
    /// A plan of a leasing account.
    LeasePlanId = "lpl";
    /// An instalment of such a plan.
    LeaseInstalmentId = "lin";
    /// A respite of a credit.
    RespiteId = "rsp";
    /// How far a credit is on its way to its termination: its id is the account's.
    TerminationId = "trm";
    /// What is drawn for an account again and again.
    RecurringPaymentId = "rcp";
    /// That a customer has said yes to being debited for an account.
    DebitConsentId = "dcn";
    /// A payment order: what is to be drawn on a day.
    PaymentOrderId = "pmo";
    /// A party: whom money is owed to inside a tenant.
    PartyId = "pty";
    /// A receivable: a creditor's account of a debtor.
    ReceivableId = "rcv";
    /// Somebody who owes on a receivable.
    ReceivableDebtorId = "rdb";
    /// What was booked on a receivable, as its creditor tells it.
    ReceivableEntryId = "rce";
    /// A claim: what a debtor owes, one by one.
    ClaimId = "clm";
    /// A kind of background work that one server does at a time.
    LeaseId = "lea";
    /// What a sandbox's rail still has to do.
    SimulationId = "sim";
    /// A business day that has ended.
    BusinessDayId = "day";
    /// A document.
    DocumentId = "doc";
    /// What holds for documents of a kind.
    DocumentKindId = "dkd";
    /// What a tenant has set of a part of its paper.
    PrintDesignId = "pdn";
    /// How that was set at some time.
    PrintVersionId = "pdv";
    /// An event of a tenant's log, to those whom it is sent to.
    EventId = "evt";
    /// A webhook: where a tenant has events sent to.
    WebhookId = "whk";
    /// An event on its way to a webhook.
    WebhookDeliveryId = "whd";
    /// A custom action: something of the tenant's own that can be run by its name.
    CustomActionId = "act";
    /// How a custom action was defined at some time.
    ActionVersionId = "acv";
    /// A custom action that was run, or is.
    ActionRunId = "run";
    /// A job: what is worked off in the background.
    JobId = "job";
    /// One command of a job.
    JobItemId = "jit";
    /// A command that waits for a second person.
    ApprovalId = "apv";
    /// A tenant's rules of what waits.
    ApprovalRulesId = "apr";
}

/// Only the canonical form (32 lower-case hexadecimal digits) is an id, so that one thing has one name.
fn parse_hex(hex: &str) -> Result<Uuid, InvalidId> {
    let canonical = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if canonical { Uuid::try_parse(hex).map_err(|_| InvalidId) } else { Err(InvalidId) }
}

/// Makes UUIDv7s from a clock and a generator, so that the same seed and clock give the same ids.
/// Ids of one source are strictly increasing. Cloning shares the source.
#[derive(Clone, Debug)]
pub struct IdSource {
    clock: Clock,
    state: Arc<Mutex<IdState>>,
}

#[derive(Debug)]
struct IdState {
    generator: StdRng,
    last_millis: u64,
    counter: u64,
}

/// The 74 bits of a UUIDv7 behind its time are a 42-bit counter, seeded anew each millisecond with its top
/// bit clear, and 32 random bits.
const COUNTER_BITS: u32 = 42;

impl IdSource {
    /// Ids from the operating system's randomness.
    #[must_use]
    pub fn random(clock: Clock) -> Self {
        Self::new(clock, StdRng::from_os_rng())
    }

    /// Ids that are the same for the same seed and clock.
    #[must_use]
    pub fn seeded(clock: Clock, seed: u64) -> Self {
        Self::new(clock, StdRng::seed_from_u64(seed))
    }

    fn new(clock: Clock, generator: StdRng) -> Self {
        Self { clock, state: Arc::new(Mutex::new(IdState { generator, last_millis: 0, counter: 0 })) }
    }

    /// Random bytes that nobody can guess, if the source is random.
    #[must_use]
    pub fn secret(&self) -> [u8; 16] {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secret = [0; 16];
        state.generator.fill_bytes(&mut secret);
        secret
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> Uuid {
        let now = u64::try_from(self.clock.micros() / 1_000).unwrap_or(0);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now > state.last_millis {
            state.last_millis = now;
            state.counter = state.generator.next_u64() >> (64 - COUNTER_BITS + 1);
        } else {
            state.counter += 1;
            if state.counter >> COUNTER_BITS != 0 {
                state.last_millis += 1;
                state.counter = 0;
            }
        }
        let random = u128::from(state.generator.next_u32());
        let payload = (u128::from(state.counter) << 32) | random;
        let high = payload >> 62;
        let low = payload & ((1 << 62) - 1);
        Uuid::from_u128((u128::from(state.last_millis) << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)
    }
}

/// The bits of a UUID that its version stands in.
const VERSION: u32 = 76;

impl LedgerAccountId {
    /// The row of an account's component. It is told from the account's own id by where a UUID has its version (7 in
    /// every id that we make): 8 and more is a component, by its place.
    #[must_use]
    pub fn of_component(account: AccountId, place: usize) -> Self {
        let version = 8 + (place as u128 & 0x3);
        Self(Uuid::from_u128((account.0.as_u128() & !(0xf << VERSION)) | (version << VERSION)))
    }

    /// The account and the place of the component that it is the row of, unless it is one of the tenant's own.
    #[must_use]
    pub fn component(self) -> Option<(AccountId, usize)> {
        let bits = self.0.as_u128();
        let place = usize::try_from((bits >> VERSION) & 0xf).ok()?.checked_sub(8).filter(|place| *place < 4)?;
        Some((AccountId(Uuid::from_u128((bits & !(0xf << VERSION)) | (0x7 << VERSION))), place))
    }

    /// One of the tenant's own, from a digest of what it is: so that the same one has the same id, whoever makes it.
    #[must_use]
    pub fn of_digest(digest: [u8; 16]) -> Self {
        Self(Uuid::from_u128(u128::from_be_bytes(digest) | (0xf << VERSION)))
    }
}

/// The ids that one command makes: the same each time it is decided. The first is a new one, the others follow it.
#[derive(Clone, Copy, Debug)]
pub struct CommandIds {
    seed: Uuid,
    made: u32,
}

impl CommandIds {
    /// Of a command with this seed, a UUIDv7 that nobody else has.
    #[must_use]
    pub fn new(seed: Uuid) -> Self {
        Self { seed, made: 0 }
    }

    /// The next one. The last 32 bits of an [`IdSource`]'s ids are random, and the others are its own.
    pub fn make(&mut self) -> Uuid {
        let seed = self.seed.as_u128();
        let low = (seed as u32).wrapping_add(self.made);
        self.made += 1;
        Uuid::from_u128((seed & !u128::from(u32::MAX)) | u128::from(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_source_increase_and_repeat_with_the_seed() {
        let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH + chrono::Duration::days(20_000));
        let make = || {
            let source = IdSource::seeded(clock.clone(), 7);
            (0..1_000).map(|_| source.next()).collect::<Vec<_>>()
        };
        let ids = make();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids, make());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn a_component_is_told_from_its_account_and_back() {
        let account = AccountId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00ab));
        for place in 0..4 {
            let row = LedgerAccountId::of_component(account, place);
            assert_eq!(row.component(), Some((account, place)));
        }
        assert_eq!(LedgerAccountId(account.0).component(), None);
        assert_eq!(LedgerAccountId::of_digest([0xff; 16]).component(), None);
    }

    #[test]
    fn a_command_makes_the_same_ids_again() {
        let seed = IdSource::seeded(Clock::manual(chrono::DateTime::UNIX_EPOCH), 3).next();
        let make = || {
            let mut ids = CommandIds::new(seed);
            (0..3).map(|_| ids.make()).collect::<Vec<_>>()
        };
        assert_eq!(make(), make());
        assert_eq!(make()[0], seed);
        assert!(make()[1] != make()[2] && make()[1] != seed);
    }

    #[test]
    fn only_the_canonical_form_is_an_id() {
        let id = AccountId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00ab));
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "acc_", "acc", "cus_01900000000070008000000000000ab", "acc_0190000000007000800000000000000AB"]
        {
            assert_eq!(wrong.parse::<AccountId>(), Err(InvalidId), "{wrong}");
        }
        assert_eq!(id.to_string().parse::<CustomerId>(), Err(InvalidId));
    }
}
