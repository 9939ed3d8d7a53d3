//! Keys and values of many sequences in blocks that common beginnings share.
//!
//! A [`Chain`] is a path in a tree of blocks: forking one shares every block, and a block that is shared
//! and not yet full is copied by whoever writes to it first. So any number of continuations can start
//! anywhere in a sequence, and each prefix is computed and stored once.

use crate::kernels::packed_attend::{BLOCK_POSITIONS, BlockShape};
use crate::kernels::packed_lines::Lines;

/// A sequence in a [`Cache`]: its blocks and how many positions are written.
#[derive(Debug, Default)]
pub struct Chain {
    blocks: Vec<u32>,
    len: usize,
}

/// Blocks, used and free. A chain must be given back to the cache that made it.
#[derive(Debug)]
pub struct Cache {
    shape: BlockShape,
    blocks: Vec<Lines>,
    holders: Vec<u32>,
    free: Vec<u32>,
}

impl Chain {
    /// The numbers of its blocks, in order.
    pub fn blocks(&self) -> &[u32] {
        &self.blocks
    }

    /// How many positions are written or promised.
    pub fn len(&self) -> usize {
        self.len
    }
}

impl Cache {
    /// An empty cache.
    pub fn new(shape: BlockShape) -> Cache {
        Cache { shape, blocks: Vec::new(), holders: Vec::new(), free: Vec::new() }
    }

    /// How blocks are laid out.
    pub fn shape(&self) -> BlockShape {
        self.shape
    }

    /// All blocks, by number.
    pub fn blocks(&self) -> &[Lines] {
        &self.blocks
    }

    /// Makes `fork` the first `len` positions of `chain`; what `fork` held is given back.
    pub fn fork(&mut self, chain: &Chain, len: usize, fork: &mut Chain) {
        assert!(len <= chain.len, "a fork starts inside its chain");
        self.clear(fork);
        fork.len = len;
        for &block in &chain.blocks[..len.div_ceil(BLOCK_POSITIONS)] {
            self.holders[block as usize] += 1;
            fork.blocks.push(block);
        }
    }

    /// Gives back the blocks of a chain, which is empty afterwards.
    pub fn clear(&mut self, chain: &mut Chain) {
        for block in chain.blocks.drain(..) {
            let holders = &mut self.holders[block as usize];
            *holders -= 1;
            if *holders == 0 {
                self.free.push(block);
            }
        }
        chain.len = 0;
    }

    /// Promises one more position to a chain and returns it; its block is the chain's own from now on.
    pub fn extend(&mut self, chain: &mut Chain) -> usize {
        let position = chain.len;
        if position.is_multiple_of(BLOCK_POSITIONS) {
            let block = self.take();
            chain.blocks.push(block);
        } else {
            let last = chain.blocks.last_mut().expect("a position inside a block has that block");
            if self.holders[*last as usize] > 1 {
                let copy = self.take();
                self.copy(*last, copy);
                self.holders[*last as usize] -= 1;
                *chain.blocks.last_mut().expect("is still there") = copy;
            }
        }
        chain.len += 1;
        position
    }

    /// Writes the keys and values of a promised position in one layer.
    pub fn write(&mut self, chain: &Chain, position: usize, layer: usize, keys: &[f32], values: &[f32]) {
        let block = chain.blocks[position / BLOCK_POSITIONS] as usize;
        debug_assert_eq!(self.holders[block], 1, "a block is written by its only holder");
        self.shape.write(&mut self.blocks[block], layer, position % BLOCK_POSITIONS, keys, values);
    }

    /// Blocks in use, for tests of what is given back.
    #[cfg(test)]
    pub fn n_used(&self) -> usize {
        self.blocks.len() - self.free.len()
    }

    fn take(&mut self) -> u32 {
        let block = self.free.pop().unwrap_or_else(|| {
            self.blocks.push(Lines::zeroed(self.shape.size()));
            self.holders.push(0);
            (self.blocks.len() - 1) as u32
        });
        self.holders[block as usize] = 1;
        block
    }

    fn copy(&mut self, from: u32, to: u32) {
        let [from, to] = self
            .blocks
            .get_disjoint_mut([from as usize, to as usize])
            .expect("a block just taken is not the one that is held");
        to.lines_mut().copy_from_slice(from.lines());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn cache() -> Cache {
        let json = r#"{"architectures": ["LlamaForCausalLM"], "vocab_size": 8, "hidden_size": 4,
            "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2}"#;
        Cache::new(BlockShape::of(&Config::parse(json, None).expect("parses")))
    }

    fn write(cache: &mut Cache, chain: &mut Chain, value: f32) {
        let position = cache.extend(chain);
        cache.write(chain, position, 0, &[value; 4], &[value; 4]);
    }

    /// The first number of each key, in order.
    fn read(cache: &Cache, chain: &Chain) -> Vec<f32> {
        let at = |t: usize| cache.blocks[chain.blocks[t / 64] as usize].floats()[t % 64];
        (0..chain.len).map(at).collect()
    }

    #[test]
    fn forks_share_full_blocks_and_copy_the_one_they_write_to() {
        let mut cache = cache();
        let mut trunk = Chain::default();
        (0..100).for_each(|t| write(&mut cache, &mut trunk, t as f32));
        let (mut a, mut b) = (Chain::default(), Chain::default());
        cache.fork(&trunk, 100, &mut a);
        cache.fork(&trunk, 70, &mut b);
        assert_eq!(cache.n_used(), 2, "nothing is copied yet");
        write(&mut cache, &mut a, 1000.0);
        write(&mut cache, &mut b, 2000.0);
        assert_eq!(cache.n_used(), 4, "one full block is shared by three, the last one is everyone's own");
        let expect = |n: usize, last: f32| (0..n).map(|t| t as f32).chain([last]).collect::<Vec<_>>();
        assert_eq!(read(&cache, &a), expect(100, 1000.0));
        assert_eq!(read(&cache, &b), expect(70, 2000.0));
        write(&mut cache, &mut trunk, 3000.0);
        assert_eq!(read(&cache, &trunk), expect(100, 3000.0));
        assert_eq!(cache.n_used(), 4, "the last holder of a block writes in place");
    }

    #[test]
    fn everything_is_given_back_and_used_again() {
        let mut cache = cache();
        let mut trunk = Chain::default();
        (0..65).for_each(|t| write(&mut cache, &mut trunk, t as f32));
        let mut fork = Chain::default();
        cache.fork(&trunk, 64, &mut fork);
        write(&mut cache, &mut fork, 7.0);
        cache.clear(&mut trunk);
        assert_eq!(cache.n_used(), 2);
        assert_eq!(read(&cache, &fork)[64], 7.0);
        cache.clear(&mut fork);
        assert_eq!((cache.n_used(), cache.blocks.len()), (0, 3));
    }
}
