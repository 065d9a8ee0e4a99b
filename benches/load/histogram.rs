//! Latencies in whole microseconds: 64 buckets per power of two, so that a percentile is right to within 1.6 percent.

const SUB_BITS: u32 = 6;
const SUB: u64 = 1 << SUB_BITS;
/// Enough for 2^40 microseconds, which is twelve days.
const BUCKETS: usize = 36 * SUB as usize;

/// Counts per bucket.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    /// Counts a value.
    pub fn record(&mut self, micros: u64) {
        let place = place(micros).min(BUCKETS - 1);
        self.counts[place] += 1;
        self.total += 1;
    }

    /// Adds what another one has counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// The value that so many of a thousand do not exceed; nothing when nothing was counted.
    pub fn per_mille(&self, part: u64) -> Option<u64> {
        let wanted = (self.total * part).div_ceil(1_000).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        found.map(middle)
    }
}

fn place(micros: u64) -> usize {
    let shift = micros.max(1).ilog2().saturating_sub(SUB_BITS);
    let above = if micros < SUB { micros } else { u64::from(shift + 1) * SUB + (micros >> shift) - SUB };
    usize::try_from(above).unwrap_or(BUCKETS - 1)
}

fn middle(place: usize) -> u64 {
    let place = place as u64;
    if place < 2 * SUB {
        return place;
    }
    let shift = place / SUB - 1;
    ((place % SUB + SUB) << shift) + ((1 << shift) >> 1)
}
