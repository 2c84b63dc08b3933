//! Many tasks at the same moment.

use std::{future::Future, sync::Arc};

use tokio::sync::Barrier;

/// Starts `count` tasks, lets them go together, and returns what they returned.
pub(crate) async fn race<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let runners = (0..count).map(|index| {
        let (start, task) = (Arc::clone(&start), task(index));
        tokio::spawn(async move {
            start.wait().await;
            task.await
        })
    });
    let runners: Vec<_> = runners.collect();
    let mut results = Vec::new();
    for runner in runners {
        results.push(runner.await.unwrap());
    }
    results
}
