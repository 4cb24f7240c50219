//! What is copied often and changed seldom.

use std::{
    collections::BTreeMap,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// A value whose clones are one until one of them is changed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shared<T>(Arc<T>);

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: FromIterator<A>, A> FromIterator<A> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = A>>(items: I) -> Self {
        Self(Arc::new(items.into_iter().collect()))
    }
}

impl<K: Ord + Clone, V: Clone> Shared<BTreeMap<K, V>> {
    /// Keeps what `wanted` says; nothing is copied where that is everything.
    pub fn keep(&mut self, wanted: impl Fn(&K, &V) -> bool) {
        if self.iter().any(|(key, value)| !wanted(key, value)) {
            self.retain(|key, value| wanted(key, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_its_owner_s_alone_and_keeping_everything_copies_nothing() {
        let one: Shared<BTreeMap<i32, i32>> = [(1, 10), (2, 20)].into_iter().collect();
        let mut other = one.clone();
        other.keep(|_, _| true);
        assert!(Arc::ptr_eq(&one.0, &other.0));
        other.keep(|key, _| *key == 1);
        other.insert(3, 30);
        assert_eq!(one.keys().copied().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(other.keys().copied().collect::<Vec<_>>(), [1, 3]);
    }
}
