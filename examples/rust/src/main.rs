// SPDX-License-Identifier: MIT
//! Charges a battery for ten seconds and watches the batteries' power follow and fall back: cargo run [URL]
use chrono::TimeDelta;
use frequenz_microgrid::client::proto::microgrid as api;
use frequenz_microgrid::{LogicalMeterConfig, Microgrid, metric};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or("http://127.0.0.1:50051".to_string());
    let site = Microgrid::try_new(&url, LogicalMeterConfig::new(TimeDelta::seconds(1))).await?;
    let mut power = site.logical_meter().battery::<metric::AcPowerActive>(None)?.subscribe().await?;

    // The crate has no call of its own for this yet; its generated client has.
    let mut client = api::microgrid_client::MicrogridClient::connect(url).await?;
    let request = api::SetElectricalComponentPowerRequest {
        electrical_component_id: 4, // an inverter: it charges the battery behind it
        power_type: api::PowerType::Active.into(),
        power: 5000.0,              // positive charges, negative discharges
        request_lifetime: Some(10), // seconds, then it falls back to 0
    };
    client.set_electrical_component_power(request).await?;

    for _ in 0..17 {
        let sample = power.recv().await?;
        let told = sample.value().map_or("nothing yet".to_string(), |power| power.to_string());
        println!("{}  {told}", sample.timestamp().format("%T"));
    }
    Ok(())
}
