//! Whom a webhook may call: `https`, and nobody on the inside. What a name leads to is looked at each time that a
//! connection is made, after it was looked up, so that a name which changes its mind gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Name, Resolve, Resolving};

/// Characters of an address.
const LONGEST: usize = 2_000;

/// Why an address is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// Not an address of the web.
    #[error("must be an address like https://example.com/hook, of at most 2000 characters")]
    NotAUrl,
    /// With a user in it: it would be logged and shown.
    #[error("must not hold a user name or password")]
    Credentials,
    /// Nothing that a receiver would see.
    #[error("must not have a fragment")]
    Fragment,
    /// Without TLS.
    #[error("must begin with https://")]
    Plain,
    /// Of this machine or a network of its own.
    #[error("must not be an address of a private network")]
    Private,
}

/// The address that a text is.
///
/// # Errors
/// [`AddressProblem`].
pub fn parse(text: &str) -> Result<Url, AddressProblem> {
    if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(AddressProblem::NotAUrl);
    }
    let url = Url::parse(text).map_err(|_| AddressProblem::NotAUrl)?;
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return Err(AddressProblem::NotAUrl);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressProblem::Credentials);
    }
    if url.fragment().is_some() {
        return Err(AddressProblem::Fragment);
    }
    Ok(url)
}

/// Whether an address may be called where private ones may not, as far as it shows by itself: names are looked at when
/// they are looked up.
///
/// # Errors
/// [`AddressProblem`].
pub fn check(url: &Url) -> Result<(), AddressProblem> {
    if url.scheme() != "https" {
        return Err(AddressProblem::Plain);
    }
    match literal(url) {
        Some(ip) if !is_public(ip) => Err(AddressProblem::Private),
        _ => Ok(()),
    }
}

/// The IP address that stands in the place of a name. It is never looked up.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether an address belongs to the internet at large.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let reserved = match ip.octets() {
        // This network; carriers' own; protocols; benchmarks; the former class E, and everybody.
        [0, ..] | [192, 0, 0, _] | [198, 18 | 19, ..] | [240..=255, ..] => true,
        [100, second, ..] => second & 0xc0 == 64,
        // Relays of 6to4.
        [192, 88, 99, _] => true,
        _ => false,
    };
    !(reserved
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation())
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match ip.segments() {
        // An address of version 4 in another dress: mapped, of NAT64, of 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            embedded(high, low)
        }
        // Teredo and what else is for protocols; documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All that is given out so far begins like this: neither loopback, local, nor for many.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// A connection was not made, for where it would have gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name leads to a private network")]
pub struct NotAllowed;

/// Looks names up, and leaves out what may not be called.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Whether private networks may be called.
    pub allow_private: bool,
}

impl Guard {
    /// What is left of the addresses of a name.
    ///
    /// # Errors
    /// [`NotAllowed`] when nothing is.
    pub fn allowed(self, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, NotAllowed> {
        let left: Vec<SocketAddr> = found.filter(|at| self.allow_private || is_public(at.ip())).collect();
        if left.is_empty() { Err(NotAllowed) } else { Ok(left) }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let left = guard.allowed(found)?;
            let left: Box<dyn Iterator<Item = SocketAddr> + Send> = Box::new(left.into_iter());
            Ok(left)
        })
    }
}
