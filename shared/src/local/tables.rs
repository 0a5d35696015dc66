//! The tables of the store: what each holds, and all of them as one commit sees them.

use redb::{Table, TableDefinition, WriteTransaction};

use crate::seam::STEPS;

/// Waiting messages by due time and id: one row each, in the order in which they are handed out.
pub(super) const QUEUE: TableDefinition<(u64, u128), &[u8]> = TableDefinition::new("queue");
pub(super) const CLAIMS: TableDefinition<&str, &[u8]> = TableDefinition::new("claims");
/// When each claim may be forgotten.
pub(super) const FORGET: TableDefinition<(u64, &str), ()> = TableDefinition::new("forget");
pub(super) const DEAD: TableDefinition<u128, &[u8]> = TableDefinition::new("dead");
/// The applied configuration and its version; and how large history is.
pub(super) const CONFIG: TableDefinition<&str, (u64, &str)> = TableDefinition::new("config");
pub(super) const MAIL: TableDefinition<u128, &[u8]> = TableDefinition::new("mail");

/// A tenant or lane, a moment in milliseconds, and an event.
pub(super) type ByTime = (&'static str, u64, &'static str);

/// Events by tenant and id.
pub(super) const EVENTS: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("events");
/// The same by tenant, when they were accepted, and id.
pub(super) const EVENTS_BY_TIME: TableDefinition<(&str, u64, &str), ()> = TableDefinition::new("events by time");
/// Turns by lane (tenant and endpoint), due time and event: the number of the attempt, and whether it is paced.
pub(super) const TURNS: TableDefinition<(&str, u64, &str), (u32, bool)> = TableDefinition::new("turns");
/// Deliveries by lane and event, once anything came of them.
pub(super) const DELIVERIES: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("deliveries");
/// All deliveries by lane, when their event was accepted, and event: their state.
pub(super) const DELIVERIES_BY_TIME: TableDefinition<(&str, u64, &str), u8> =
    TableDefinition::new("deliveries by time");
pub(super) const ENDPOINTS: TableDefinition<&str, &[u8]> = TableDefinition::new("endpoints");
pub(super) const TOKENS: TableDefinition<&str, &[u8]> = TableDefinition::new("tokens");
/// Secrets that providers handed over, sealed, by source.
pub(super) const LEARNED: TableDefinition<&str, &[u8]> = TableDefinition::new("learned");
/// Deliveries that have not arrived, by lane, state, when their event was accepted, and event: those held, those given
/// up, and those tried in vain that are tried again, with when. One that arrives at the first attempt is never here.
pub(super) const UNDELIVERED: TableDefinition<(&str, u8, u64, &str), u64> = TableDefinition::new("undelivered");
/// Replays by lane and what they are of.
pub(super) const REPLAYS: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("replays");
/// The same by whether they have ended, and when they did or when their next step is due.
pub(super) const REPLAYS_BY_TIME: TableDefinition<(bool, u64, &str, &str), ()> =
    TableDefinition::new("replays by time");
/// Attempts that were counted, by hour and lane.
pub(super) const TALLIES: TableDefinition<(u64, &str), Counted> = TableDefinition::new("tallies");

/// Delivered, failed, and how long answers took.
pub(super) type Counted = [u64; 2 + STEPS.len() + 1];

macro_rules! tables {
    ($($name:ident: $definition:ident, $key:ty, $value:ty;)*) => {
        /// The tables of one commit, opened when first used.
        pub(super) struct Tables<'t> {
            write: &'t WriteTransaction,
            /// By so many bytes history grew.
            pub(super) grown: i64,
            $($name: Option<Table<'t, $key, $value>>,)*
        }

        impl<'t> Tables<'t> {
            pub(super) fn of(write: &'t WriteTransaction) -> Self {
                Self { write, grown: 0, $($name: None,)* }
            }

            /// Makes every table, so that readers find them.
            pub(super) fn make_all(write: &WriteTransaction) -> Result<(), redb::Error> {
                $(write.open_table($definition)?;)*
                Ok(())
            }

            $(pub(super) fn $name(&mut self) -> Result<&mut Table<'t, $key, $value>, redb::Error> {
                match &mut self.$name {
                    Some(table) => Ok(table),
                    none => Ok(none.insert(self.write.open_table($definition)?)),
                }
            })*
        }
    };
}

tables! {
    queue: QUEUE, (u64, u128), &'static [u8];
    claims: CLAIMS, &'static str, &'static [u8];
    forget: FORGET, (u64, &'static str), ();
    dead: DEAD, u128, &'static [u8];
    mail: MAIL, u128, &'static [u8];
    config: CONFIG, &'static str, (u64, &'static str);
    events: EVENTS, (&'static str, &'static str), &'static [u8];
    events_by_time: EVENTS_BY_TIME, ByTime, ();
    turns: TURNS, ByTime, (u32, bool);
    deliveries: DELIVERIES, (&'static str, &'static str), &'static [u8];
    deliveries_by_time: DELIVERIES_BY_TIME, ByTime, u8;
    undelivered: UNDELIVERED, (&'static str, u8, u64, &'static str), u64;
    endpoints: ENDPOINTS, &'static str, &'static [u8];
    replays: REPLAYS, (&'static str, &'static str), &'static [u8];
    replays_by_time: REPLAYS_BY_TIME, (bool, u64, &'static str, &'static str), ();
    tallies: TALLIES, (u64, &'static str), Counted;
    tokens: TOKENS, &'static str, &'static [u8];
    learned: LEARNED, &'static str, &'static [u8];
}
