//! Runs scenarios, each in a namespace of its own, keeps the evidence of failed ones and prints the results. Does not
//! know what a scenario demands.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt};
use tokio::time::timeout;

use crate::environment::{Environment, keep_evidence};
use crate::failure::{Failure, Outcome};
use crate::limits;
use crate::scenario::Scenario;
use crate::scene::Scene;

/// Runs scenarios.
pub struct Runner {
    /// On this Kubernetes.
    pub environment: Arc<Environment>,
    /// Namespaces of failed scenarios stay.
    pub keeps_namespaces: bool,
    /// How many run at the same time.
    pub parallel: usize,
}

struct Done {
    scenario: &'static Scenario,
    outcome: Outcome,
    took: Duration,
}

impl Runner {
    /// Runs all, those that disturb others at the end and one by one, and says whether none failed.
    pub async fn run(&self, chosen: Vec<&'static Scenario>) -> bool {
        let (alone, together): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|scenario| scenario.is_alone);
        let mut done: Vec<Done> = futures::stream::iter(together)
            .map(|scenario| self.run_one(scenario))
            .buffer_unordered(self.parallel.max(1))
            .collect()
            .await;
        for scenario in alone {
            done.push(self.run_one(scenario).await);
        }
        summarise(&done)
    }

    async fn run_one(&self, scenario: &'static Scenario) -> Done {
        let begun = Instant::now();
        println!("{:<16} {}", scenario.name, scenario.about);
        let outcome = self.run_in_scene(scenario).await;
        let took = begun.elapsed();
        match &outcome {
            Ok(()) => println!("{:<16} ok in {:.1} s", scenario.name, took.as_secs_f64()),
            Err(Failure::NotHere(why)) => println!("{:<16} NOT RUN: {why}", scenario.name),
            Err(failure) => {
                println!("{:<16} FAILED in {:.1} s: {failure}", scenario.name, took.as_secs_f64())
            }
        }
        Done { scenario, outcome, took }
    }

    async fn run_in_scene(&self, scenario: &'static Scenario) -> Outcome {
        let scene = Scene::open(&self.environment, scenario.name).await?;
        let work = std::panic::AssertUnwindSafe((scenario.run)(Arc::clone(&scene))).catch_unwind();
        let outcome = match timeout(limits::SCENARIO, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Failure::unmet("the scenario itself panicked; see above")),
            Err(_) => Err(Failure::unmet(format!("it did not end within {:?}", limits::SCENARIO))),
        };
        for note in scene.notes() {
            println!("{:<16}   {note}", scenario.name);
        }
        if matches!(outcome, Err(Failure::NotHere(_)) | Ok(())) {
            scene.begin_closing().await?;
            return outcome;
        }
        let folder = keep_evidence(&self.environment, scenario.name, &scene.namespace).await;
        println!("{:<16}   objects, events and logs are in {}", scenario.name, folder.display());
        if !self.keeps_namespaces {
            scene.begin_closing().await?;
        }
        outcome
    }
}

/// Prints the results, and says whether none failed.
fn summarise(done: &[Done]) -> bool {
    println!();
    let mut counts = (0, 0);
    for Done { scenario, outcome, took } in done {
        let word = match outcome {
            Ok(()) => {
                counts.0 += 1;
                "ok"
            }
            Err(Failure::NotHere(_)) => "NOT RUN",
            Err(_) => {
                counts.1 += 1;
                "FAILED"
            }
        };
        println!("{:<16} {word:<8} {:>6.1} s  {}", scenario.name, took.as_secs_f64(), scenario.about);
    }
    println!("\n{} passed, {} failed", counts.0, counts.1);
    counts.1 == 0
}
