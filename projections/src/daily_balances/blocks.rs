//! Blocks of the log: ranges of positions whose sums are kept, so that everything up to a position is the sum of few.

/// How many positions a block has, as powers of two, from the smallest.
pub(crate) const SIZES: [u32; 3] = [10, 16, 22];
/// The size of the largest blocks.
pub(crate) const LARGEST: u32 = SIZES[SIZES.len() - 1];
/// The size and the number under which sums of the whole log are kept.
pub(crate) const WHOLE: (u32, i64) = (0, 0);

/// The number of the block of a size that a position is in.
pub(crate) const fn block_of(position: i64, size: u32) -> i64 {
    position >> size
}

/// Everything up to a position: whole blocks, and the events after the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// Size and number.
    pub(crate) blocks: Vec<(u32, i64)>,
    /// The events after this position are not in a block.
    pub(crate) rest_after: i64,
    pub(crate) position: i64,
}

impl Prefix {
    pub(crate) fn up_to(position: i64) -> Self {
        let (mut blocks, mut begin) = (Vec::new(), 0);
        for size in SIZES.into_iter().rev() {
            // The block of the position itself has later ones too, unless the position is its last.
            let end = block_of(position + 1, size);
            blocks.extend((block_of(begin, size)..end).map(|block| (size, block)));
            begin = begin.max(end << size);
        }
        Self { blocks, rest_after: begin - 1, position }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_each_position_once_and_no_other() {
        for position in [0, 1, 1022, 1023, 1024, 65_534, 65_535, 70_000, 4_194_303, 4_194_304, 9_000_001] {
            let prefix = Prefix::up_to(position);
            let mut next = 0;
            for (size, block) in &prefix.blocks {
                assert_eq!(block << size, next, "{position}: {size} {block}");
                next = (block + 1) << size;
            }
            assert_eq!(prefix.rest_after, next - 1);
            assert!(position - prefix.rest_after < 1 << SIZES[0], "{position}");
            assert!(prefix.blocks.len() < 2 + 2 * 64, "{position}: {}", prefix.blocks.len());
        }
    }
}
