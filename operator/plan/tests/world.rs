//! The planner in a toy world: a store's membership, pods and claims, random faults, and an operator that is killed,
//! cut off and shown old pictures. After every step nothing acknowledged may be lost, no second cluster be begun and no
//! quorum be broken by the operator; when the faults end, the world must arrive at what is wanted.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use holdfast_plan::{ConditionKind, Memory, Observed, Reason, plan};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

#[path = "world/execute.rs"]
mod execute;
#[path = "world/faults.rs"]
mod faults;
#[path = "world/judge.rs"]
mod judge;
#[path = "world/kubernetes.rs"]
mod kubernetes;
#[path = "world/observe.rs"]
mod observe;
#[path = "world/state.rs"]
mod state;
#[path = "world/store.rs"]
mod store;

use faults::{Event, Loss};
use state::World;

/// Lives of a cluster in one test run.
const LIVES: u32 = 400;

/// Looks that are kept, for an operator that is shown an old one.
const PICTURES_MAX: usize = 12;

/// Rounds in which the world must arrive when nothing befalls it any more.
const ROUNDS_MAX: u32 = 300;

/// Names the variable that replays a run.
const SEED_VARIABLE: &str = "HOLDFAST_WORLD_SEED";

/// Names the variable that makes a run longer.
const LIVES_VARIABLE: &str = "HOLDFAST_WORLD_LIVES";

#[test]
fn nothing_is_lost_and_everything_arrives() {
    let life = (any_size(), vec(prop_oneof![80 => any_event(), 1 => Just(Event::WipeStatus)], 0..60));
    run(life, |(replicas, events)| {
        let (mut world, mut pictures) = live(replicas, &events)?;
        arrive(&mut world, &mut pictures)
    });
}

#[test]
fn when_everything_is_lost_nothing_is_begun_again() {
    let losses = prop_oneof![Just(Loss::Data), Just(Loss::Volumes), Just(Loss::DataAndStatus)];
    let life = (any_size(), vec(any_event(), 5..30), losses, vec(any_event(), 5..30));
    run(life, |(replicas, before, loss, after)| {
        let (mut world, mut pictures) = live(replicas, &before)?;
        world.lose_everything(loss);
        for event in &after {
            happen(&mut world, &mut pictures, event)?;
        }
        world.calm_down();
        for _ in 0..40 {
            round(&mut world, &mut pictures, 0, usize::MAX)?;
        }
        if !world.is_lost {
            return Ok(());
        }
        let decided = plan(&world.desired, &world.memory, &world.observe());
        let available =
            decided.conditions.iter().find(|condition| condition.kind == ConditionKind::Available);
        let told = available.map(|condition| condition.reason.clone()).unwrap_or_default();
        let is_told = [Reason::AllMembersLost, Reason::SeedVolumeLost].iter().any(|it| it.as_str() == told);
        if is_told { Ok(()) } else { Err(format!("the loss is told as {told:?}")) }
    });
}

/// Runs many lives from one seed, and says how to do so again.
fn run<Life: std::fmt::Debug>(life: impl Strategy<Value = Life>, check: impl Fn(Life) -> Result<(), String>) {
    let number = |name| std::env::var_os(name).map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
    let seed = number(SEED_VARIABLE).unwrap_or_else(|| RandomState::new().hash_one(0));
    let lives = number(LIVES_VARIABLE).map_or(LIVES, |lives| lives.try_into().unwrap());
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases: lives, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    if let Err(failure) = runner.run(&life, |life| check(life).map_err(TestCaseError::fail)) {
        panic!("{failure}\nreplay with: {SEED_VARIABLE}={seed} cargo test -p holdfast-plan --test world");
    }
}

fn any_size() -> impl Strategy<Value = u32> {
    prop_oneof![Just(1_u32), Just(3), Just(5)]
}

fn any_event() -> impl Strategy<Value = Event> {
    let ordinal = || 0..6_u8;
    prop_oneof![
        30 => (1..12_u8).prop_map(Event::Rounds),
        6 => (1..10_u8).prop_map(Event::StaleRound),
        8 => (0..3_u8).prop_map(Event::CutRound),
        4 => ordinal().prop_map(Event::DeletePod),
        4 => (ordinal(), 1..20_u8).prop_map(|(ordinal, ticks)| Event::Delay(ordinal, ticks)),
        4 => (ordinal(), 0..3_u8).prop_map(|(ordinal, part)| Event::Partition(ordinal, part)),
        4 => Just(Event::Heal),
        4 => ordinal().prop_map(Event::LoseVolume),
        3 => ordinal().prop_map(Event::EmptyVolume),
        3 => ordinal().prop_map(Event::Damage),
        4 => (ordinal(), proptest::option::of(1..25_u8)).prop_map(|(ordinal, ticks)| Event::LoseNode(ordinal, ticks)),
        2 => ordinal().prop_map(Event::Slow),
        1 => Just(Event::DeleteWorkload),
        1 => (0..4_u8).prop_map(Event::ShrinkWorkload),
        6 => any_size().prop_map(Event::Replicas),
        3 => any::<bool>().prop_map(|is_good| Event::Template { is_good }),
        2 => Just(Event::Resources),
        2 => any::<bool>().prop_map(Event::Hibernate),
        1 => Just(Event::Grow),
        2 => ordinal().prop_map(Event::AskReplacement),
    ]
}

/// What the operator was shown once: the status with its version, and what was observed.
type Picture = (Memory, u64, Observed);

fn live(replicas: u32, events: &[Event]) -> Result<(World, VecDeque<Picture>), String> {
    let mut world = World::new(replicas);
    let mut pictures = VecDeque::new();
    for (index, event) in events.iter().enumerate() {
        happen(&mut world, &mut pictures, event)
            .map_err(|error| format!("event {index} ({event:?}): {error}"))?;
    }
    Ok((world, pictures))
}

fn happen(world: &mut World, pictures: &mut VecDeque<Picture>, event: &Event) -> Result<(), String> {
    world.befall(event);
    match event {
        Event::Rounds(rounds) => (0..*rounds).try_for_each(|_| round(world, pictures, 0, usize::MAX)),
        Event::StaleRound(age) => round(world, pictures, *age, usize::MAX),
        Event::CutRound(actions) => round(world, pictures, 0, usize::from(*actions)),
        _ => tick(world),
    }
}

/// One round of the operator on a picture that is `age` rounds old, of which it carries out so many actions.
fn round(world: &mut World, pictures: &mut VecDeque<Picture>, age: u8, actions: usize) -> Result<(), String> {
    pictures.push_front((world.memory.clone(), world.memory_version, world.observe()));
    pictures.truncate(PICTURES_MAX);
    let age = usize::from(age).min(pictures.len() - 1);
    let (memory, version, observed) = pictures[age].clone();
    let decided = plan(&world.desired, &memory, &observed);
    if decided != plan(&world.desired, &memory, &observed) {
        return Err("planned twice, the plans differ".to_owned());
    }
    if age == 0 {
        world.judge_plan(&decided)?;
    }
    for action in decided.actions.iter().take(actions) {
        let before = world.clone();
        if world.execute(action, version).is_err() {
            break;
        }
        if age == 0 {
            world.judge_action(&before, action)?;
        }
        world.judge_data()?;
    }
    tick(world)
}

fn tick(world: &mut World) -> Result<(), String> {
    world.now += 1;
    world.tick_kubernetes();
    world.tick_store();
    world.judge_data()
}

fn arrive(world: &mut World, pictures: &mut VecDeque<Picture>) -> Result<(), String> {
    world.calm_down();
    for index in 0..ROUNDS_MAX {
        round(world, pictures, 0, usize::MAX)?;
        if index == ROUNDS_MAX / 2 {
            world.ask_person();
        }
        let rest = plan(&world.desired, &world.memory, &world.observe());
        if world.distance().is_none() && rest.actions.is_empty() {
            return Ok(());
        }
    }
    let rest = plan(&world.desired, &world.memory, &world.observe());
    let distance =
        world.distance().unwrap_or_else(|| format!("the operator does not rest: {:?}", rest.actions));
    Err(format!("it does not arrive: {distance}; the plan says {:?}; {:?}", rest.lines, world.observe()))
}
