//! The memory of the throttle: a bounded map that drops unimportant entries first.

use std::collections::HashMap;
use std::hash::Hash;

/// How many entries of each kind are kept while they are young, as many again while they are old, and twice as many
/// important ones.
pub const REMEMBERED: usize = 32_768;

/// A bounded map in two parts.
///
/// *Important* entries, by a rule of the caller, are never dropped for others: they leave when they become
/// unimportant. Otherwise, an attacker could have failures forgotten by failing with made-up names. All other entries
/// are in one of two halves: when the young half is full, it becomes the old half, and the previous old half is
/// dropped. An entry that is used becomes young again.
#[derive(Debug)]
pub(crate) struct Memory<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    weighty: HashMap<K, V>,
    /// When the important part was last searched for entries that have become unimportant.
    looked_through_at: i64,
}

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            weighty: HashMap::new(),
            looked_through_at: i64::MIN,
        }
    }
}

impl<K: Copy + Eq + Hash, V: Copy + Default> Memory<K, V> {
    /// The entry of `key`. Reading changes nothing.
    pub(crate) fn peek(&self, key: &K) -> V {
        let parts = [&self.weighty, &self.young, &self.old];
        parts.into_iter().find_map(|part| part.get(key)).copied().unwrap_or_default()
    }

    /// The entry of `key` if it is important, and so not dropped however long it is not changed.
    pub(crate) fn important(&self, key: &K) -> Option<V> {
        self.weighty.get(key).copied()
    }

    /// Changes the entry of `key` and makes it young. `weighs` identifies important entries.
    pub(crate) fn change(
        &mut self,
        key: K,
        now: i64,
        weighs: impl Fn(&K, &V) -> bool,
        change: impl FnOnce(&mut V),
    ) {
        let found = self.weighty.remove(&key).or_else(|| self.young.remove(&key));
        let mut value = found.or_else(|| self.old.remove(&key)).unwrap_or_default();
        change(&mut value);
        if weighs(&key, &value) && self.has_room(now, weighs) {
            self.weighty.insert(key, value);
            return;
        }
        if self.young.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Changes the entry of `key` in place, if there is one.
    pub(crate) fn change_existing(&mut self, key: &K, change: impl FnOnce(&mut V)) {
        let parts = [&mut self.weighty, &mut self.young, &mut self.old];
        if let Some(value) = parts.into_iter().find_map(|part| part.get_mut(key)) {
            change(value);
        }
    }

    /// Whether the important part has room for one more. It is searched at most once a second.
    fn has_room(&mut self, now: i64, weighs: impl Fn(&K, &V) -> bool) -> bool {
        if self.weighty.len() >= 2 * REMEMBERED && self.looked_through_at != now {
            self.looked_through_at = now;
            self.weighty.retain(|key, value| weighs(key, value));
        }
        self.weighty.len() < 2 * REMEMBERED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn count(memory: &mut Memory<usize, usize>, key: usize, weighs: fn(&usize, &usize) -> bool) {
        memory.change(key, NOW, weighs, |count| *count += 1);
    }

    #[test]
    fn it_never_holds_more_than_both_halves_and_forgets_the_longest_unused() {
        let mut memory = Memory::default();
        for key in 0..REMEMBERED * 5 {
            count(&mut memory, 0, |_, _| false);
            count(&mut memory, key + 1, |_, _| false);
            assert!(memory.young.len() <= REMEMBERED && memory.old.len() <= REMEMBERED);
        }
        assert_eq!(memory.peek(&0), REMEMBERED * 5, "what is in use stays");
        assert_eq!(memory.peek(&1), 0, "what is not in use goes");
        assert_eq!(memory.peek(&(REMEMBERED * 5)), 1);
    }

    #[test]
    fn what_says_much_is_not_forgotten_for_what_says_little() {
        let mut memory = Memory::default();
        let weighs = |_: &usize, count: &usize| *count >= 3;
        (0..3).for_each(|_| count(&mut memory, 0, weighs));
        for key in 1..REMEMBERED * 5 {
            count(&mut memory, key, weighs);
        }
        assert_eq!(memory.peek(&0), 3);
    }

    #[test]
    fn even_what_says_much_is_bounded_and_gives_way_once_it_says_little() {
        let mut memory = Memory::default();
        for key in 0..REMEMBERED * 5 {
            count(&mut memory, key, |_, _| true);
        }
        assert_eq!(memory.weighty.len(), 2 * REMEMBERED);
        assert_eq!(memory.peek(&0), 1, "what came first stays");
        memory.change(7_000_000, NOW + 1, |key, _| *key == 7_000_000, |count| *count = 1);
        assert_eq!(memory.weighty.len(), 1);
    }

    #[test]
    fn looking_remembers_nothing() {
        let mut memory = Memory::<usize, usize>::default();
        assert_eq!(memory.peek(&7), 0);
        memory.change_existing(&7, |count| *count += 1);
        assert!(memory.young.is_empty() && memory.weighty.is_empty());
    }
}
