//! What restricts an account's money besides its own rules: blocks, and amounts that are set aside. Pure.
//!
//! A position carries what is in force for it, of blocks on the account and on its owner alike, so that no decision about
//! money loads anything for their sake. Whoever places and lifts blocks keeps it so. Whether one has ended is asked on the
//! day of the decision.

use chrono::NaiveDate;

use crate::primitives::Minor;

crate::words! {
    /// What a block does.
    BlockKind {
        /// Nothing leaves.
        Debits = "DEBITS",
        /// Nothing arrives.
        Credits = "CREDITS",
        /// Nothing leaves, and nothing arrives.
        All = "ALL",
        /// An amount is set aside: available is less by it, and what arrives later fills it first.
        Garnishment = "GARNISHMENT",
    }
}

/// The two ways in which money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It leaves.
    Debit,
    /// It arrives.
    Credit,
}

impl Direction {
    /// Of a signed amount.
    #[must_use]
    pub fn of(amount: Minor) -> Self {
        if amount.0 < 0 { Self::Debit } else { Self::Credit }
    }
}

/// One block, as far as it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// Whether it is on the owner, and so on all of the owner's accounts.
    pub of_owner: bool,
    /// What it does.
    pub kind: BlockKind,
    /// The last day on which it does.
    pub until: Option<NaiveDate>,
    /// What it sets aside.
    pub garnished: Minor,
}

impl Restriction {
    fn is_in_force(&self, today: NaiveDate) -> bool {
        self.until.is_none_or(|until| today <= until)
    }

    fn stops(&self, direction: Direction) -> bool {
        match self.kind {
            BlockKind::All => true,
            BlockKind::Debits => direction == Direction::Debit,
            BlockKind::Credits => direction == Direction::Credit,
            BlockKind::Garnishment => false,
        }
    }
}

/// All that restrict an account. None, as a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restrictions(Vec<Restriction>);

impl Restrictions {
    /// Of a list.
    #[must_use]
    pub fn new(list: Vec<Restriction>) -> Self {
        Self(list)
    }

    /// Whether there are none, in force or not.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that stops money today: of several, the one that ends last.
    #[must_use]
    pub fn stop(&self, direction: Direction, today: NaiveDate) -> Option<Restriction> {
        let stops = self.0.iter().filter(|one| one.is_in_force(today) && one.stops(direction));
        stops.copied().max_by_key(|one| one.until.unwrap_or(NaiveDate::MAX))
    }

    /// What is set aside today.
    #[must_use]
    pub fn garnished(&self, today: NaiveDate) -> Minor {
        Minor(self.0.iter().filter(|one| one.is_in_force(today)).map(|one| one.garnished.0).sum())
    }

    /// The same with another part: the blocks on the account itself, or those on its owner. Those whose last day is over are
    /// left out.
    #[must_use]
    pub fn with(&self, of_owner: bool, part: &Self, today: NaiveDate) -> Self {
        let others = self.0.iter().filter(|one| one.of_owner != of_owner).copied();
        let part = part.0.iter().map(|one| Restriction { of_owner, ..*one });
        Self(others.chain(part).filter(|one| one.is_in_force(today)).collect())
    }

    /// The stored form, `owner:DEBITS:2026-12-24:0,account:GARNISHMENT::15000`; nothing where nothing restricts.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        let one = |one: &Restriction| {
            let whose = if one.of_owner { "owner" } else { "account" };
            let until = one.until.map(|until| until.to_string()).unwrap_or_default();
            format!("{whose}:{}:{until}:{}", one.kind.word(), one.garnished.0)
        };
        (!self.0.is_empty()).then(|| self.0.iter().map(one).collect::<Vec<_>>().join(","))
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_text(text: Option<&str>) -> Option<Self> {
        let one = |part: &str| {
            let mut words = part.split(':');
            let mut next = || words.next();
            let of_owner = match next()? {
                "owner" => true,
                "account" => false,
                _ => return None,
            };
            let kind = BlockKind::from_word(next()?)?;
            let until = match next()? {
                "" => None,
                until => Some(until.parse().ok()?),
            };
            let garnished = Minor(next()?.parse().ok()?);
            next().is_none().then_some(Restriction { of_owner, kind, until, garnished })
        };
        text.map_or(Some(Self::default()), |text| text.split(',').map(one).collect::<Option<_>>().map(Self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).expect("a day")
    }

    fn one(kind: BlockKind, until: Option<u32>, garnished: i64) -> Restriction {
        Restriction { of_owner: false, kind, until: until.map(day), garnished: Minor(garnished) }
    }

    #[test]
    fn each_kind_stops_what_it_says_until_its_last_day() {
        use BlockKind::{All, Credits, Debits, Garnishment};
        for (kind, debit, credit) in
            [(Debits, true, false), (Credits, false, true), (All, true, true), (Garnishment, false, false)]
        {
            let list = Restrictions::new(vec![one(kind, Some(10), 0)]);
            for (today, in_force) in [(9, true), (10, true), (11, false)] {
                assert_eq!(list.stop(Direction::Debit, day(today)).is_some(), debit && in_force, "{kind:?} {today}");
                assert_eq!(list.stop(Direction::Credit, day(today)).is_some(), credit && in_force, "{kind:?} {today}");
            }
        }
        let several = Restrictions::new(vec![one(Debits, Some(10), 0), one(All, None, 0), one(Debits, Some(12), 0)]);
        assert_eq!(several.stop(Direction::Debit, day(1)).and_then(|one| one.until), None);
        let garnished = Restrictions::new(vec![one(Garnishment, Some(10), 5), one(Garnishment, None, 7)]);
        assert_eq!((garnished.garnished(day(10)).0, garnished.garnished(day(11)).0), (12, 7));
    }

    #[test]
    fn one_part_is_exchanged_and_what_is_over_goes() {
        let own = Restrictions::new(vec![one(BlockKind::Credits, None, 0), one(BlockKind::All, Some(3), 0)]);
        let owners = Restrictions::new(vec![one(BlockKind::Debits, None, 0)]);
        let both = own.with(true, &owners, day(4));
        assert_eq!(both.to_text().as_deref(), Some("account:CREDITS::0,owner:DEBITS::0"));
        assert_eq!(both.with(true, &Restrictions::default(), day(4)).to_text().as_deref(), Some("account:CREDITS::0"));
        assert!(
            both.with(true, &Restrictions::default(), day(4)).with(false, &Restrictions::default(), day(4)).is_empty()
        );
    }

    #[test]
    fn the_stored_form_is_read_again() {
        let list = Restrictions::new(vec![
            one(BlockKind::Garnishment, Some(10), 15_000),
            Restriction { of_owner: true, ..one(BlockKind::All, None, 0) },
        ]);
        let text = list.to_text();
        assert_eq!(text.as_deref(), Some("account:GARNISHMENT:2026-11-10:15000,owner:ALL::0"));
        assert_eq!(Restrictions::from_text(text.as_deref()), Some(list));
        assert_eq!(Restrictions::from_text(None), Some(Restrictions::default()));
        for broken in ["", "owner", "owner:ALL", "owner:ALL::0:1", "nobody:ALL::0", "owner:SOME::0", "owner:ALL:x:0"] {
            assert_eq!(Restrictions::from_text(Some(broken)), None, "{broken}");
        }
    }
}
