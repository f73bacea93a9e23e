// SPDX-License-Identifier: MIT
//! What a user of the published crate does, at the word of a test: rust-client URL INTERVAL_MS. One command a line
//! on standard input, answers as JSON, one a line, on standard output; each repeats its command under "to". A
//! command runs until its end or until `drop COMMAND`; all end with the input.
mod commands;
mod show;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use frequenz_microgrid::{LogicalMeterConfig, Microgrid};
use serde_json::{Value, json};

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The site as the crate shows it, and its address.
pub struct Site {
    pub url: String,
    pub microgrid: Microgrid,
}

/// The one who asked.
pub struct Asker {
    pub command: String,
}

impl Asker {
    pub fn tell(&self, mut answer: Value) {
        answer["to"] = json!(self.command);
        println!("{answer}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, interval_ms] = &arguments[..] else {
        return Err("usage: rust-client URL INTERVAL_MS".into());
    };
    let interval = TimeDelta::try_milliseconds(interval_ms.parse()?).ok_or("too long an interval")?;
    let microgrid = Microgrid::try_new(url, LogicalMeterConfig::new(interval)).await?;
    let site = Arc::new(Site { url: url.clone(), microgrid });

    let mut running = HashMap::new();
    for command in std::io::stdin().lines() {
        let command = command?;
        if let Some(dropped) = command.strip_prefix("drop ") {
            let task: tokio::task::JoinHandle<()> = running.remove(dropped).ok_or("it does not run")?;
            task.abort();
            let _ = task.await; // its receivers are gone now
            Asker { command }.tell(json!({}));
            continue;
        }
        let (site, asker) = (site.clone(), Asker { command: command.clone() });
        let task = tokio::spawn(async move {
            if let Err(failure) = commands::run(&site, &asker).await {
                asker.tell(json!({ "error": failure.to_string() }));
            }
        });
        running.insert(command, task);
    }
    Ok(())
}
