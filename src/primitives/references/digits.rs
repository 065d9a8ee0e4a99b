//! Check digits. Each is of a text of decimal digits, weighed from the right.

fn from_the_right(body: &str) -> impl Iterator<Item = u32> + '_ {
    body.bytes().rev().map(|b| u32::from(b.wrapping_sub(b'0')))
}

/// One digit, as a number of eight bits.
fn digit(number: u32) -> u8 {
    u8::try_from(number % 10).unwrap_or_default()
}

/// Modulus 10 after Luhn: weights 2 and 1, of products the sum of their digits.
pub(super) fn luhn(body: &str) -> u8 {
    let weighed = from_the_right(body).zip([2, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight);
    digit(10 - weighed.map(|product| product / 10 + product % 10).sum::<u32>() % 10)
}

/// Modulus 11: weights 2 to 7, over and over. None where the check digit would be ten.
pub(super) fn weights_2_to_7(body: &str) -> Option<u8> {
    let sum: u32 = from_the_right(body).zip((2..=7).cycle()).map(|(digit, weight)| digit * weight).sum();
    match (11 - sum % 11) % 11 {
        10 => None,
        check => Some(digit(check)),
    }
}

/// Modulus 10 of the weights 7, 3, 1, over and over.
pub(super) fn weights_7_3_1(body: &str) -> u8 {
    let sum: u32 = from_the_right(body).zip([7, 3, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    digit(10 - sum % 10)
}

/// ISO 7064, modulus 97: what is left of a number whose letters are 10 to 35.
pub(super) fn mod_97(text: &str) -> u32 {
    text.chars().filter_map(|c| c.to_digit(36)).fold(0, |rest, value| {
        let shift = if value > 9 { 100 } else { 10 };
        (rest * shift + value) % 97
    })
}
