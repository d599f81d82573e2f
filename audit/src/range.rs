//! A run of leaves as the fewest nodes that cover it: what is needed of a tree to go on with it, or to find its root.

use crate::hash::{TreeHash, empty_root, node};

/// A whole subtree: the leaves from `index` × 2^`level` on, 2^`level` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subtree {
    pub level: u32,
    pub index: u64,
}

impl Subtree {
    /// The first leaf after it.
    pub const fn end(self) -> u64 {
        (self.index + 1) << self.level
    }
}

/// The whole subtrees that cover the leaves from `from` up to `to`, from left to right.
pub fn subtrees(mut from: u64, to: u64) -> Vec<Subtree> {
    let mut found = Vec::new();
    while from < to {
        let aligned = from.trailing_zeros();
        let fits = (to - from).ilog2();
        let level = aligned.min(fits);
        found.push(Subtree { level, index: from >> level });
        from += 1 << level;
    }
    found
}

/// The nodes above the leaves from 0 up to its size, and so the root of the tree of just these leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peaks {
    size: u64,
    /// From left to right, each lower than the one before.
    nodes: Vec<TreeHash>,
}

impl Peaks {
    /// Of a tree of `size` leaves, of which these are the nodes. `None`: there are more or fewer.
    pub fn new(size: u64, nodes: Vec<TreeHash>) -> Option<Self> {
        (nodes.len() == size.count_ones() as usize).then_some(Self { size, nodes })
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The next leaf.
    pub fn push(&mut self, leaf: TreeHash) {
        self.push_subtree(0, leaf);
    }

    /// The root of the next 2^`level` leaves. The size has to be a multiple of that.
    fn push_subtree(&mut self, level: u32, root: TreeHash) {
        let (mut above, mut root) = (self.size >> level, root);
        while above & 1 == 1 {
            root = node(self.nodes.pop().expect("a node for each bit of the size"), root);
            above >>= 1;
        }
        self.nodes.push(root);
        self.size += 1 << level;
    }

    /// Goes on to a tree of `size` leaves by the roots of the subtrees that are missing. `None`: they do not fit.
    pub fn extend(&mut self, size: u64, roots: &[TreeHash]) -> Option<()> {
        let missing = subtrees(self.size, size);
        if missing.len() != roots.len() || size < self.size {
            return None;
        }
        for (subtree, root) in missing.iter().zip(roots) {
            self.push_subtree(subtree.level, *root);
        }
        Some(())
    }

    /// RFC 6962's Merkle Tree Hash of the leaves.
    pub fn root(&self) -> TreeHash {
        let up = self.nodes.iter().rev().copied().reduce(|right, left| node(left, right));
        up.unwrap_or_else(empty_root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf;

    fn leaves(count: u8) -> Vec<TreeHash> {
        (0..count).map(|number| leaf(&[number])).collect()
    }

    /// The definition of RFC 6962, 2.1, word for word.
    fn merkle_tree_hash(leaves: &[TreeHash]) -> TreeHash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            more => {
                let split = more.len().next_power_of_two() / 2;
                node(merkle_tree_hash(&more[..split]), merkle_tree_hash(&more[split..]))
            }
        }
    }

    #[test]
    fn the_root_is_what_the_definition_says() {
        let leaves = leaves(70);
        let mut peaks = Peaks::default();
        for size in 0..=leaves.len() {
            assert_eq!(peaks.root(), merkle_tree_hash(&leaves[..size]), "{size}");
            if let Some(leaf) = leaves.get(size) {
                peaks.push(*leaf);
            }
        }
    }

    #[test]
    fn a_tree_goes_on_by_the_subtrees_that_are_missing() {
        let leaves = leaves(45);
        for from in 0..=45_u64 {
            let mut peaks = Peaks::default();
            for leaf in &leaves[..usize::try_from(from).unwrap()] {
                peaks.push(*leaf);
            }
            let roots: Vec<TreeHash> = subtrees(from, 45)
                .iter()
                .map(|subtree| {
                    let start = usize::try_from(subtree.index << subtree.level).unwrap();
                    merkle_tree_hash(&leaves[start..usize::try_from(subtree.end()).unwrap()])
                })
                .collect();
            assert_eq!(
                peaks.clone().extend(45, &roots[..roots.len().saturating_sub(1)]).is_some(),
                from == 45
            );
            peaks.extend(45, &roots).unwrap();
            assert_eq!(peaks.root(), merkle_tree_hash(&leaves), "{from}");
        }
    }
}
