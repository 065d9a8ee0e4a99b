use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::IdentifierKind::*;
use super::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 27).unwrap()
}

fn parse(kind: IdentifierKind, text: &str) -> Result<Identifier, IdentifierProblem> {
    Identifier::parse(kind, text, today())
}

#[test]
fn python_stdnum_says_the_same_of_every_vector() {
    let mut seen: BTreeMap<IdentifierKind, [usize; 2]> = BTreeMap::new();
    for line in include_str!("vectors.txt").lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.splitn(5, ' ').collect();
        let [kind, verdict, number, birth_date, typed] = words[..] else { panic!("{line}") };
        let kind = IdentifierKind::from_word(kind).unwrap();
        let found = parse(kind, typed);
        seen.entry(kind).or_default()[usize::from(verdict == "valid")] += 1;
        if verdict == "valid" {
            let found = found.unwrap_or_else(|problem| panic!("{line}: {problem}"));
            assert_eq!(found.number(), number.replace('_', " "), "{line}");
            // Of a date whose century python-stdnum takes from the present, it takes the same one.
            let date = found.birth_date().map_or("-".to_owned(), |date| date.to_string());
            assert_eq!(date, birth_date, "{line}");
        } else {
            assert!(found.is_err(), "{line}");
        }
    }
    // The trade register's numbers have nothing that could be checked.
    for kind in IdentifierKind::ALL.iter().copied().filter(|kind| *kind != NlKvk) {
        let [invalid, valid] = seen[&kind];
        assert!(valid >= 12 && (invalid >= 4 || kind == DeHandelsregisternummer), "{kind:?} {valid} {invalid}");
    }
}

#[test]
fn numbers_are_read_as_people_write_them() {
    for (kind, typed, number, display, masked, birth_date) in [
        (SePersonnummer, "811228-9874", "198112289874", "19811228-9874", "19811228-****", Some("1981-12-28")),
        (SePersonnummer, "8112289874", "198112289874", "19811228-9874", "19811228-****", Some("1981-12-28")),
        (SePersonnummer, " 19811228 9874 ", "198112289874", "19811228-9874", "19811228-****", Some("1981-12-28")),
        (SePersonnummer, "811228\u{2011}9874", "198112289874", "19811228-9874", "19811228-****", Some("1981-12-28")),
        (SePersonnummer, "121212-1212", "201212121212", "20121212-1212", "20121212-****", Some("2012-12-12")),
        (SePersonnummer, "121212+1212", "191212121212", "19121212-1212", "19121212-****", Some("1912-12-12")),
        (SePersonnummer, "19121212+1212", "191212121212", "19121212-1212", "19121212-****", Some("1912-12-12")),
        // Turns a hundred this year, and next year.
        (SePersonnummer, "261231+1239", "192612311239", "19261231-1239", "19261231-****", Some("1926-12-31")),
        (SePersonnummer, "270101-1237", "192701011237", "19270101-1237", "19270101-****", Some("1927-01-01")),
        (SeSamordningsnummer, "701063-2391", "197010632391", "19701063-2391", "19701063-****", Some("1970-10-03")),
        (SeSamordningsnummer, "198507699802", "198507699802", "19850769-9802", "19850769-****", Some("1985-07-09")),
        (SeOrganisationsnummer, "556036-0793", "5560360793", "556036-0793", "556036-****", None),
        (SeOrganisationsnummer, "16556036-0793", "5560360793", "556036-0793", "556036-****", None),
        (NoFodselsnummer, "150754 65065", "15075465065", "150754 65065", "150754 *****", Some("1854-07-15")),
        (NoDNummer, "410190-12393", "41019012393", "410190 12393", "410190 *****", Some("1990-01-01")),
        (NoOrganisasjonsnummer, "NO988077917MVA", "988077917", "988 077 917", "988 07* ***", None),
        (NoOrganisasjonsnummer, "988 077 917", "988077917", "988 077 917", "988 07* ***", None),
        (DkCpr, "211062-5629", "2110625629", "211062-5629", "211062-****", Some("1862-10-21")),
        (DkCpr, "2110620629", "2110620629", "211062-0629", "211062-****", Some("1962-10-21")),
        (DkCvr, "DK 13 58 56 28", "13585628", "13585628", "1358****", None),
        (FiHenkilotunnus, "131052-308t", "131052-308T", "131052-308T", "131052-****", Some("1952-10-13")),
        (FiHenkilotunnus, "131052Y308T", "131052Y308T", "131052Y308T", "131052Y****", Some("1952-10-13")),
        (FiHenkilotunnus, "290200A248A", "290200A248A", "290200A248A", "290200A****", Some("2000-02-29")),
        (FiYTunnus, "2077474-0", "20774740", "2077474-0", "2077***-*", None),
        (FiYTunnus, "FI20774740", "20774740", "2077474-0", "2077***-*", None),
        (FiYTunnus, "100000-2", "01000002", "0100000-2", "0100***-*", None),
        (DeIdnr, "36 574 261 809", "36574261809", "36 574 261 809", "36 *** *** ***", None),
        (DeUstIdnr, "de 136.695.976", "DE136695976", "DE136695976", "DE13669****", None),
        (DeHandelsregisternummer, "Aachen HRB 1234", "Aachen HRB 1234", "Aachen HRB 1234", "Aachen HRB ****", None),
        (
            DeHandelsregisternummer,
            "hrb 11223 b, Amtsgericht charlottenburg",
            "Berlin (Charlottenburg) HRB 11223 B",
            "Berlin (Charlottenburg) HRB 11223 B",
            "Berlin (Charlottenburg) HRB ***** *",
            None,
        ),
        (
            DeHandelsregisternummer,
            "HRB 11223B Frankfurt am Main",
            "Frankfurt am Main HRB 11223 B",
            "Frankfurt am Main HRB 11223 B",
            "Frankfurt am Main HRB ***** *",
            None,
        ),
        (DeHandelsregisternummer, "VR 12 Hof", "Hof VR 12", "Hof VR 12", "Hof VR **", None),
        (DeHandelsregisternummer, "MÜNCHEN, GSR 7", "München GsR 7", "München GsR 7", "München GsR *", None),
        (NlBsn, "1112.22.333", "111222333", "1112.22.333", "11**.**.***", None),
        (NlBsn, "01234511", "001234511", "0012.34.511", "00**.**.***", None),
        (NlKvk, "68750110", "68750110", "68750110", "6875****", None),
        (NlRsin, "001234511", "001234511", "001234511", "00123****", None),
    ] {
        let found = parse(kind, typed).unwrap_or_else(|problem| panic!("{typed}: {problem}"));
        assert_eq!(found.number(), number, "{typed}");
        assert_eq!(found.display(), display, "{typed}");
        assert_eq!(found.masked(), masked, "{typed}");
        assert_eq!(found.birth_date().map(|date| date.to_string()).as_deref(), birth_date, "{typed}");
        assert_eq!((found.kind(), found.country()), (kind, kind.country()), "{typed}");
        assert_eq!(format!("{found:?}"), format!("{} {masked}", kind.word()), "no number in a log");
        // What is kept and what is shown are read as the same.
        for text in [number, display] {
            assert_eq!(parse(kind, text).as_ref(), Ok(&found), "{text}");
        }
    }
}

#[test]
fn what_is_no_such_number_is_told_why() {
    use IdentifierProblem::*;
    let long = format!("811228-9874{}", " ".repeat(100));
    for (kind, typed, problem) in [
        (SePersonnummer, "811228-9875", CheckDigit),
        (SePersonnummer, "81228-9874", Length),
        (SePersonnummer, "811228-987", Form),
        (SePersonnummer, "1811228-9874", Length),
        (SePersonnummer, "", Length),
        (SePersonnummer, long.as_str(), Length),
        (SePersonnummer, "8112-289874", Form),
        (SePersonnummer, "811228--9874", Form),
        (SePersonnummer, "811228-98é4", Form),
        (SePersonnummer, "811228-987é", Form),
        (SePersonnummer, "８１１２２８-９８７４", Form),
        (SePersonnummer, "811228-9874\0", Form),
        (SePersonnummer, "900230-1233", Date),
        (SePersonnummer, "20270101-1237", Date), // not born yet
        (SePersonnummer, "261231-1239", Date),   // nor this one, without a plus
        (SePersonnummer, "17991231-1231", Date),
        (SePersonnummer, "870228-0002", Part),
        (SePersonnummer, "701063-2391", OtherKind(SeSamordningsnummer)),
        (SeSamordningsnummer, "811228-9874", OtherKind(SePersonnummer)),
        (SeSamordningsnummer, "19870260-1231", Date),
        (SeSamordningsnummer, "19870291-1234", Date),
        (SeSamordningsnummer, "701063-2392", CheckDigit),
        (SeOrganisationsnummer, "556036-0794", CheckDigit),
        (SeOrganisationsnummer, "551936-0795", Part),
        (SeOrganisationsnummer, "012345-6782", Part),
        (SeOrganisationsnummer, "15556036-0793", Length),
        (SeOrganisationsnummer, "556036-079", Length),
        (SeOrganisationsnummer, "SE556036079301", Form),
        (NoFodselsnummer, "15075465066", CheckDigit),
        (NoFodselsnummer, "15075465165", CheckDigit),
        (NoFodselsnummer, "1507546506", Length),
        (NoFodselsnummer, "15076080065", Part), // of no century
        (NoFodselsnummer, "31029012345", Date),
        (NoFodselsnummer, "01419012382", Date), // a hospital's auxiliary number
        (NoFodselsnummer, "81019012387", Date),
        (NoFodselsnummer, "41019012393", OtherKind(NoDNummer)),
        (NoDNummer, "15075465065", OtherKind(NoFodselsnummer)),
        (NoOrganisasjonsnummer, "988077918", CheckDigit),
        (NoOrganisasjonsnummer, "98807791", Length),
        (NoOrganisasjonsnummer, "000000000", Part),
        (DkCpr, "511062-5629", Date),
        (DkCpr, "211062-562", Length),
        (DkCpr, "211052-5629x", Form),
        (DkCpr, "211036-4629", Date), // of 2036
        (DkCvr, "13585629", CheckDigit),
        (DkCvr, "03585628", Part),
        (DkCvr, "1358562", Length),
        (FiHenkilotunnus, "131052-308U", CheckDigit),
        (FiHenkilotunnus, "131052/308T", Form),
        (FiHenkilotunnus, "131052308T", Length),
        (FiHenkilotunnus, "308T", Length),
        (FiHenkilotunnus, "321052-308T", Date),
        (FiHenkilotunnus, "131052A308T", Date), // of 2052
        (FiHenkilotunnus, "131052-001W", Part),
        (FiHenkilotunnus, "131052-900W", Part),
        (FiYTunnus, "2077474-1", CheckDigit),
        (FiYTunnus, "0000000-0", Part),
        (FiYTunnus, "207747-40-1", Length),
        (DeIdnr, "36574261890", CheckDigit),
        (DeIdnr, "01234567888", Part),
        (DeIdnr, "36554266806", Part), // two digits repeated
        (DeIdnr, "12345678901", Part), // none
        (DeIdnr, "11123456786", Part), // thrice in a row
        (DeIdnr, "3657426180", Length),
        (DeUstIdnr, "DE136695978", CheckDigit),
        (DeUstIdnr, "DE036695976", Part),
        (DeUstIdnr, "AT136695976", Form),
        (DeUstIdnr, "DE 136,695 976", Form),
        (DeHandelsregisternummer, "Aachen 1234", Form),
        (DeHandelsregisternummer, "Aachen HRB", Length),
        (DeHandelsregisternummer, "Aachen HRB B", Form),
        (DeHandelsregisternummer, "Aachen HRB 1234567", Length),
        (DeHandelsregisternummer, "Aachen HRB 0", Part),
        (DeHandelsregisternummer, "Aachen HRB 12 ABCD", Form),
        (DeHandelsregisternummer, "Aachen HRB 12ABCD", Form),
        (DeHandelsregisternummer, "Aachen HRB 12 Bonn", Form),
        (DeHandelsregisternummer, "Atlantis HRB 12", Court),
        (DeHandelsregisternummer, "HRB 12", Court),
        (DeHandelsregisternummer, "# HRB 12", Court),
        (NlBsn, "111222334", CheckDigit),
        (NlBsn, "000000000", Part),
        (NlBsn, "1234567", Length),
        (NlKvk, "6875011", Length),
        (NlKvk, "00000000", Part),
        (NlKvk, "6875011x", Form),
        (NlRsin, "001234512", CheckDigit),
    ] {
        assert_eq!(parse(kind, typed), Err(problem), "{kind:?} {typed:?}");
        assert!(typed.len() < 6 || !problem.to_string().contains(typed));
    }
}

#[test]
fn a_country_knows_its_kinds() {
    use CustomerType::*;
    for (country, holder, typed, expected) in [
        (Country::Sweden, Person, "811228-9874", Ok(SePersonnummer)),
        (Country::Sweden, Person, "701063-2391", Ok(SeSamordningsnummer)),
        (Country::Sweden, Company, "556036-0793", Ok(SeOrganisationsnummer)),
        (Country::Sweden, Company, "811228-9874", Err(IdentifierProblem::Part)),
        (Country::Norway, Person, "41019012393", Ok(NoDNummer)),
        (Country::Denmark, Person, "211062-5629", Ok(DkCpr)),
        (Country::Finland, Company, "2077474-0", Ok(FiYTunnus)),
        (Country::Germany, Company, "DE136695976", Ok(DeUstIdnr)),
        (Country::Germany, Company, "Aachen HRB 1", Ok(DeHandelsregisternummer)),
        (Country::Germany, Company, "Atlantis HRB 1", Err(IdentifierProblem::Court)),
        (Country::Netherlands, Company, "68750110", Ok(NlKvk)),
        (Country::Netherlands, Company, "001234511", Ok(NlRsin)),
        (Country::Netherlands, Person, "111222334", Err(IdentifierProblem::CheckDigit)),
    ] {
        let found = Identifier::of_country(country, holder, typed, today()).map(|found| found.kind());
        assert_eq!(found, expected, "{country:?} {typed}");
    }
    for country in Country::ALL {
        for holder in [Person, Company] {
            assert!(IdentifierKind::ALL.iter().any(|kind| kind.country() == *country && kind.holder() == holder));
        }
    }
    for kind in IdentifierKind::ALL {
        assert!(kind.word().starts_with(kind.country().word()), "{kind:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_masked(
        kind in prop::sample::select(IdentifierKind::ALL),
        text in "\\PC{0,14}|[0-9+A-Z -]{6,14}|(Hof|Köln) (HRB|VR) [0-9]{1,7} ?[A-Z]{0,4}",
    ) {
        if let Ok(found) = parse(kind, &text) {
            prop_assert!(found.masked().contains('*'));
            prop_assert_eq!(parse(kind, found.number()), Ok(found));
        }
    }

    #[test]
    fn one_wrong_digit_is_noticed(place in 0_usize..9, by in 1_u32..10) {
        // The check digits of all of these find it, wherever it is; of dates and letters only some do.
        for (kind, number) in [
            (SeOrganisationsnummer, "5560360793"), (NoOrganisasjonsnummer, "988077917"), (FiYTunnus, "20774740"),
            (DkCvr, "13585628"), (NlBsn, "111222333"), (DeIdnr, "36574261809"), (DeUstIdnr, "136695976"),
        ] {
            let mut digits: Vec<u32> = number.chars().map(|c| c.to_digit(10).unwrap()).collect();
            let place = place % digits.len();
            digits[place] = (digits[place] + by) % 10;
            let wrong: String = digits.iter().map(ToString::to_string).collect();
            prop_assert!(parse(kind, &wrong).is_err(), "{kind:?} {wrong}");
        }
    }
}
