//! A slot: the commands that are gathered for its end, and what follows from each.

use std::collections::BTreeMap;

use super::Problem;
use super::stage::{Lesson, Stage};
use crate::accounts::{CloseAccount, RequestAccountClosure};
use crate::cards::OpenAccount;
use crate::cards::authorisations::{AuthoriseCard, ReverseAuthorisation};
use crate::cards::clearing::ClearCard;
use crate::customers::{CreateCustomer, UpdateCustomer};
use crate::parties::CreateParty;
use crate::payments::{
    CaptureHold, ClosePeriod, Disburse, ExpireHold, PlaceHold, PostAdjustment, PostCharge, PostPayment, ReverseEntry,
    Transfer,
};
use crate::primitives::{Currency, EntryId, HoldId, Money};
use crate::work::Command;

/// What follows from a command that was done.
#[derive(Clone, Copy)]
pub(super) enum Then {
    Nothing,
    /// The account is the one of this place on the stage.
    Opens(usize),
    /// The hold comes to its end.
    Ends(Ending),
    /// The entry is reversed.
    Reverses(Undoing),
}

/// How a hold ends, so many slots later.
#[derive(Clone, Copy)]
pub(super) struct Ending {
    pub(super) client: &'static str,
    pub(super) fate: Fate,
    /// The merchant whose account the money goes to, where it is one of ours.
    pub(super) to: Option<usize>,
    pub(super) slots: usize,
}

/// What becomes of a hold.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    Captured,
    CapturedInPart,
    /// Captured, and a part of what was bought goes back to the shop later.
    Returned(Undoing),
    Released,
    Expired,
}

/// How an entry is reversed, so many slots later.
#[derive(Clone, Copy)]
pub(super) struct Undoing {
    pub(super) client: &'static str,
    pub(super) reason: &'static str,
    /// A part, in minor units; all of it when absent.
    pub(super) part: Option<i64>,
    pub(super) slots: usize,
}

/// What the agenda holds for a slot.
pub(super) enum Todo {
    EndHold { hold: HoldId, amount: Money, ending: Ending },
    Reverse { entry: EntryId, currency: Currency, undoing: Undoing },
}

/// Commands of one kind, by the client that asks for them.
pub(super) struct Queue<C>(pub(super) BTreeMap<&'static str, Vec<(C, Then)>>);

impl<C> Default for Queue<C> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// A command that the demo plays.
pub(super) trait Played: Command<Made: Lesson> {
    fn queue(slot: &mut Slot) -> &mut Queue<Self>;
}

macro_rules! slot {
    ($($queue:ident: $command:ident,)*) => {
        /// What is asked for in a slot, in the order in which it is done: accounts before what is booked on them, money
        /// in before money out.
        #[derive(Default)]
        pub(super) struct Slot {
            $($queue: Queue<$command>,)*
        }

        impl Slot {
            /// Has everything done. Gives what follows, each with the number of slots until it is due.
            pub(super) async fn play(self, stage: &mut Stage) -> Result<Vec<(usize, Todo)>, Problem> {
                let mut follow = Vec::new();
                $(stage.run(self.$queue, &mut follow).await?;)*
                Ok(follow)
            }
        }

        $(impl Played for $command {
            fn queue(slot: &mut Slot) -> &mut Queue<Self> {
                &mut slot.$queue
            }
        })*
    };
}

slot! {
    parties: CreateParty,
    customers: CreateCustomer,
    accounts: OpenAccount,
    moves: UpdateCustomer,
    closures: CloseAccount,
    periods: ClosePeriod,
    payments: PostPayment,
    captures: CaptureHold,
    clearings: ClearCard,
    releases: ReverseAuthorisation,
    expiries: ExpireHold,
    reversals: ReverseEntry,
    charges: PostCharge,
    adjustments: PostAdjustment,
    transfers: Transfer,
    disbursements: Disburse,
    holds: PlaceHold,
    authorisations: AuthoriseCard,
    requests: RequestAccountClosure,
}
