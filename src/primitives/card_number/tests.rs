use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Numbers that the schemes give for trying things out.
const NUMBERS: &[&str] = &[
    "4111111111111111",
    "4222222222222",
    "4000000000000000006",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "30569309025904",
    "38520000023237",
    "6011111111111117",
    "3530111333300000",
    "6200000000000005",
    "6304000000000000",
    "6759649826438453",
    "6799990100000000019",
    "2200123456789019",
];

#[test]
fn a_number_is_found_however_it_is_written() {
    for number in NUMBERS {
        let grouped = |by: &str| {
            let digits: Vec<char> = number.chars().collect();
            digits.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(by)
        };
        for text in [
            (*number).to_owned(),
            format!("card {number}, please"),
            format!("abc{number}def"),
            format!("PAN:{number}"),
            format!("[\"{number}\"]"),
            format!("\u{200b}{}\u{feff}", number.replace('1', "1\u{200d}")),
            format!("order 17 {}", grouped(" ")),
            format!("{} 123", grouped("-")),
            grouped("."),
            grouped(" - "),
            grouped("\u{a0}"),
            grouped("\u{2013}"),
            grouped("\n"),
            grouped("\u{2002}"),
            grouped(","),
            grouped(", "),
            grouped(":"),
            grouped(" | "),
            grouped("+"),
            grouped("="),
            grouped("*"),
            grouped("~"),
            grouped(")("),
            format!("({})", grouped(") (")),
            grouped(";"),
            grouped("\", \""),
            grouped("\",\n    \""),
            grouped("\u{2502}"),
            grouped("\u{1f600}"),
            grouped("\u{ff0c}"),
            format!("order 17: {}", grouped("|")),
            format!("{}: 123", grouped("+")),
            number.chars().map(String::from).collect::<Vec<_>>().join(","),
        ] {
            assert!(is_in(&text), "{text}");
        }
        for zero in ZEROS {
            let other = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(zero + digit));
            let text: String = number.chars().filter_map(other).collect();
            assert!(is_in(&text), "{text}");
        }
        let circled: String =
            number.chars().filter_map(|c| "⓪①②③④⑤⑥⑦⑧⑨".chars().nth(c.to_digit(10)? as usize)).collect();
        assert!(is_in(&circled), "{circled}");
        let keycaps: String = number.chars().map(|c| format!("{c}\u{fe0f}\u{20e3}")).collect();
        assert!(is_in(&keycaps), "{keycaps}");
    }
}

#[test]
fn what_only_looks_like_one_is_not() {
    for text in [
        "",
        "4111111111111112",
        "411111111111111",
        "41111111111111111111",
        "1234567812345670",
        "0000000000000000",
        "7992739871300000",
        "411111******1111",
        "4111 11XX XXXX 1111",
        "************1111",
        "2026-11-27 14:05:33.123456",
        "1764252333123456",
        "+46 70 123 45 67, +46 8 123 456 78",
        "SE35 5000 0000 0549 1000 0003",
        "SE3550000000054910000003",
        "DE89 3704 0044 0532 0130 00",
        "GB29NWBK60161331926819",
        "please pay to NO93 8601 1117 947 or FR14 2004 1010 0505 0001 3M02 606",
        "acc_01900000411111111111111100000000a",
        "acc_0190a000411111111111111100000000",
        "01234567-4111-1111-1111-1111abcdef01",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "4111 1111 and 1111 1111",
        // Four of five amounts, and two telephones.
        "4111, 1111, 1111, 1111, 1200",
        "4111.00, 1111.00, 1111.00, 1111.00",
        "$4111, $1111, $1111, $1111",
        "4111 EUR, 1111 EUR, 1111 EUR, 1111 EUR",
        "411111,11,11111111",
        "41,11; 11,11; 11,11; 11,11",
        "41111111, 11111111",
        "+47 411 11 111, +47 111 11 111",
        "41 11 11 11, 11 11 11 11",
        "2026-11-27T14:05:33,123456",
        "4111:11:11 11:11:11",
    ] {
        assert!(!is_in(text), "{text}");
    }
}

#[test]
fn the_items_of_a_list_hold_one_together() {
    for list in [
        json!(["4111", "1111", "1111", "1111"]),
        json!([4111, 1111, 1111, 1111]),
        json!(["4111 1111", "1111 1111"]),
        json!(["411111", "1111111111"]),
        json!([["4111", "1111"], ["1111", "1111"]]),
        json!({ "a": [true, "4111", "1111", "1111", "1111"] }),
        json!(["x", "4111", "1111", "1111", "1111", null]),
        json!([4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
        json!(["3782", "822463", "10005"]),
        json!([4_111_111_111_111_111_u64]),
        json!({ "4111111111111111": 1 }),
    ] {
        assert!(is_in_json(&list), "{list}");
    }
    for list in [
        json!(["4111.00", "1111.00", "1111.00", "1111.00"]),
        json!([4111.5, 1111.5, 1111.5, 1111.5]),
        json!([4111, 1111, 1111, 1111, 1111]),
        json!(["+4741111111", "+4711111111"]),
        json!(["41111111", "11111111"]),
        json!(["4111", "x", "1111", "1111", "1111"]),
        json!(["4111", { "a": "1111" }, "1111", "1111"]),
        json!([1_764_252_333_123_456_u64, 1_764_252_333_u64]),
        json!(["2026-11-27", "2026-11-28"]),
        json!([]),
        json!(["4111111111111112"]),
    ] {
        assert!(!is_in_json(&list), "{list}");
    }
}

#[test]
fn the_digits_of_every_script_are_known() {
    let categories = CodePointMapData::<GeneralCategory>::new();
    for c in (0..=0x10_ffff_u32).filter_map(char::from_u32) {
        let is_digit = categories.get(c) == GeneralCategory::DecimalNumber;
        assert!(!is_digit || c.is_ascii() || digit_of(c).is_some(), "{}", c.escape_unicode());
    }
    assert!(ZEROS.windows(2).all(|zeros| zeros[0] + 10 <= zeros[1]), "in order, none within another");
}

/// Of digits without their last, with the check digit.
fn with_check_digit(digits: &str) -> String {
    let found = (0..10).map(|last| format!("{digits}{last}")).find(|whole| {
        let digits: Vec<(u8, bool)> = whole.bytes().map(|digit| (digit - b'0', false)).collect();
        has_check_digit(&digits)
    });
    found.unwrap_or_default()
}

/// Countries whose IBANs have digits alone, and how many after the check.
const COUNTRIES: &[(&str, usize)] = &[
    ("AT", 16),
    ("BE", 12),
    ("CZ", 20),
    ("DE", 18),
    ("DK", 14),
    ("EE", 16),
    ("ES", 20),
    ("FI", 14),
    ("HR", 17),
    ("HU", 24),
    ("NO", 11),
    ("PL", 24),
    ("PT", 21),
    ("SE", 20),
];

#[test]
fn two_letters_before_a_number_make_no_iban_of_it() {
    // The remainder by 97 is that of an IBAN once in a hundred.
    for check in 0..97_u32 {
        let number = with_check_digit(&format!("4111{check:02}000000{check:02}1"));
        for before in ["no", "nr", "cc", "de", "xx"] {
            assert!(is_in(&format!("{before}{number}")), "{before}{number}");
        }
    }
}

#[test]
fn a_number_with_a_fraction_is_an_amount_unless_its_whole_part_is_none() {
    for amount in ["411111111.1111111", "-5105105.105105100"] {
        assert!(!is_in(amount), "{amount}");
    }
    for number in ["4111111111111111.00", "4111.1111.1111.1111", "0.4111111111111111"] {
        assert!(is_in(number), "{number}");
    }
}

proptest! {
    #[test]
    fn any_visa_and_any_mastercard_number_is_found_anywhere(
        rest in "[0-9]{13}", before in "[a-z ]{0,5}", after in "[a-z ]{0,5}",
    ) {
        for begin in ["41", "52"] {
            let number = with_check_digit(&format!("{begin}{rest}"));
            let text = format!("{before}{number}{after}");
            prop_assert!(is_in(&text), "{}", text);
            let masked = format!("{}******{}", &number[..6], &number[12..]);
            prop_assert!(!is_in(&masked), "{}", masked);
        }
    }

    #[test]
    fn an_iban_is_not_taken_for_a_number(
        (country, length) in prop::sample::select(COUNTRIES), digits in "[0-9]{24}",
    ) {
        let account = &digits[..length];
        // ISO 13616: what makes the remainder one.
        let rest = format!("{account}{country}00").chars().fold(0_u32, |rest, c| match c.to_digit(36).unwrap_or(0) {
            digit @ 0..=9 => (rest * 10 + digit) % 97,
            letter => (rest * 100 + letter) % 97,
        });
        let iban = format!("{country}{:02}{account}", 98 - rest);
        prop_assert!(!is_in(&iban), "{}", iban);
        let groups: Vec<String> =
            iban.chars().collect::<Vec<_>>().chunks(4).map(|group| group.iter().collect()).collect();
        let text = format!("to {}.", groups.join(" "));
        prop_assert!(!is_in(&text), "{}", text);
    }

    #[test]
    fn any_visa_and_any_mastercard_number_is_found_parted_by_any_sign_and_in_any_list(
        rest in "[0-9]{13}", by in "[-,:;|+=*~()./#_&^!?<>\\[\\]{}'\"`@ ]{1,3}", size in 1..=5_usize, before in "[a-z]{0,5}",
    ) {
        for begin in ["41", "52"] {
            let number = with_check_digit(&format!("{begin}{rest}"));
            let groups: Vec<String> =
                number.chars().collect::<Vec<_>>().chunks(size).map(|group| group.iter().collect()).collect();
            let text = format!("{before}{by}{}", groups.join(&by));
            prop_assert!(is_in(&text), "{}", text);
            prop_assert!(is_in_json(&json!({ "a": groups })), "{:?}", groups);
        }
    }

    #[test]
    fn amounts_in_lists_are_none(amounts in prop::collection::vec((0..100_000_000_u32, 0..100_u8), 0..20)) {
        let written: Vec<String> = amounts.iter().map(|(whole, cents)| format!("{whole}.{cents:02}")).collect();
        for by in [", ", ",", "; ", " | ", " + ", " EUR, "] {
            prop_assert!(!is_in(&written.join(by)), "{}", written.join(by));
        }
        let commas: Vec<String> = written.iter().map(|amount| amount.replace('.', ",")).collect();
        prop_assert!(!is_in(&commas.join("; ")), "{}", commas.join("; "));
        prop_assert!(!is_in_json(&json!(written)), "{:?}", written);
    }

    #[test]
    fn moments_and_telephones_in_lists_are_none(
        seconds in prop::collection::vec(0..4_000_000_000_i64, 1..6),
        telephones in prop::collection::vec("\\+4[5-9][1-9][0-9]{7,8}", 1..6),
    ) {
        let moments = seconds.iter().filter_map(|seconds| chrono::DateTime::from_timestamp(*seconds, 0));
        let moments: Vec<String> =
            moments.flat_map(|moment| [moment.to_rfc3339(), moment.format("%Y-%m-%d %H:%M:%S").to_string()]).collect();
        for list in [&moments, &telephones] {
            prop_assert!(!is_in(&list.join(", ")), "{}", list.join(", "));
            prop_assert!(!is_in_json(&json!(list)), "{:?}", list);
        }
    }

    #[test]
    fn references_of_banks_pass_where_no_scheme_begins_so(reference in "[017][0-9]{11,17}") {
        let reference = with_check_digit(&reference);
        prop_assert!(!is_in(&reference), "{}", reference);
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,60}") {
        let _ = is_in(&text);
    }
}
