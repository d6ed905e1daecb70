//! What is wrong with a seat, the cause before its effects. One judgement for all steps and for the status, so that what
//! is reported as healthy is what is counted as healthy. Decides nothing.

use crate::limits::{
    EXIT_CODE_REMOVED, EXIT_CODES_KILLED, KUBELET_PAUSE_SECONDS, KUBELET_PAUSE_SECONDS_MAX, LAG_ENTRIES_MAX,
};
use crate::reason::Reason;
use crate::seat::Seat;
use crate::view::View;
use crate::words;
use crate::{Pod, PodPhase, Role};

/// What is wrong with a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Its volume or process belongs to another cluster.
    Foreign,
    /// Its member has run, and there is neither a pod with it nor a volume.
    VolumeGone,
    /// Its member has run, and its process has no data.
    VolumeEmptied,
    /// It has no pod.
    NoPod,
    /// Its pod is being stopped.
    Terminating,
    /// Its node, or the node of its volume, has been gone for this long.
    NodeLost(u64),
    /// Its process has the data of a member that was removed.
    RemovedMember,
    /// Its pod cannot be started.
    NotStarting(String),
    /// Its container was ended for lack of memory.
    OutOfMemory,
    /// Its container ends by itself, again and again.
    CrashLooping(Option<i32>),
    /// Its pod is not ready.
    NotReady(u64),
    /// It is blank and waits to be taken in, or to be told that it was.
    Blank,
    /// It runs and is in no membership.
    NotTakenIn,
    /// Nobody leads, so nothing is known of it.
    NoLeader,
    /// Its pod is ready but it did not answer the operator, and nobody else told of it.
    Unasked,
    /// It does not answer the leader.
    Silent,
    /// It is a learner that has not caught up.
    CatchingUp,
    /// It votes but is behind by this many entries.
    Lagging(u64),
}

/// What is wrong with a seat, if anything is.
pub(crate) fn trouble(view: &View<'_>, seat: &Seat<'_>) -> Option<Trouble> {
    if seat.is_foreign(view.cluster_id()) {
        return Some(Trouble::Foreign);
    }
    let Some(pod) = seat.pod() else {
        let is_gone = seat.claim().is_none() && seat.has_started_member();
        return Some(if is_gone { Trouble::VolumeGone } else { Trouble::NoPod });
    };
    if let Some(seconds) = seat.node_lost_for_seconds() {
        return Some(Trouble::NodeLost(seconds));
    }
    if pod.deleting_for_seconds.is_some() {
        return Some(Trouble::Terminating);
    }
    if seat.is_blank() {
        return Some(if seat.has_started_member() { Trouble::VolumeEmptied } else { Trouble::Blank });
    }
    if view.membership().is_some() && (view.runs_removed_member(seat) || ended_as_removed(seat, pod)) {
        return Some(Trouble::RemovedMember);
    }
    let is_learner = seat.member.is_some_and(|(_, member)| member.role == Role::Learner);
    // A learner cannot answer linearizable reads, so that it need not be ready.
    let is_excused = is_learner && seat.running().is_some();
    if !pod.is_ready && !is_excused {
        return Some(pod_trouble(seat, pod, view.desired.crash_loop_threshold));
    }
    member_trouble(view, seat)
}

/// Its container ended as a member does that was removed, and does not run.
fn ended_as_removed(seat: &Seat<'_>, pod: &Pod) -> bool {
    pod.last_exit_code == Some(EXIT_CODE_REMOVED)
        && !pod.is_ready
        && seat.running().is_none()
        && !seat.has_started_member()
}

fn pod_trouble(seat: &Seat<'_>, pod: &Pod, crash_loop_threshold: u32) -> Trouble {
    let is_restarting = seat.running().is_none() && pod.restarts > 0;
    if is_restarting && pod.was_out_of_memory {
        return Trouble::OutOfMemory;
    }
    // The number of restarts is one of the pod's whole life. Those in a row take as long as the kubelet pauses between
    // them, without the pod being ready once.
    let in_a_row_seconds = backoff_seconds(crash_loop_threshold);
    if is_restarting && pod.restarts >= crash_loop_threshold && pod.unready_for_seconds >= in_a_row_seconds {
        return Trouble::CrashLooping(pod.last_exit_code);
    }
    if seat.claim().is_none() && pod.phase == PodPhase::Pending && seat.has_started_member() {
        return Trouble::VolumeGone;
    }
    match (&pod.waiting_reason, pod.phase) {
        (Some(reason), _) => Trouble::NotStarting(reason.clone()),
        (None, PodPhase::Pending) => Trouble::NotStarting("Pending".to_owned()),
        (None, PodPhase::Running | PodPhase::Ended) => Trouble::NotReady(pod.unready_for_seconds),
    }
}

/// How long the kubelet pauses in all between so many restarts.
fn backoff_seconds(restarts: u32) -> u64 {
    let pause = |restart: u32| {
        let doubled = 1_u64.checked_shl(restart).unwrap_or(u64::MAX);
        KUBELET_PAUSE_SECONDS.saturating_mul(doubled).min(KUBELET_PAUSE_SECONDS_MAX)
    };
    (0..restarts.saturating_sub(1)).map(pause).sum()
}

fn member_trouble(view: &View<'_>, seat: &Seat<'_>) -> Option<Trouble> {
    let Some(membership) = view.membership() else {
        return Some(if seat.running().is_some() { Trouble::NoLeader } else { Trouble::Unasked });
    };
    let Some((id, member)) = seat.member else { return Some(Trouble::NotTakenIn) };
    if membership.leader == Some(id) {
        return None;
    }
    match member.role {
        Role::Learner => (!member.is_active || !member.is_in_sync).then_some(Trouble::CatchingUp),
        Role::Voter if !member.is_active => Some(Trouble::Silent),
        Role::Voter => lag(view, seat).filter(|lag| *lag > LAG_ENTRIES_MAX).map(Trouble::Lagging),
    }
}

/// How many entries a member is behind the leader; unknown when one of them was not asked.
pub(crate) fn lag(view: &View<'_>, seat: &Seat<'_>) -> Option<u64> {
    let leader = view.leader().and_then(|leader| view.seat_of(leader)?.running())?;
    Some(leader.applied_index.saturating_sub(seat.running()?.applied_index))
}

/// Whether a container ended because of something on its own volume, as far as its end tells.
pub(crate) fn may_be_its_data(pod: &Pod) -> bool {
    let ended = pod.last_exit_code.is_some_and(|code| code != 0 && !EXIT_CODES_KILLED.contains(&code));
    ended && !pod.was_out_of_memory
}

impl Trouble {
    /// The word for it in a condition.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Foreign => Reason::ForeignVolume,
            Self::VolumeGone | Self::VolumeEmptied => Reason::VolumeLost,
            Self::NoPod => Reason::PodMissing,
            Self::Terminating => Reason::PodTerminating,
            Self::NodeLost(_) => Reason::NodeLost,
            Self::RemovedMember => Reason::RemovedMember,
            Self::NotStarting(_) => Reason::PodNotStarting,
            Self::OutOfMemory => Reason::OutOfMemory,
            Self::CrashLooping(_) => Reason::CrashLooping,
            Self::Unasked => Reason::MembersUnreachable,
            Self::NotReady(_) | Self::NoLeader => Reason::MemberNotReady,
            Self::Blank | Self::NotTakenIn => Reason::MemberNotTakenIn,
            Self::Silent => Reason::MemberSilent,
            Self::CatchingUp => Reason::CatchingUp,
            Self::Lagging(_) => Reason::MemberLagging,
        }
    }

    /// What it is, after "member 2 ".
    pub fn words(&self) -> String {
        match self {
            Self::Foreign => "has the volume or data of another cluster".to_owned(),
            Self::VolumeGone => "has lost its volume".to_owned(),
            Self::VolumeEmptied => "has an empty volume where it had data".to_owned(),
            Self::NoPod => "has no pod".to_owned(),
            Self::Terminating => "is being stopped".to_owned(),
            Self::NodeLost(time) => format!("is on a node that has been gone for {}", words::seconds(*time)),
            Self::RemovedMember => "has the data of a member that was removed".to_owned(),
            Self::NotStarting(reason) => format!("has a pod that does not start ({reason})"),
            Self::OutOfMemory => "was ended for lack of memory: raise resources.limits.memory".to_owned(),
            Self::CrashLooping(Some(code)) => format!("ends again and again (exit code {code}): see its log"),
            Self::CrashLooping(None) => "ends again and again: see its log".to_owned(),
            Self::NotReady(time) => format!("has not been ready for {}", words::seconds(*time)),
            Self::Blank => "is blank and waits to be taken in".to_owned(),
            Self::NotTakenIn => "has not been taken in".to_owned(),
            Self::NoLeader => "knows no leader".to_owned(),
            Self::Unasked => "did not answer the operator".to_owned(),
            Self::Silent => "does not answer the leader".to_owned(),
            Self::CatchingUp => "has not caught up".to_owned(),
            Self::Lagging(entries) => format!("is behind by {entries} entries"),
        }
    }
}
