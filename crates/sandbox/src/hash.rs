//! Stateless randomness: a record is a pure function of numbers, so every draw is a hash of (seed, place, purpose).

/// Scrambles 64 bits (the finalizer of `SplitMix64`); a bijection, see [`unmix`].
pub(crate) const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Undoes [`mix`], so that an id can be turned back into the place it was made from.
pub(crate) const fn unmix(value: u64) -> u64 {
    let mut z = value ^ (value >> 31) ^ (value >> 62);
    z = z.wrapping_mul(0x3196_42b2_d24d_8ec3);
    z = z ^ (z >> 27) ^ (z >> 54);
    z = z.wrapping_mul(0x96de_1b17_3f11_9089);
    z = z ^ (z >> 30) ^ (z >> 60);
    z.wrapping_sub(0x9e37_79b9_7f4a_7c15)
}

/// A draw below `n`, from the high bits of a hash.
pub(crate) const fn below(hash: u64, n: u64) -> u64 {
    ((hash as u128 * n as u128) >> 64) as u64
}

/// One of a list.
pub(crate) fn pick<T: Copy>(hash: u64, list: &[T]) -> T {
    list[below(hash, list.len() as u64) as usize]
}

/// A salt for a name (FNV-1a), so that every property draws on its own.
pub(crate) fn salt(name: &str) -> u64 {
    let mut h: u64 = 0xcbf2_9ce4_8422_2325;
    for b in name.bytes() {
        h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    }
    mix(h)
}

/// A threshold for `hash as u32`, from a share between 0 and 1.
pub(crate) fn threshold(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmix_undoes_mix() {
        for v in [0, 1, 42, u64::MAX, 0xdead_beef_0123_4567] {
            assert_eq!(unmix(mix(v)), v);
            assert_eq!(mix(unmix(v)), v);
        }
    }
}
