//! A cache by URL with two parts: clients that users have signed in to, and new clients. New clients displace only new
//! ones, so made-up clients cannot displace one that is in use.

use std::collections::HashMap;

/// How many URLs each part remembers. Beyond that, the least recently used one is forgotten.
pub(super) const REMEMBERED: usize = 1024;

/// URLs, and what is cached for them.
pub(super) struct Known<V> {
    proved: Part<V>,
    new: Part<V>,
}

impl<V> Default for Known<V> {
    fn default() -> Self {
        Self { proved: Part::default(), new: Part::default() }
    }
}

impl<V: Clone> Known<V> {
    /// The cached value for a URL.
    pub(super) fn find(&mut self, address: &str) -> Option<V> {
        self.proved.find(address).or_else(|| self.new.find(address))
    }

    pub(super) fn insert(&mut self, address: &str, value: V) {
        self.new.insert(address.into(), value);
    }

    /// Marks a URL as one of a client that is in use.
    pub(super) fn prove(&mut self, address: &str) {
        if let Some((address, entry)) = self.new.entries.remove_entry(address) {
            self.proved.insert(address, entry.value);
        }
    }
}

struct Part<V> {
    entries: HashMap<Box<str>, Entry<V>>,
    /// Counts uses, to find the least recently used entry.
    uses: u64,
}

struct Entry<V> {
    value: V,
    used: u64,
}

impl<V> Default for Part<V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), uses: 0 }
    }
}

impl<V: Clone> Part<V> {
    fn find(&mut self, address: &str) -> Option<V> {
        self.uses += 1;
        let entry = self.entries.get_mut(address)?;
        entry.used = self.uses;
        Some(entry.value.clone())
    }

    fn insert(&mut self, address: Box<str>, value: V) {
        self.uses += 1;
        if self.entries.len() >= REMEMBERED && !self.entries.contains_key(&address) {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let oldest = oldest.map(|(address, _)| address.clone());
            oldest.and_then(|oldest| self.entries.remove(&oldest));
        }
        self.entries.insert(address, Entry { value, used: self.uses });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newcomers_push_out_nobody_who_is_in_use() {
        let mut known = Known::default();
        known.insert("good", 1);
        known.prove("good");
        known.insert("new", 2);
        for number in 0..2 * REMEMBERED {
            known.insert(&format!("made up {number}"), 0);
        }
        assert_eq!((known.find("good"), known.find("new")), (Some(1), None));
        assert_eq!(known.new.entries.len(), REMEMBERED);
    }

    #[test]
    fn the_longest_unused_goes_first() {
        let mut known = Known::default();
        for number in 0..REMEMBERED {
            known.insert(&number.to_string(), number);
        }
        assert_eq!(known.find("0"), Some(0));
        known.insert("one more", 0);
        assert_eq!((known.find("0"), known.find("1")), (Some(0), None));
    }

    #[test]
    fn proving_what_is_not_known_remembers_nothing() {
        let mut known = Known::<u8>::default();
        known.prove("unknown");
        assert_eq!(known.find("unknown"), None);
    }
}
