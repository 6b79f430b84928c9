//! serde_json's opinion about a text, and what it does not mind but Jeton does.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What Jeton refuses although serde_json reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Some object has two members of one name.
    pub duplicate: bool,
    /// Some name holds a NUL.
    pub nul_in_name: bool,
    /// How deep arrays and objects are nested.
    pub depth: usize,
    /// Whether some number is not an integer of 64 bits.
    pub float: bool,
}

/// The value that serde_json reads, and the facts about it; absent where it refuses the text.
pub fn read(json: &[u8]) -> Option<(Value, Facts)> {
    // serde_json lets a byte order mark and invalid UTF-8 pass in no text, and takes any depth up to 128.
    let value: Value = serde_json::from_slice(json).ok()?;
    let mut facts = Facts::default();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Walk { facts: &mut facts, depth: 0 }.deserialize(&mut deserializer).ok()?;
    Some((value, facts))
}

/// What both readers agree on about a text that Jeton accepts; nothing where it holds a number that is JSON but too large for
/// serde_json, which Jeton does not mind while nobody asks for its value.
///
/// # Panics
/// Where serde_json refuses the text for another reason, or it has a member twice: the law that is fuzzed.
pub fn agreed(json: &[u8]) -> Option<Value> {
    if let Err(error) = serde_json::from_slice::<Value>(json) {
        assert!(error.to_string().starts_with("number out of range"), "what Jeton accepts is JSON: {error}");
        return None;
    }
    let (value, facts) = read(json).expect("it was read just before");
    assert!(!facts.duplicate, "a member that appears twice was accepted");
    assert!(!facts.nul_in_name, "a NUL in a name was accepted");
    assert!(facts.depth <= 32, "a depth of {} was accepted", facts.depth);
    Some(value)
}

struct Walk<'f> {
    facts: &'f mut Facts,
    depth: usize,
}

impl Walk<'_> {
    fn inner(&mut self) -> Walk<'_> {
        Walk { depth: self.depth, facts: self.facts }
    }

    fn enter(&mut self) {
        self.depth += 1;
        self.facts.depth = self.facts.depth.max(self.depth);
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.facts.float = true;
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        self.enter();
        while elements.next_element_seed(self.inner())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.enter();
        let mut names = HashSet::new();
        while let Some(Name(name)) = members.next_key()? {
            self.facts.nul_in_name |= name.contains('\0');
            self.facts.duplicate |= !names.insert(name);
            members.next_value_seed(self.inner())?;
        }
        Ok(())
    }
}

struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Name)
    }
}
