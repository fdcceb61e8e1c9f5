//! The zones of a mock. Every zone id exists, so a mock that runs for days is asked for more and more zones. It drops
//! the least recently used ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::store::Zone;

/// The maximum number of zones in memory. One run of the suite uses fewer.
const MOST: usize = 2_048;

/// The zones, by key.
#[derive(Debug, Default)]
pub(super) struct Zones {
    held: HashMap<String, Held>,
    /// The number of lookups so far.
    asked: u64,
}

#[derive(Debug)]
struct Held {
    zone: Arc<Mutex<Zone>>,
    /// The number of the last lookup of this zone, as counted in `Zones::asked`.
    last: u64,
}

impl Zones {
    /// Returns the zone of a key. A zone that is not in memory is created with `seeded`.
    pub(super) fn get(&mut self, key: &str, seeded: impl FnOnce() -> Zone) -> Arc<Mutex<Zone>> {
        self.asked += 1;
        if let Some(held) = self.held.get_mut(key) {
            held.last = self.asked;
            return held.zone.clone();
        }
        if self.held.len() >= MOST {
            self.let_go();
        }
        let zone = Arc::new(Mutex::new(seeded()));
        let held = Held {
            zone: zone.clone(),
            last: self.asked,
        };
        self.held.insert(key.to_owned(), held);
        zone
    }

    /// Drops the least recently used quarter of the zones, except those that a request is working on.
    fn let_go(&mut self) {
        let mut times: Vec<u64> = self.held.values().map(|held| held.last).collect();
        times.sort_unstable();
        let border = times.get(times.len() / 4).copied().unwrap_or(0);
        self.held
            .retain(|_, held| held.last > border || Arc::strong_count(&held.zone) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn the_zones_that_were_not_used_for_longest_go_and_the_others_stay() {
        let mut zones = Zones::default();
        let marked = || Zone {
            modified_on: Some(Timestamp::UNIX_EPOCH),
            ..Zone::default()
        };
        let used = zones.get("used", marked);
        zones.get("kept", marked);
        zones.get("old", marked);
        for number in 0..10 * MOST {
            zones.get(&number.to_string(), Zone::default);
            zones.get("kept", Zone::default);
        }
        assert!(zones.held.len() <= MOST);
        let is_marked =
            |zone: Arc<Mutex<Zone>>| zone.lock().is_ok_and(|zone| zone.modified_on.is_some());
        assert!(is_marked(used));
        assert!(is_marked(zones.get("used", Zone::default)));
        assert!(is_marked(zones.get("kept", Zone::default)));
        assert!(!is_marked(zones.get("old", Zone::default)));
    }
}
