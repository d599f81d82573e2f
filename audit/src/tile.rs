//! Tiles: the tree in rows of up to 256 nodes, each a file of its own (C2SP tlog-tiles).

use std::fmt::Write;

use crate::hash::{TreeHash, node};
use crate::range::{Peaks, Subtree, subtrees};

/// How many levels of the tree a tile is high.
pub const TILE_HEIGHT: u32 = 8;
/// How many hashes a full tile has.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// Which tile. At level 0 are leaves; each hash of a higher level is the root of a full tile of the level below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    pub level: u32,
    pub index: u64,
}

/// What is asked for under the path of the tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TilePath {
    Tile {
        id: TileId,
        width: u64,
    },
    /// The entries of the leaves of a tile of level 0.
    Entries {
        index: u64,
        width: u64,
    },
}

impl TilePath {
    /// Reads `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`, as the specification writes them and in no other way.
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, plain_number(width).filter(|w| (1..TILE_WIDTH).contains(w))?),
            None => (rest, TILE_WIDTH),
        };
        let index = tile_number(number)?;
        if level == "entries" {
            return Some(Self::Entries { index, width });
        }
        let level = plain_number(level).filter(|level| *level < 64)?;
        let id = TileId { level: u32::try_from(level).ok()?, index };
        Some(Self::Tile { id, width })
    }
}

impl TileId {
    /// As the path of a full tile, such as `0/x001/x234/067`.
    pub fn path(self) -> String {
        let mut digits = format!("{}", self.index);
        while digits.len() % 3 != 0 {
            digits.insert(0, '0');
        }
        let mut path = self.level.to_string();
        for start in (0..digits.len()).step_by(3) {
            let prefix = if start + 3 == digits.len() { "" } else { "x" };
            write!(path, "/{prefix}{}", &digits[start..start + 3]).expect("a string takes everything");
        }
        path
    }

    /// How many hashes the tile has in a tree of `size` leaves; more are not in it yet.
    pub fn width(self, size: u64) -> u64 {
        let nodes = size.checked_shr(TILE_HEIGHT * self.level).unwrap_or(0);
        nodes.saturating_sub(self.index.saturating_mul(TILE_WIDTH)).min(TILE_WIDTH)
    }

    /// The tile that has the nodes from which a subtree's root follows, and which of its hashes they are.
    fn of(subtree: Subtree) -> (Self, std::ops::Range<usize>) {
        let (level, inside) = (subtree.level / TILE_HEIGHT, subtree.level % TILE_HEIGHT);
        let first = subtree.index << inside;
        let start = usize::try_from(first % TILE_WIDTH).expect("below 256");
        (Self { level, index: first / TILE_WIDTH }, start..start + (1 << inside))
    }
}

/// The tiles from which the root of the leaves from `from` up to `to` follows.
pub fn tiles_of(from: u64, to: u64) -> impl Iterator<Item = TileId> {
    subtrees(from, to).into_iter().map(|subtree| TileId::of(subtree).0)
}

/// RFC 6962's hash of the leaves from `from` up to `to`, as far as the tiles are there. `from` has to be where a
/// subtree as large begins.
pub fn hash_of((from, to): (u64, u64), tiles: &impl Fn(TileId) -> Option<Vec<TreeHash>>) -> Option<TreeHash> {
    let roots = roots_of(from, to, tiles)?;
    roots.into_iter().rev().reduce(|right, left| node(left, right))
}

/// The roots of the subtrees that cover the leaves from `from` up to `to`.
pub fn roots_of(
    from: u64,
    to: u64,
    tiles: &impl Fn(TileId) -> Option<Vec<TreeHash>>,
) -> Option<Vec<TreeHash>> {
    let root_of = |subtree| {
        let (id, within) = TileId::of(subtree);
        Some(perfect_root(tiles(id)?.get(within)?))
    };
    subtrees(from, to).into_iter().map(root_of).collect()
}

/// The root above so many nodes, which are a power of two.
fn perfect_root(nodes: &[TreeHash]) -> TreeHash {
    let mut nodes = nodes.to_vec();
    while nodes.len() > 1 {
        nodes = nodes.chunks_exact(2).map(|pair| node(pair[0], pair[1])).collect();
    }
    nodes[0]
}

/// The right edge of a tree: the tiles that are not full yet, from which it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// By level.
    partial: Vec<Vec<TreeHash>>,
}

impl Edge {
    /// The edge of a tree of `size` leaves, as the tiles say. `None`: a tile is missing or too short.
    pub fn load(size: u64, tiles: impl Fn(TileId) -> Option<Vec<TreeHash>>) -> Option<Self> {
        let mut partial = Vec::new();
        for id in Self::tiles(size) {
            let width = usize::try_from(id.width(size)).expect("256 at most");
            let mut hashes = if width == 0 { Vec::new() } else { tiles(id)? };
            if hashes.len() < width {
                return None;
            }
            hashes.truncate(width);
            partial.push(hashes);
        }
        Some(Self { size, partial })
    }

    /// The tiles of the edge, one for each level; of some nothing may be there yet.
    pub fn tiles(size: u64) -> impl Iterator<Item = TileId> {
        let levels = (0..).take_while(move |level| size >> (TILE_HEIGHT * level) > 0);
        levels.map(move |level| TileId { level, index: size >> (TILE_HEIGHT * (level + 1)) })
    }

    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The next leaf. `full` gets each tile that it fills.
    pub fn push(&mut self, leaf: TreeHash, full: &mut impl FnMut(TileId, &[TreeHash])) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0.. {
            if self.partial.len() == level {
                self.partial.push(Vec::with_capacity(256));
            }
            let tile = &mut self.partial[level];
            tile.push(hash);
            if tile.len() < 256 {
                return;
            }
            hash = perfect_root(tile);
            let level = u32::try_from(level).expect("below 8");
            full(TileId { level, index: (self.size >> (TILE_HEIGHT * (level + 1))) - 1 }, tile);
            tile.clear();
        }
    }

    /// The tiles that are not full, with what they have.
    pub fn partial(&self) -> impl Iterator<Item = (TileId, &[TreeHash])> {
        Self::tiles(self.size)
            .zip(&self.partial)
            .filter(|(_, hashes)| !hashes.is_empty())
            .map(|(id, hashes)| (id, hashes.as_slice()))
    }

    /// The root of the tree.
    pub fn root(&self) -> TreeHash {
        let tiles = |id: TileId| self.partial.get(id.level as usize).cloned();
        let nodes =
            roots_of(0, self.size, &tiles).expect("an edge has every node that the root follows from");
        Peaks::new(self.size, nodes).expect("a node for each bit of the size").root()
    }
}

fn plain_number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// Reads `x001/x234/067`.
fn tile_number(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split('/').collect();
    let (last, before) = parts.split_last()?;
    let before = before.iter().map(|part| part.strip_prefix('x')).collect::<Option<Vec<_>>>()?;
    let three = |part: &&str| part.len() == 3 && part.bytes().all(|digit| digit.is_ascii_digit());
    let all: Vec<&str> = before.into_iter().chain([*last]).collect();
    // No more digits in front than are needed.
    let plain = all.len() == 1 || all[0] != "000";
    (plain && all.iter().all(three)).then(|| all.concat().parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::hash::leaf;

    #[test]
    fn paths_are_written_in_one_way_only() {
        let tile = |level, index, width| Some(TilePath::Tile { id: TileId { level, index }, width });
        for (path, read) in [
            ("0/000", tile(0, 0, 256)),
            ("3/x001/x234/067", tile(3, 1_234_067, 256)),
            ("0/x001/x234/067.p/8", tile(0, 1_234_067, 8)),
            ("entries/005.p/255", Some(TilePath::Entries { index: 5, width: 255 })),
            ("0/5", None),
            ("00/005", None),
            ("64/005", None),
            ("0/x000/005", None),
            ("0/005.p/0", None),
            ("0/005.p/256", None),
            ("0/005.p/08", None),
            ("0/+05", None),
            ("0/", None),
            ("0", None),
            ("0/x999/x999/x999/x999/x999/x999/x999/999", None),
        ] {
            assert_eq!(TilePath::parse(path), read, "{path}");
            if let Some(TilePath::Tile { id, width: TILE_WIDTH }) = read {
                assert_eq!(id.path(), path);
            }
        }
    }

    #[test]
    fn tiles_are_as_wide_as_the_specification_says() {
        let width = |level, index, size| TileId { level, index }.width(size);
        assert_eq!((width(0, 272, 70_000), width(0, 273, 70_000)), (256, 112));
        assert_eq!((width(1, 0, 70_000), width(1, 1, 70_000), width(2, 0, 70_000)), (256, 17, 1));
        assert_eq!((width(1, 0, 256), width(0, 1, 256), width(9, 0, 70_000)), (1, 0, 0));
    }

    #[test]
    fn an_edge_says_the_root_whichever_leaf_it_is_loaded_at() {
        let (mut edge, mut peaks) = (Edge::default(), Peaks::default());
        let mut tiles: HashMap<TileId, Vec<TreeHash>> = HashMap::new();
        for number in 0..70_000_u64 {
            let leaf = leaf(&number.to_be_bytes());
            peaks.push(leaf);
            edge.push(leaf, &mut |id, hashes| _ = tiles.insert(id, hashes.to_vec()));
            if number % 997 != 0 && ![255, 256, 65_535, 65_536].contains(&number) {
                continue;
            }
            assert_eq!(edge.root(), peaks.root(), "{number}");
            tiles.extend(edge.partial().map(|(id, hashes)| (id, hashes.to_vec())));
            assert_eq!(Edge::load(number + 1, |id| tiles.get(&id).cloned()).as_ref(), Some(&edge));
        }
        assert_eq!(tiles[&TileId { level: 1, index: 0 }].len(), 256);
        assert_eq!(
            hash_of((0, 65_536), &|id| tiles.get(&id).cloned()),
            Some(tiles[&TileId { level: 2, index: 0 }][0])
        );
    }
}
