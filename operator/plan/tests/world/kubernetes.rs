//! What Kubernetes does by itself in a tick: pods come and go as the StatefulSet says, claims wait for their pods, volumes
//! grow, nodes come back, containers that end are started again.

use crate::state::{Claim, Pod, World};

/// What runs in a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    Down,
    Blank,
    Running,
}

const START_TICKS: u64 = 1;

impl World {
    /// Lets Kubernetes do its part of a tick.
    pub fn tick_kubernetes(&mut self) {
        self.return_nodes();
        self.finish_deletions();
        self.follow_workload();
        for claim in self.claims.values_mut() {
            claim.capacity_bytes = claim.capacity_bytes.max(claim.requested_bytes);
        }
        self.restart_containers();
    }

    fn return_nodes(&mut self) {
        let now = self.now;
        for (ordinal, pod) in &mut self.pods {
            if pod.node_returns_at.is_some_and(|at| at <= now) {
                (pod.node_lost_at, pod.node_returns_at) = (None, None);
                pod.starts_at = now + START_TICKS;
                if let Some(claim) = self.claims.get_mut(ordinal) {
                    claim.node_lost_at = None;
                }
            }
        }
    }

    fn finish_deletions(&mut self) {
        self.pods.retain(|_, pod| !pod.is_deleting || pod.node_lost_at.is_some());
        let pods = &self.pods;
        self.claims.retain(|ordinal, claim| !claim.is_deleting || pods.contains_key(ordinal));
    }

    fn follow_workload(&mut self) {
        let Some(workload) = self.workload.clone() else { return };
        for (ordinal, pod) in &mut self.pods {
            pod.is_deleting |= *ordinal >= workload.replicas;
        }
        for ordinal in 0..workload.replicas {
            if self.pods.contains_key(&ordinal) || self.claims.get(&ordinal).is_some_and(|it| it.is_deleting)
            {
                continue;
            }
            let (claim_number, pod_number) = (self.number(), self.number());
            let claim = self.claims.entry(ordinal).or_insert_with(|| Claim {
                uid: format!("claim-{claim_number}"),
                label: None,
                requested_bytes: workload.claim_bytes,
                capacity_bytes: workload.claim_bytes,
                is_deleting: false,
                node_lost_at: None,
                data: None,
                is_damaged: false,
            });
            let pod = Pod {
                uid: format!("pod-{pod_number}"),
                template: workload.template.clone(),
                starts_at: self.now + START_TICKS,
                is_deleting: false,
                // A volume that is bound to a lost node keeps its pod from running anywhere.
                node_lost_at: claim.node_lost_at,
                node_returns_at: None,
                unready_since: self.now,
                restarts: 0,
                last_exit_code: None,
            };
            self.pods.insert(ordinal, pod);
        }
    }

    fn restart_containers(&mut self) {
        let failing: Vec<(u32, i32)> =
            self.pods.keys().filter_map(|ordinal| Some((*ordinal, self.exit_code(*ordinal)?))).collect();
        for (ordinal, code) in failing {
            let pod = self.pods.get_mut(&ordinal).unwrap();
            pod.restarts += 1;
            pod.last_exit_code = Some(code);
        }
        let unready: Vec<u32> = self.pods.keys().copied().filter(|it| !self.is_ready(*it)).collect();
        let now = self.now;
        for (ordinal, pod) in &mut self.pods {
            if !unready.contains(ordinal) {
                pod.unready_since = now;
            }
        }
    }

    /// Whether a pod's container could run at all.
    fn is_up(&self, ordinal: u32) -> bool {
        self.pods.get(&ordinal).is_some_and(|pod| {
            !pod.is_deleting
                && pod.node_lost_at.is_none()
                && pod.starts_at <= self.now
                && !self.bad_templates.contains(&pod.template)
        }) && self.claims.contains_key(&ordinal)
    }

    /// With which code a container ends as soon as it is started, if it does.
    pub fn exit_code(&self, ordinal: u32) -> Option<i32> {
        let claim = self.claims.get(&ordinal).filter(|_| self.is_up(ordinal))?;
        if claim.is_damaged {
            return Some(1);
        }
        claim.data.as_ref().filter(|data| data.is_removed).map(|_| 3)
    }

    pub fn process(&self, ordinal: u32) -> Process {
        if !self.is_up(ordinal) || self.exit_code(ordinal).is_some() {
            return Process::Down;
        }
        match self.claims[&ordinal].data {
            None => Process::Blank,
            Some(_) => Process::Running,
        }
    }

    /// Whether a pod passes its readiness probe: its member votes and there is a leader that it hears.
    pub fn is_ready(&self, ordinal: u32) -> bool {
        self.process(ordinal) == Process::Running
            && self.configuration().is_some_and(|(_, configuration)| {
                let id = self.claims[&ordinal].data.as_ref().map(|data| data.member);
                id.is_some_and(|id| configuration.voters.contains(&id)) && self.hears_leader(ordinal)
            })
    }
}
