//! The rules of webhooks: whom they may call, when they try again, what is sent next, what commands do.

mod commands;
mod queue;

use std::net::SocketAddr;

use super::address::{self, AddressProblem, Guard, NotAllowed};
use super::{schedule, sign};

const HOUR: i64 = 3_600_000_000;

/// Made with the library `standardwebhooks` 1.1.0 of PyPI; the first is also the example of the specification.
#[test]
fn signatures_are_those_of_standard_webhooks() {
    let bytes: [u8; 32] = std::array::from_fn(|place| place as u8);
    let ours = sign::secret(bytes);
    assert_eq!(ours, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let table = [
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            &ours,
            (
                "evt_0190000000007000800000000000002a",
                1_776_245_400,
                "{\"type\":\"ACCOUNT_OPENED\",\"data\":{\"subject\":\"acc_1\"}}",
            ),
            "v1,nRPuI1JNrekaxIHhaLPbJqp1ZY9X0izrwgRCvKGhEeU=",
        ),
        (
            "whsec_//////////////////////////////////////////8=",
            ("evt_ffffffffffffffffffffffffffffffff", 0, "{\"name\":\"Åsa Öberg €\"}"),
            "v1,kQjbvDpbKa1fNvPa3yzKnWfltiS5V2vuh/Wv2e7U9fw=",
        ),
        (&ours, ("x", 1, ""), "v1,BexchVo5RFaJvtJFyommOLpoaSc7+DJ0WkcdI8bp47o="),
    ];
    for (secret, (id, timestamp, body), expected) in table {
        assert_eq!(sign::signatures(std::iter::once(secret), id, timestamp, body), expected);
    }
    let both = sign::signatures([ours.as_str(), table[2].0].into_iter(), "x", 1, "");
    let parts: Vec<&str> = both.split(' ').collect();
    assert_eq!((parts.len(), parts[0]), (2, table[3].2));
    assert_eq!(sign::signatures(["", "whsec_?"].into_iter(), "x", 1, ""), "", "what is no secret signs nothing");
}

#[test]
fn what_fails_is_tried_ten_times_over_three_days_and_later_where_the_receiver_asks_for_it() {
    let mut now = 1_000;
    let mut attempts = 1;
    while let Some(next) = schedule::next(attempts, now, 0, None) {
        assert!(next > now);
        (now, attempts) = (next, attempts + 1);
    }
    assert_eq!(attempts, 10);
    let days = (now - 1_000) / (24 * HOUR);
    assert_eq!(days, 3);
    // Chance adds a fifth at most.
    for chance in [0, 1, 59_999_999, u32::MAX] {
        let next = schedule::next(2, 0, chance, None).expect("another attempt");
        assert!((300_000_000..360_000_000).contains(&next), "{next}");
    }
    for (asked, expected) in [
        (None, 5_000_000),
        (Some(0), 5_000_000),
        (Some(-1), 5_000_000),
        (Some(HOUR), HOUR),
        (Some(i64::MAX), 24 * HOUR),
    ] {
        assert_eq!(schedule::next(1, 0, 0, asked), Some(expected), "{asked:?}");
    }
    assert_eq!(schedule::next(0, 0, 0, None), None);
    let now = 784_111_777_000_000;
    for (value, expected) in [
        ("120", Some(120_000_000)),
        (" 5 ", Some(5_000_000)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60_000_000)),
        ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
        ("-1", None),
        ("soon", None),
        ("99999999999", None),
    ] {
        assert_eq!(schedule::retry_after(value, now), expected, "{value}");
    }
}

#[test]
fn addresses_are_of_the_web_and_not_of_the_inside() {
    use AddressProblem::{Credentials, Fragment, NotAUrl, Plain, Private};
    for (text, problem) in [
        ("https://example.com/hook?tenant=1", None),
        ("https://93.184.216.34:8443/", None),
        ("https://[2606:2800:220:1::1]/", None),
        ("http://example.com/", Some(Plain)),
        ("https://user@example.com/", Some(Credentials)),
        ("https://:secret@example.com/", Some(Credentials)),
        ("https://example.com/#part", Some(Fragment)),
        ("ftp://example.com/", Some(NotAUrl)),
        ("example.com", Some(NotAUrl)),
        ("https://", Some(NotAUrl)),
        ("", Some(NotAUrl)),
        ("https://example.com/\n", Some(NotAUrl)),
        ("https://127.0.0.1/", Some(Private)),
        // One address in other spellings.
        ("https://2130706433/", Some(Private)),
        ("https://0x7f.1/", Some(Private)),
        ("https://[::ffff:10.0.0.1]/", Some(Private)),
    ] {
        let found = address::parse(text).and_then(|url| address::check(&url)).err();
        assert_eq!(found, problem, "{text}");
    }
    assert_eq!(address::parse(&format!("https://example.com/{}", "x".repeat(2_000))).err(), Some(NotAUrl));
}

#[test]
fn what_a_name_leads_to_is_called_only_on_the_outside() {
    let inside = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.8.8.8",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    let outside = [
        "8.8.8.8",
        "100.63.0.1",
        "100.128.0.1",
        "172.32.0.1",
        "198.20.0.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ];
    let at = |ip: &str| SocketAddr::new(ip.parse().expect("an address"), 443);
    let (strict, open) = (Guard { allow_private: false }, Guard { allow_private: true });
    for ip in inside {
        assert_eq!(strict.allowed([at(ip)].into_iter()), Err(NotAllowed), "{ip}");
        assert_eq!(open.allowed([at(ip)].into_iter()), Ok(vec![at(ip)]), "{ip}");
        // A name that leads to both is called outside alone.
        assert_eq!(strict.allowed([at(ip), at("8.8.8.8")].into_iter()), Ok(vec![at("8.8.8.8")]), "{ip}");
    }
    for ip in outside {
        assert_eq!(strict.allowed([at(ip)].into_iter()), Ok(vec![at(ip)]), "{ip}");
    }
    assert_eq!(open.allowed(std::iter::empty()), Err(NotAllowed));
}
