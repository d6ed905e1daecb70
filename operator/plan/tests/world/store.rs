//! The toy world's store: elections, replication, joint changes and adoption, as far as a membership can go wrong by them.
//! An entry is only written when a majority gets it at once, so that logs of one cluster are beginnings of each other.

use std::collections::BTreeSet;

use holdfast_plan::MemberId;

use crate::kubernetes::Process;
use crate::state::{Configuration, Data, World, quorum};

/// Entries that a learner receives in a tick.
const LEARNER_ENTRIES: usize = 40;

impl World {
    /// Lets the store do its part of a tick.
    pub fn tick_store(&mut self) {
        self.elect();
        if self.leader.is_none() {
            return;
        }
        self.adopt();
        self.replicate();
        self.finish_joint_change();
        let entry = self.number();
        if self.append(entry) {
            self.acknowledged.push(entry);
        }
    }

    fn data(&self, ordinal: u32) -> Option<&Data> {
        self.claims.get(&ordinal).and_then(|claim| claim.data.as_ref())
    }

    fn data_mut(&mut self, ordinal: u32) -> Option<&mut Data> {
        self.claims.get_mut(&ordinal).and_then(|claim| claim.data.as_mut())
    }

    /// Where a member runs.
    pub fn place(&self, id: MemberId) -> Option<u32> {
        let runs = |ordinal: &u32| {
            self.process(*ordinal) == Process::Running
                && self.data(*ordinal).is_some_and(|data| data.member == id)
        };
        self.pods.keys().copied().find(runs)
    }

    fn configuration_of(&self, data: &Data) -> Option<(u64, &Configuration)> {
        data.log.iter().rev().find_map(|entry| self.configurations.get(entry).map(|found| (*entry, found)))
    }

    /// The configuration that the leader knows, with its number.
    pub fn configuration(&self) -> Option<(u64, &Configuration)> {
        let place = self.place(self.leader?)?;
        self.configuration_of(self.data(place)?)
    }

    /// The newest configuration that anybody has written down, for judging; nobody in the world knows it.
    pub fn newest_configuration(&self) -> Option<&Configuration> {
        let logs = self.claims.values().filter_map(|claim| claim.data.as_ref());
        let known = logs.filter_map(|data| self.configuration_of(data)).max_by_key(|(entry, _)| *entry);
        known.map(|(_, configuration)| configuration)
    }

    /// Whether a member can be led by the leader now.
    pub fn hears_leader(&self, ordinal: u32) -> bool {
        self.leader.and_then(|leader| self.place(leader)).is_some_and(|place| {
            self.part(place) == self.part(ordinal) && self.process(ordinal) == Process::Running
        })
    }

    /// Members of these that run in a part of the network.
    pub fn alive(&self, ids: &BTreeSet<MemberId>, part: u8) -> usize {
        ids.iter().filter_map(|id| self.place(*id)).filter(|place| self.part(*place) == part).count()
    }

    fn has_majorities(&self, configuration: &Configuration, part: u8) -> bool {
        let next = configuration.next.iter().map(|(voters, _)| voters);
        std::iter::once(&configuration.voters)
            .chain(next)
            .all(|voters| self.alive(voters, part) >= quorum(voters.len()))
    }

    /// Whether a majority that it reaches would vote for the member that runs here: their logs are no longer than its own.
    fn can_lead(&self, ordinal: u32) -> bool {
        let Some(data) = self.data(ordinal).filter(|_| self.process(ordinal) == Process::Running) else {
            return false;
        };
        let Some((_, configuration)) = self.configuration_of(data) else { return false };
        let would_vote = |id: &&MemberId| {
            self.place(**id).is_some_and(|place| {
                self.part(place) == self.part(ordinal)
                    && self.data(place).is_some_and(|other| other.log.len() <= data.log.len())
            })
        };
        let next = configuration.next.iter().map(|(voters, _)| voters);
        let mut sets = std::iter::once(&configuration.voters).chain(next);
        configuration.voters.contains(&data.member)
            && sets.all(|voters| voters.iter().filter(would_vote).count() >= quorum(voters.len()))
    }

    fn elect(&mut self) {
        let keeps =
            self.leader.and_then(|leader| self.place(leader)).is_some_and(|place| self.can_lead(place));
        if keeps {
            return;
        }
        let fit = self.pods.keys().copied().filter(|ordinal| self.can_lead(*ordinal));
        let best = fit.max_by_key(|ordinal| (self.data(*ordinal).map(|data| data.log.len()), *ordinal));
        self.leader = best.and_then(|ordinal| self.data(ordinal)).map(|data| data.member);
    }

    /// Tells blank members who they are, and removed members that they are none.
    fn adopt(&mut self) {
        let Some((_, configuration)) = self.configuration() else { return };
        let configuration = configuration.clone();
        let part = self.leader.and_then(|leader| self.place(leader)).map(|place| self.part(place));
        for ordinal in self.pods.keys().copied().collect::<Vec<_>>() {
            if Some(self.part(ordinal)) != part {
                continue;
            }
            match self.process(ordinal) {
                Process::Down => {}
                Process::Blank => {
                    let announced = configuration.ordinals.iter().find(|(_, at)| **at == ordinal);
                    let Some((id, _)) = announced.filter(|(id, _)| !self.started.contains(id)) else {
                        continue;
                    };
                    self.started.insert(*id);
                    let data = Data { member: *id, log: Vec::new(), is_removed: false };
                    self.claims.get_mut(&ordinal).unwrap().data = Some(data);
                }
                Process::Running => {
                    let data = self.data_mut(ordinal).unwrap();
                    data.is_removed = !configuration.ordinals.contains_key(&data.member);
                }
            }
        }
    }

    fn replicate(&mut self) {
        let Some((_, configuration)) = self.configuration() else { return };
        let configuration = configuration.clone();
        let place = self.leader.and_then(|leader| self.place(leader)).unwrap();
        let log = self.data(place).unwrap().log.clone();
        for id in configuration.ordinals.keys() {
            let Some(at) = self.place(*id).filter(|at| self.part(*at) == self.part(place)) else { continue };
            let is_slow = self.slow.contains(&at);
            let data = self.data_mut(at).unwrap();
            let have = data.log.len();
            let is_voter = configuration.voters.contains(id);
            let room = if is_voter {
                log.len()
            } else if is_slow {
                0
            } else {
                LEARNER_ENTRIES
            };
            if have < log.len() {
                data.log.extend_from_slice(&log[have..log.len().min(have + room)]);
            }
        }
    }

    /// Writes an entry at the leader and at all that follow it, if that is a majority.
    pub fn append(&mut self, entry: u64) -> bool {
        let Some((_, configuration)) = self.configuration() else { return false };
        let configuration = configuration.clone();
        let place = self.leader.and_then(|leader| self.place(leader)).unwrap();
        if !self.has_majorities(&configuration, self.part(place)) {
            return false;
        }
        self.data_mut(place).unwrap().log.push(entry);
        let log = self.data(place).unwrap().log.clone();
        let next = configuration.next.iter().flat_map(|(voters, _)| voters);
        let voters: BTreeSet<MemberId> = configuration.voters.iter().chain(next).copied().collect();
        for id in voters {
            let Some(at) = self.place(id).filter(|at| self.part(*at) == self.part(place)) else { continue };
            self.data_mut(at).unwrap().log.clone_from(&log);
        }
        true
    }

    /// Makes another configuration the present one.
    pub fn configure(&mut self, configuration: Configuration) -> bool {
        let entry = self.number();
        self.configurations.insert(entry, configuration);
        let is_written = self.append(entry);
        if !is_written {
            self.configurations.remove(&entry);
        } else {
            self.acknowledged.push(entry);
        }
        is_written
    }

    fn finish_joint_change(&mut self) {
        let Some((_, configuration)) = self.configuration() else { return };
        let Some((voters, removed)) = configuration.next.clone() else { return };
        let mut after = configuration.clone();
        after.next = None;
        after.ordinals.retain(|id, _| !removed.contains(id));
        after.voters = voters;
        self.configure(after);
    }

    /// Whether a learner has enough of the log to vote.
    pub fn is_in_sync(&self, id: MemberId) -> bool {
        let length = |id| self.place(id).and_then(|place| self.data(place)).map_or(0, |data| data.log.len());
        let leader = self.leader.map_or(0, length);
        leader > 0 && length(id) * 100 >= leader * 90
    }
}
