//! Proofs of RFC 6962: that a leaf is in a tree, and that one tree is the beginning of another.
//!
//! A proof is a list of hashes of ranges of leaves, so making one is asking for these ranges. Checking follows RFC 9162,
//! 2.1.3.2 and 2.1.4.2.

use crate::hash::{TreeHash, node};

/// Leaves from one up to another.
pub type Range = (u64, u64);

/// The ranges whose hashes prove that leaf `index` is in the tree of `size` leaves, which has to be larger.
pub fn inclusion_ranges(index: u64, size: u64) -> Vec<Range> {
    let mut ranges = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let split = from + split(to - from);
        if index < split {
            ranges.push((split, to));
            to = split;
        } else {
            ranges.push((from, split));
            from = split;
        }
    }
    ranges.reverse();
    ranges
}

/// The ranges whose hashes prove that the tree of `old` leaves is the beginning of that of `size` leaves. `old` is
/// above 0 and at most `size`.
pub fn consistency_ranges(old: u64, size: u64) -> Vec<Range> {
    let mut ranges = Vec::new();
    let (mut from, mut to, mut old_is_whole) = (0, size, true);
    while to != old {
        let split = from + split(to - from);
        if old <= split {
            ranges.push((split, to));
            to = split;
        } else {
            ranges.push((from, split));
            from = split;
            old_is_whole = false;
        }
    }
    if !old_is_whole {
        ranges.push((from, to));
    }
    ranges.reverse();
    ranges
}

/// The largest power of two below `leaves`, which are more than one.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// Whether the hashes prove that leaf `index` is in the tree of this size and root.
pub fn proves_inclusion(
    (index, leaf): (u64, TreeHash),
    hashes: &[TreeHash],
    (size, root): (u64, TreeHash),
) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, leaf);
    for proof in hashes {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node(*proof, hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(hash, *proof);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether the hashes prove that the one tree is the beginning of the other.
pub fn proves_consistency(
    (old, old_root): (u64, TreeHash),
    hashes: &[TreeHash],
    (size, root): (u64, TreeHash),
) -> bool {
    if old == 0 || old > size {
        return false;
    }
    if old == size {
        return hashes.is_empty() && old_root == root;
    }
    let with_old = [old_root];
    let mut proofs =
        if old.is_power_of_two() { with_old.iter().chain(hashes) } else { [].iter().chain(hashes) };
    let (mut place, mut last) = (old - 1, size - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let Some(&first) = proofs.next() else { return false };
    let (mut before, mut after) = (first, first);
    for proof in proofs {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            (before, after) = (node(*proof, before), node(*proof, after));
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            after = node(after, *proof);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && before == old_root && after == root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{hexadecimal, leaf};
    use crate::range::Peaks;

    /// The leaves of the test tree of Certificate Transparency's reference code.
    const INPUTS: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    /// The roots of its first 1, 2, … leaves.
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn leaves(count: u64) -> Vec<TreeHash> {
        (0..count).map(|number| leaf(&number.to_be_bytes())).collect()
    }

    fn root(leaves: &[TreeHash]) -> TreeHash {
        let mut peaks = Peaks::default();
        for leaf in leaves {
            peaks.push(*leaf);
        }
        peaks.root()
    }

    fn hashes(leaves: &[TreeHash], ranges: &[Range]) -> Vec<TreeHash> {
        let at = |place| usize::try_from(place).unwrap();
        ranges.iter().map(|(from, to)| root(&leaves[at(*from)..at(*to)])).collect()
    }

    #[test]
    fn the_roots_are_those_of_the_reference_tree() {
        let leaves: Vec<TreeHash> = INPUTS.iter().map(|input| leaf(input)).collect();
        for (size, expected) in (1..).zip(ROOTS) {
            assert_eq!(hexadecimal(&root(&leaves[..size]).0), expected, "{size}");
        }
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hexadecimal(&root(&[]).0), empty);
    }

    /// RFC 6962, 2.1.3: the example with seven leaves.
    #[test]
    fn the_ranges_are_those_of_the_example() {
        assert_eq!(inclusion_ranges(0, 7), [(1, 2), (2, 4), (4, 7)]);
        assert_eq!(inclusion_ranges(3, 7), [(2, 3), (0, 2), (4, 7)]);
        assert_eq!(inclusion_ranges(4, 7), [(5, 6), (6, 7), (0, 4)]);
        assert_eq!(inclusion_ranges(6, 7), [(4, 6), (0, 4)]);
        assert_eq!(consistency_ranges(3, 7), [(2, 3), (3, 4), (0, 2), (4, 7)]);
        assert_eq!(consistency_ranges(4, 7), [(4, 7)]);
        assert_eq!(consistency_ranges(6, 7), [(4, 6), (6, 7), (0, 4)]);
        assert_eq!(consistency_ranges(7, 7), []);
    }

    #[test]
    fn every_leaf_of_every_tree_is_proven_and_no_other() {
        for size in 1..=40 {
            let leaves = leaves(size);
            let tree = (size, root(&leaves));
            for index in 0..size {
                let proof = hashes(&leaves, &inclusion_ranges(index, size));
                let its = leaves[usize::try_from(index).unwrap()];
                assert!(proves_inclusion((index, its), &proof, tree), "{index} of {size}");
                assert!(!proves_inclusion((index, leaf(b"another")), &proof, tree));
                assert!(!proves_inclusion((index, its), &proof, (size, leaf(b"another"))));
                let elsewhere = (index + 1) % (size + 1);
                assert!(!proves_inclusion((elsewhere, its), &proof, tree), "{index} of {size}");
                let longer: Vec<TreeHash> = proof.iter().copied().chain([its]).collect();
                assert!(!proves_inclusion((index, its), &longer, tree));
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(!proves_inclusion((index, its), shorter, tree));
                }
            }
        }
    }

    #[test]
    fn every_tree_is_proven_to_be_the_beginning_of_every_larger_one() {
        for size in 1..=40 {
            let leaves = leaves(size);
            let tree = (size, root(&leaves));
            for old in 1..=size {
                let before = (old, root(&leaves[..usize::try_from(old).unwrap()]));
                let proof = hashes(&leaves, &consistency_ranges(old, size));
                assert!(proves_consistency(before, &proof, tree), "{old} of {size}");
                assert!(!proves_consistency((old, leaf(b"another")), &proof, tree), "{old} of {size}");
                assert!(!proves_consistency(before, &proof, (size, leaf(b"another"))), "{old} of {size}");
                let longer: Vec<TreeHash> = proof.iter().copied().chain([before.1]).collect();
                assert!(!proves_consistency(before, &longer, tree), "{old} of {size}");
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(!proves_consistency(before, shorter, tree), "{old} of {size}");
                }
            }
            assert!(!proves_consistency((0, tree.1), &[], tree));
            assert!(!proves_consistency((size + 1, tree.1), &[], tree));
        }
    }
}
