//! A map that forgets what has not been used for long.

use std::collections::HashMap;
use std::hash::Hash;

/// How many entries of each kind are kept while they are young, and as many again while they are old.
pub const REMEMBERED: usize = 32_768;

/// Keeps entries in two halves: when the young half is full it becomes the old half, and what was old is forgotten. An
/// entry that is used becomes young again.
#[derive(Debug)]
pub(crate) struct Memory<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash, V: Copy + Default> Memory<K, V> {
    /// What is remembered of `key`. Looking makes nothing young and remembers nothing.
    pub(crate) fn peek(&self, key: &K) -> V {
        self.young.get(key).or_else(|| self.old.get(key)).copied().unwrap_or_default()
    }

    /// The entry of `key`, which is young from then on.
    pub(crate) fn entry(&mut self, key: K) -> &mut V {
        if self.young.len() >= REMEMBERED && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.entry(key).or_insert_with(|| self.old.remove(&key).unwrap_or_default())
    }

    /// The entry of `key`, if it is remembered.
    pub(crate) fn existing(&mut self, key: &K) -> Option<&mut V> {
        self.young.get_mut(key).or_else(|| self.old.get_mut(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_holds_more_than_both_halves_and_forgets_the_longest_unused() {
        let mut memory = Memory::<usize, usize>::default();
        for key in 0..REMEMBERED * 5 {
            *memory.entry(0) += 1;
            *memory.entry(key + 1) = 1;
            assert!(memory.young.len() <= REMEMBERED && memory.old.len() <= REMEMBERED);
        }
        assert_eq!(memory.peek(&0), REMEMBERED * 5, "what is in use stays");
        assert_eq!(memory.peek(&1), 0, "what is not in use goes");
        assert_eq!(memory.peek(&(REMEMBERED * 5)), 1);
    }

    #[test]
    fn looking_remembers_nothing() {
        let mut memory = Memory::<usize, usize>::default();
        assert_eq!(memory.peek(&7), 0);
        assert!(memory.existing(&7).is_none() && memory.young.is_empty());
    }
}
