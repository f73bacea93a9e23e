// SPDX-License-Identifier: MIT
//! The commands, in the crate's own words where it has them.
use std::fmt::Display;

use chrono::TimeDelta;
use frequenz_microgrid::client::proto::microgrid as api;
use frequenz_microgrid::metric::{self, Metric};
use frequenz_microgrid::quantity::Power;
use frequenz_microgrid::{Formula, FormulaSubscriber};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::show::{self, Plain};
use crate::{Asker, Failure, Site};

pub async fn run(site: &Site, asker: &Asker) -> Result<(), Failure> {
    let words: Vec<&str> = asker.command.split_whitespace().collect();
    let microgrid = &site.microgrid;
    match words[..] {
        ["components", ref ids @ ..] => {
            let ids = ids.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
            let all = microgrid.client().list_electrical_components(ids, vec![]).await?;
            asker.tell(json!({ "components": all.iter().map(show::component).collect::<Value>() }));
        }
        ["connections"] => {
            let client = microgrid.client();
            let all = client.list_electrical_component_connections(vec![], vec![]).await?;
            asker.tell(json!({ "connections": all.iter().map(show::connection).collect::<Value>() }));
        }
        ["stream", id] => {
            let client = microgrid.client();
            let stream = client.receive_electrical_component_telemetry_stream(id.parse()?).await?;
            tell_all(stream, show::telemetry, asker).await?;
        }
        [verb, "power", of] => metered::<metric::AcPowerActive>(site, verb, of, asker).await?,
        [verb, "reactive", of] => metered::<metric::AcPowerReactive>(site, verb, of, asker).await?,
        [verb, "current", of] => metered::<metric::AcCurrent>(site, verb, of, asker).await?,
        [verb, "voltage", of] => metered::<metric::AcVoltagePhase1N>(site, verb, of, asker).await?,
        [verb, "frequency", of] => metered::<metric::AcFrequency>(site, verb, of, asker).await?,
        ["health", "battery"] => {
            let pool = microgrid.battery_pool(None)?.telemetry_snapshots();
            tell_all(pool, show::battery_health, asker).await?;
        }
        ["health", "pv"] => {
            let pool = microgrid.pv_pool(None)?.telemetry_snapshots();
            tell_all(pool, |pool| show::health(&pool.inverters), asker).await?;
        }
        ["bounds", "battery"] => {
            tell_all(microgrid.battery_pool(None)?.power_bounds(), show::bounds, asker).await?;
        }
        ["bounds", "pv"] => {
            tell_all(microgrid.pv_pool(None)?.power_bounds(), show::bounds, asker).await?;
        }
        ["bounds", "boiler"] => {
            tell_all(microgrid.steam_boiler_pool(None)?.power_bounds(), show::bounds, asker).await?;
        }
        ["augment", id, lower, upper, lifetime_s] => {
            let watts = |text: &str| text.parse().map(|watts| Some(Power::from_watts(watts)));
            let until = microgrid
                .client()
                .augment_electrical_component_bounds(
                    id.parse()?,
                    metric::AcPowerActive,
                    vec![(watts(lower)?, watts(upper)?)],
                    TimeDelta::try_seconds(lifetime_s.parse()?),
                )
                .await?;
            asker.tell(json!({ "until": until.map(show::seconds) }));
        }
        ["set", id, watts] => set_power(site, id.parse()?, watts.parse()?, asker).await?,
        ["sensors"] => {
            let mut client = connect(site).await?;
            let reply = client.list_sensors(api::ListSensorRequest::default()).await?.into_inner();
            asker.tell(json!({ "sensors": reply.sensors.iter().map(|one| one.id).collect::<Value>() }));
        }
        _ => return Err("no such command".into()),
    }
    Ok(())
}

/// Tells every message of a receiver, for ever.
async fn tell_all<T: Clone>(
    mut receiver: Receiver<T>,
    show: impl Fn(T) -> Value,
    asker: &Asker,
) -> Result<(), Failure> {
    loop {
        match receiver.recv().await {
            Ok(message) => asker.tell(show(message)),
            Err(RecvError::Lagged(missed)) => return Err(format!("missed {missed} messages").into()),
            Err(RecvError::Closed) => return Err("the receiver was closed".into()),
        }
    }
}

fn formula<M: Metric>(site: &Site, of: &str) -> Result<Formula<M::QuantityType>, Failure> {
    let meter = site.microgrid.logical_meter();
    Ok(match of {
        "grid" => meter.grid::<M>(),
        "consumer" => meter.consumer::<M>(),
        "producer" => meter.producer::<M>(),
        "battery" => meter.battery::<M>(None),
        "pv" => meter.pv::<M>(None),
        "ev" => meter.ev_charger::<M>(None),
        "chp" => meter.chp::<M>(None),
        "boiler" => meter.steam_boiler::<M>(None),
        id => meter.component::<M>(id.parse()?),
    }?)
}

/// formula METRIC OF: its text. meter METRIC OF: its values.
async fn metered<M: Metric>(site: &Site, verb: &str, of: &str, asker: &Asker) -> Result<(), Failure>
where
    M::QuantityType: Plain + 'static,
    Formula<M::QuantityType>: Display + FormulaSubscriber<QuantityType = M::QuantityType>,
{
    let formula = formula::<M>(site, of)?;
    match verb {
        "formula" => asker.tell(json!({ "formula": formula.to_string() })),
        "meter" => tell_all(formula.subscribe().await?, show::sample, asker).await?,
        _ => return Err("no such command".into()),
    }
    Ok(())
}

type Client = api::microgrid_client::MicrogridClient<tonic::transport::Channel>;

/// The crate's generated client, for the calls that its own does not have yet.
async fn connect(site: &Site) -> Result<Client, Failure> {
    Ok(Client::connect(site.url.clone()).await?)
}

async fn set_power(site: &Site, id: u64, power: f32, asker: &Asker) -> Result<(), Failure> {
    let request = api::SetElectricalComponentPowerRequest {
        electrical_component_id: id,
        power_type: api::PowerType::Active as i32,
        power,
        request_lifetime: None,
    };
    let mut answers = connect(site).await?.set_electrical_component_power(request).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        asker.tell(json!({ "status": answer.status().as_str_name() }));
    }
    asker.tell(json!({ "status": "OK" }));
    Ok(())
}
