//! One lane: what is read ahead of it, what is out, and how many may be.

use std::collections::{HashMap, VecDeque};

use redb::ReadTransaction;

use super::Ended;
use crate::local::tables::TURNS;
use crate::seam::{DeliveryKey, Turn};
use crate::timestamp::Timestamp;

/// Calls under way to one endpoint, where it is well.
const WIDEST: usize = 64;

/// Before it was heard of: many that never answer together do not take every place there is.
const FIRST: usize = 8;

/// And where it only fails: enough to find out that it recovered.
const NARROWEST: usize = 2;

/// Deliveries of a lane that have arrived and wait for the disk alone, at most.
const SETTLING: usize = 64;

/// Turns read ahead.
const AHEAD: usize = 128;

pub(super) struct Lane {
    /// Read from the store and not given out yet.
    pub(super) ahead: VecDeque<Turn>,
    /// Events whose turn was given out, and whether they have arrived since.
    out: HashMap<String, bool>,
    /// How many have.
    settling: usize,
    /// How many may be out at once, as its endpoint bears it.
    width: usize,
    /// Its endpoint answered last time.
    pub(super) is_well: bool,
    /// How many as its owner says, and until when that counts.
    limit: Option<(usize, Timestamp)>,
    /// Nothing lies before this in the store that is not ahead or out.
    from: Timestamp,
    pub(super) is_ready: bool,
    /// When it is looked at again, if it is not ready.
    pub(super) wakes: Option<Timestamp>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            ahead: VecDeque::new(),
            out: HashMap::new(),
            settling: 0,
            width: FIRST,
            is_well: false,
            limit: None,
            from: Timestamp(0),
            is_ready: false,
            wakes: None,
        }
    }
}

impl Lane {
    /// Something lies in the store that is due then.
    pub(super) fn look_from(&mut self, due: Timestamp) {
        self.from = self.from.min(due);
    }

    pub(super) fn limit(&mut self, most: usize, until: Timestamp) {
        self.limit = Some((most, until));
    }

    /// How many more may be out.
    pub(super) fn room(&self, now: Timestamp) -> usize {
        let limit = self.limit.filter(|(_, until)| *until > now).map_or(usize::MAX, |(most, _)| most);
        let calls = (self.width + self.settling.min(SETTLING)).min(limit);
        calls.saturating_sub(self.out.len())
    }

    pub(super) fn give_out(&mut self, turn: &Turn) {
        self.out.insert(turn.key.event.as_str().to_owned(), false);
    }

    pub(super) fn arrive(&mut self, turn: &Turn) {
        if let Some(arrived @ false) = self.out.get_mut(turn.key.event.as_str()) {
            *arrived = true;
            self.settling += 1;
        }
    }

    pub(super) fn is_out(&self) -> bool {
        !self.out.is_empty()
    }

    /// How many are out, if it is not known that they will be answered.
    pub(super) fn doubtful(&self) -> usize {
        if self.is_well { 0 } else { self.out.len() }
    }

    pub(super) fn end(&mut self, turn: &Turn, ended: Ended) {
        if self.out.remove(turn.key.event.as_str()) == Some(true) {
            self.settling -= 1;
        }
        self.look_from(turn.due);
        self.is_well = match ended {
            Ended::Well => true,
            Ended::Badly => false,
            Ended::Unasked => self.is_well,
        };
        self.width = match ended {
            Ended::Well => (self.width + 1).min(WIDEST),
            Ended::Badly => (self.width / 2).max(NARROWEST),
            Ended::Unasked => self.width,
        };
    }

    /// Reads on in the store. Answers when the next turn is due, if that is not now.
    pub(super) fn read_on(
        &mut self,
        name: &str,
        store: &ReadTransaction,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, redb::Error> {
        let Some((tenant, endpoint)) = name.split_once('/') else { return Ok(None) };
        let rows = store.open_table(TURNS)?;
        for row in rows.range((name, self.from.0, "")..=(name, u64::MAX, "\u{10ffff}"))? {
            let (key, value) = row?;
            let ((_, due, event), (number, paced)) = (key.value(), value.value());
            if due > now.0 {
                return Ok(Some(Timestamp(due)));
            }
            self.from = Timestamp(due);
            let (false, Ok(id)) = (self.out.contains_key(event), event.parse()) else { continue };
            let key = DeliveryKey { tenant: tenant.to_owned(), event: id, endpoint: endpoint.to_owned() };
            self.ahead.push_back(Turn { key, number, due: Timestamp(due), paced });
            if self.ahead.len() == AHEAD {
                return Ok(None);
            }
        }
        Ok(None)
    }
}
