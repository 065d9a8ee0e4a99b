//! Countries by their ISO 3166-1 alpha-2 codes, and the form of their postal codes as far as it is sure.

/// The codes that are assigned, in alphabetical order.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO \
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW \
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// The form of postal codes, spaces and hyphens apart: `9` is a digit, `A` a letter. Only countries that have had one form
/// for decades; everywhere else any code is taken.
const POST_CODES: &[(&str, &str)] = &[
    ("AT", "9999"),
    ("AX", "99999"),
    ("BE", "9999"),
    ("CH", "9999"),
    ("DE", "99999"),
    ("DK", "9999"),
    ("EE", "99999"),
    ("ES", "99999"),
    ("FI", "99999"),
    ("FR", "99999"),
    ("IT", "99999"),
    ("NL", "9999AA"),
    ("NO", "9999"),
    ("PL", "99999"),
    ("SE", "99999"),
];

/// Whether a code is that of a country. Capital letters only, as ISO writes them.
#[must_use]
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && CODES.split_ascii_whitespace().any(|known| known == code)
}

/// The form that a postal code of the country has, where this one has not. The country's code may stand before it, as on
/// letters from abroad (`SE-111 22`).
#[must_use]
pub fn wanted_form(country: &str, post_code: &str) -> Option<&'static str> {
    let form = POST_CODES.iter().find(|(of, _)| *of == country).map(|(_, form)| *form)?;
    let own = post_code.strip_prefix(country).and_then(|rest| rest.strip_prefix('-')).unwrap_or(post_code);
    let mut wanted = form.chars();
    let fits = |c: char| match wanted.next() {
        Some('9') => c.is_ascii_digit(),
        Some(_) => c.is_ascii_alphabetic(),
        None => false,
    };
    let all_fit = own.chars().filter(|c| !matches!(c, ' ' | '-')).all(fits);
    (!all_fit || wanted.next().is_some()).then_some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_those_of_iso_3166() {
        let codes: Vec<&str> = CODES.split_ascii_whitespace().collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "each once, in order");
        for (code, known) in
            [("SE", true), ("NL", true), ("se", false), ("XX", false), ("UK", false), ("SWE", false), ("", false)]
        {
            assert_eq!(is_country(code), known, "{code}");
        }
        assert!(POST_CODES.iter().all(|(country, _)| is_country(country)));
    }

    #[test]
    fn postal_codes_have_the_form_of_their_country() {
        for (country, code, wanted) in [
            ("SE", "11122", None),
            ("SE", "111 22", None),
            ("SE", "SE-111 22", None),
            ("SE", "1112", Some("99999")),
            ("SE", "111 223", Some("99999")),
            ("SE", "1112A", Some("99999")),
            ("SE", "NO-11122", Some("99999")),
            ("NL", "1012 AB", None),
            ("NL", "1012ab", None),
            ("NL", "1012", Some("9999AA")),
            ("NL", "AB1012", Some("9999AA")),
            ("PL", "00-950", None),
            ("NO", "0150", None),
            ("NO", "٠١٥٠", Some("9999")),
            // Where the form is not sure, any is taken.
            ("GB", "SW1A 1AA", None),
            ("IE", "D02 AF30", None),
        ] {
            assert_eq!(wanted_form(country, code), wanted, "{country} {code}");
        }
    }
}
